"""Words that come up on every page, in a sentence each, for who meets them for the first time."""

from eegnets.translation import N_

WORDS = {
    N_("Trial"): N_("One time that a hand was imagined: some seconds of EEG, cut out around the cue."),
    N_("Mu, beta"): N_("Rhythms of 8 to 13 and 15 to 26 Hz above the motor cortex, where C3 and C4 lie."),
    N_("ERD, ERS"): N_(
        "A rhythm becomes weaker (event-related desynchronisation) or stronger (synchronisation) than in a baseline."
    ),
    N_("Train, validation, test"): N_(
        "Trials to learn from, trials to choose an epoch by, and trials by which nothing was learned or chosen."
    ),
    N_("Epoch, batch"): N_("An epoch passes all training trials once, in batches; after each the weights take a step."),
    N_("Seed"): N_("Where random numbers begin: first weights, order of trials, dropout. Same seed, same run."),
    N_("Loss"): N_("How far the answers are from the truth: cross-entropy in nats, 0.69 for guessing one of two."),
    N_("Accuracy"): N_("Share of trials that are answered correctly; one half is guessing one of two."),
    N_("Kappa"): N_("Agreement beyond chance: 0 is guessing, 1 is all correct (Cohen)."),
    N_("Logit, probability"): N_("What a network gives each class, any number; softmax makes probabilities of them."),
    N_("Calibration"): N_("Whether answers are correct as often as the network is sure: at 80 %, eight in ten."),
    N_("95 % interval"): N_("Drawn so that in 95 of 100 such experiments it holds the true figure."),
    N_("Gradient"): N_("Which way, and how strongly, each weight should move to lower the loss."),
    N_("Weight decay"): N_("Pulls all weights towards zero a little in every step."),
    N_("The lab report"): N_(
        "A student's report of this lab, from which the app grew: EEGNet and DeepConvNet, each with ELU, ReLU and "
        "LeakyReLU, on two people of BCI Competition III, data set IIIb, for 500 epochs."
    ),
}
