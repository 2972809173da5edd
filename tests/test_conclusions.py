"""What a lesson says is what its runs say: a clear difference, none, one seed, and runs that did not end well."""

import numpy as np
import pytest
from histories import epoch_record
from scipy import stats

from eegnets.conclusions import ANSWERS, conclusion
from eegnets.config import DataConfig
from eegnets.lessons import LESSONS
from eegnets.outcome import Outcome

DATA = DataConfig("simulated", ("A",))


def readings(epochs, weights=2.0):
    bend = {"flat": 0.0, "silent": 0.0, "slope": 1.0, "input_mean": 0.0, "input_std": 1.0}
    layers = {"first": {"gradient": 1.0, "weights": 3 * weights}, "last": {"gradient": 1.0, "weights": 4 * weights}}
    return [{"epoch": epoch, "bends": {"bend": bend}, "layers": layers} for epoch in range(epochs + 1)]


def outcomes(name, score=lambda value, seed: 0.7, *, seeds=None, length=lambda value: 1.0, n_test=0, **changes):
    """Finished runs of a lesson's whole experiment, whose test accuracy at every epoch is `score(value, seed)`."""
    lesson, found = LESSONS[name], []
    for config in lesson.configs(DATA, 3):
        seed = config.training.seed
        if seeds and seed not in seeds:
            continue
        value = (vars(config.data) | vars(config.model) | vars(config.training)).get(lesson.varied)
        history = [epoch_record(epoch, score(value, seed)) for epoch in (1, 2, 3)]
        found.append(
            Outcome(config, "finished", history, readings=readings(3, length(value)), n_test=n_test, **changes)
        )
    return found


def said(name, *args, **changes):
    return " ".join(conclusion(name, outcomes(name, *args, **changes)))


def test_every_lesson_has_an_answer():
    assert set(ANSWERS) == set(LESSONS)


@pytest.mark.parametrize(("name", "worse"), [("activations", "ELU"), ("weight-decay", 0.1), ("learning-rate", 0.1)])
def test_a_difference_that_every_seed_shows_is_told_and_none_where_there_is_none(name, worse):
    clear = said(name, lambda value, seed: 0.8 - 0.2 * (value == worse) + 0.001 * seed * (value == worse))
    assert f"{worse}: −19." in clear or f"{worse} −19." in clear
    assert "– a difference" in clear
    noisy = {seed: 0.03 * (-1) ** seed for seed in range(3)}
    none = said(name, lambda value, seed: 0.8 + noisy[seed] * (value == worse))
    assert "no difference can be told" in none.split("Test accuracy")[-1]


@pytest.mark.parametrize("name", ["activations", "weight-decay", "learning-rate", "best-epoch", "first-layer"])
def test_one_seed_gives_no_interval_and_says_so(name):
    words = said(name, seeds=(0,), within=(0.2, 0.4))
    assert "One seed cannot tell a difference from luck" in words
    assert "95 % interval" not in words


@pytest.mark.parametrize(
    ("name", "values"), [("straight", (0.01, 0.5, 1.0)), ("weight-decay", (0.0, 0.01, 0.1)), ("activations", None)]
)
def test_in_short_it_says_which_answered_better_which_worse_and_of_which_it_cannot_be_told(name, values):
    first, other, last = values or ("ReLU", "ELU", "LeakyReLU")

    def score(value, seed):
        return 0.7 + {first: 0.0, other: 0.2 + 0.01 * seed, last: -0.2 - 0.01 * seed}[value]

    said_first, said_other, said_last = (f"{one:g}" if values else one for one in (first, other, last))
    short = f"**In short**, on the test trials against {said_first}: {said_other} better; {said_last} worse."
    assert short in said(name, score)
    noisy = {seed: 0.03 * (-1) ** seed for seed in range(3)}
    assert f"of {said_other} and {said_last} it cannot be told." in said(
        name, lambda value, seed: 0.7 + noisy[seed] * (value == last)
    )


def test_runs_that_end_while_they_still_rise_are_told_to_be_so():
    rising, risen = outcomes("weight-decay"), outcomes("weight-decay")
    for runs, accuracies in ((rising, (0.5, 0.6, 0.7)), (risen, (0.7, 0.6, 0.6))):
        for run in runs:
            run.history[:] = [epoch_record(epoch, accuracy) for epoch, accuracy in enumerate(accuracies, 1)]
    assert "9 of 9 runs were at their best in one of their last two epochs" in " ".join(
        conclusion("weight-decay", rising)
    )
    assert "still learning" not in " ".join(conclusion("weight-decay", risen))


def of_people(score, people="AB", seeds=(0, 1, 2)):
    """What the lesson on people says where `score(learned from, tested on, seed)` is what was reached."""
    runs = outcomes("people", seeds=seeds)
    for run in runs:
        subjects = run.config.data.subjects
        run.by_person.update({who: score("".join(subjects), who, run.seed) for who in people})
    return conclusion("people", runs)


def test_what_a_network_makes_of_another_person_is_told_against_their_own():
    told = of_people(lambda learned, who, seed: 0.8 + 0.001 * seed if who in learned else 0.6 - 0.001 * seed)
    of_a, of_b = (next(words for words in told if f"test trials of {who}" in words) for who in "AB")
    assert "80.1% by networks of A, 59.9% by networks of B, 80.1% by networks of A+B" in of_a
    assert "those of B: −20.2 points" in of_a
    assert "those of A: −20.2 points" in of_b
    assert of_a.count("– a difference") == of_b.count("– a difference") == 1


def test_of_one_seed_and_of_people_nobody_tested_the_lesson_says_no_more_than_it_knows():
    words = " ".join(of_people(lambda learned, who, seed: 0.7, seeds=(0,)))
    assert "One seed cannot tell a difference from luck" in words
    assert "95 % interval" not in words
    assert "start the experiment again" in " ".join(of_people(lambda *_: 0.7, people=""))


def test_the_interval_of_a_difference_is_students_over_seeds():
    scores = {0.0: [0.80, 0.83, 0.85], 0.01: [0.79, 0.80, 0.84], 0.1: [0.7, 0.7, 0.7]}
    words = said("weight-decay", lambda value, seed: scores[value][seed])
    differences = 100 * (np.array(scores[0.01]) - scores[0.0])
    low, high = stats.t.interval(0.95, 2, differences.mean(), stats.sem(differences))
    told = f"0.01: {differences.mean():+.1f} points (95 % interval {low:.1f} to {high:.1f})"
    assert told.replace("-", "−") in words


def test_the_length_of_all_weights_is_that_of_one_long_vector():
    words = said("weight-decay", length=lambda value: 1.0 if value else 2.0)
    assert "10.000 with 0, 5.000 with 0.01, 5.000 with 0.1" in words


def test_without_instruments_a_length_is_not_made_up():
    runs = [Outcome(run.config, run.state, run.history) for run in outcomes("weight-decay")]
    assert "(L2 norm)**: not measured here" in " ".join(conclusion("weight-decay", runs))


def test_a_run_that_diverged_is_told_and_shortens_no_comparison():
    runs = outcomes("learning-rate")
    broken = Outcome(runs[-1].config, "failed", runs[-1].history[:1], "Training diverged in epoch 2.")
    words = " ".join(conclusion("learning-rate", [*runs[:-1], broken]))
    assert "learning rate 0.1, seed 2: failed after epoch 1. Training diverged in epoch 2." in words
    assert "after epoch 3" in words
    assert "reached their last epoch" not in words


def test_a_setting_whose_every_run_diverged_is_named_as_not_compared():
    runs = [
        Outcome(run.config, "failed", [], "diverged") if run.config.training.learning_rate == 0.1 else run
        for run in outcomes("learning-rate")
    ]
    assert "With learning rate 0.1 there is no run to compare" in " ".join(conclusion("learning-rate", runs))


@pytest.mark.parametrize("name", list(LESSONS))
def test_where_nothing_was_measured_there_is_no_answer(name):
    runs = [Outcome(run.config, "stopped", []) for run in outcomes(name)]
    words = " ".join(conclusion(name, runs))
    assert "there is no answer" in words
    assert "accuracy" not in words


def test_a_stopped_run_counts_up_to_where_it_came():
    runs = outcomes("weight-decay")
    runs[0] = Outcome(runs[0].config, "stopped", runs[0].history[:2], readings=runs[0].readings)
    words = " ".join(conclusion("weight-decay", runs))
    assert "stopped after epoch 2" in words
    assert "**Test accuracy (per cent)** after epoch 2" in words


def test_guessing_is_called_so_only_where_the_interval_holds_it():
    words = said("learning-rate", lambda value, seed: 0.5 if value == 0.1 else 0.8, n_test=540)
    assert "At 0.1 the answers cannot be told from guessing" in words
    assert "guessing" not in said("learning-rate", n_test=540)
    assert "guessing" not in said("learning-rate", lambda value, seed: 0.5, n_test=540, guessing=0.25)
    assert "guessing" not in said("learning-rate", lambda value, seed: 0.5)  # nobody knows of how many trials


def test_a_score_below_guessing_is_not_called_guessing():
    words = said("learning-rate", lambda value, seed: 0.4 if value == 0.1 else 0.8, n_test=540)
    assert "At 0.1 fewer answers are correct than if always the most frequent class were answered." in words
    assert "guessing" not in words


def test_a_network_without_a_bend_is_compared_with_one_that_has_it():
    scores = {0.01: 0.85, 0.5: 0.77, 1.0: 0.52}
    words = said("straight", lambda value, seed: scores[value] + 0.01 * seed, n_test=540)
    assert "with 1: −33.0 points" in words
    assert "At 1 the answers cannot be told from guessing" in words
    assert "At 0.01" not in words


def test_flattery_is_the_best_epoch_less_the_last():
    runs = [
        Outcome(run.config, "finished", [epoch_record(i + 1, score) for i, score in enumerate((0.6, 0.8, 0.7))])
        for run in outcomes("best-epoch")
    ]
    words = " ".join(conclusion("best-epoch", runs))
    assert "**10.0 points (95 % interval 10.0 to 10.0)** above the last epoch" in words


def test_the_first_layer_is_compared_with_itself_before_training():
    words = said("first-layer", within=(0.25, 0.5))
    assert "let through, 25% lay between 8 and 30 Hz before training and 50% after it: +25.0 points" in words
    assert "rose in 3 of 3 networks" in words
    assert "start the experiment again" in said("first-layer")


@pytest.mark.parametrize("name", list(LESSONS))
def test_data_without_test_trials_break_no_answer(name):
    runs = outcomes(name)
    for run in runs:
        for record in run.history:
            record.update(test_accuracy=None, test_loss=None)
    assert conclusion(name, runs)
