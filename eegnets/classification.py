"""What a trained network answers to trials."""

from dataclasses import dataclass

import pandas as pd
from torch import nn

from eegnets.config import InputError
from eegnets.evaluation import probabilities
from eegnets.fitting import named
from eegnets.run_folder import Run
from eegnets.translation import N_, _
from eegnets.trials import Trials, fitted_means
from eegnets.weights import load_run, trials_shape


@dataclass(frozen=True)
class Shape:
    """What a network takes and answers: channels, samples, rate in Hz, names."""

    n_chans: int
    n_times: int
    sfreq: float
    ch_names: tuple[str, ...]
    class_names: tuple[str, ...]

    def check(self, trials: Trials) -> None:
        """Refuse trials that the network cannot take; raises InputError that says what came and the repair."""
        wrong = [
            _(text, have=have, takes=takes)
            for text, have, takes in (
                (N_("channels: {have:g} where the network takes {takes:g}"), trials.n_chans, self.n_chans),
                (N_("samples a trial: {have:g} where the network takes {takes:g}"), trials.n_times, self.n_times),
                (N_("samples a second: {have:g} where the network takes {takes:g}"), trials.sfreq, self.sfreq),
            )
            if have != takes
        ]
        if wrong:
            raise InputError(
                _(
                    "these trials do not fit the network. {wrong}. Choose other channels, another window or another "
                    "rate for them (the page Import resamples), or a network that was trained on such trials.",
                    wrong=_("; ").join(wrong),
                )
            )


def shape_of(run: Run) -> Shape:
    """The shape of a run's trials, as its weights tell; raises WeightsError where it has none."""
    stored = trials_shape(run)
    names = {key: tuple(stored[key]) for key in ("ch_names", "class_names")}
    return Shape(stored["n_chans"], stored["n_times"], stored["sfreq"], **names)


class Classifier:
    """The network of a finished run, ready to answer. Raises WeightsError where the run has no weights."""

    def __init__(self, run: Run) -> None:
        self.config = run.config
        self.model = load_run(run)
        self.shape = shape_of(run)

    def fold(self, trials: Trials, part: str) -> Trials:
        """The trials of a split ("train" or "test") as they were recorded, gaps filled as when the network learned.

        Their classes take the network's names, as `fitting.named` says. Where no trial is for training, all of them.
        Raises InputError where there are none, or where they do not fit the network.
        """
        self.shape.check(trials)
        chosen = trials.of_split(part) if (trials.split == "train").any() else trials
        if not len(chosen):
            raise InputError(_("there are no trials in the split {part!r} of these data.", part=_(part)))
        training = self.config.training
        means = fitted_means(trials, training.validation, training.seed)
        return named(chosen, self.shape.class_names).filled(means)

    def answers(self, trials: Trials) -> pd.DataFrame:
        """A row a filled trial: trial, subject, label ("" where it is not known), the probability of each class."""
        return answers(self.model, trials, self.shape.class_names)


def answers(model: nn.Module, trials: Trials, class_names: tuple[str, ...]) -> pd.DataFrame:
    """A row a filled trial: trial, subject, label ("" where it is not known), the probability of each class."""
    labels = [trials.class_names[c] if c >= 0 else "" for c in trials.y]
    table = pd.DataFrame({"trial": trials.number, "subject": trials.subject, "label": labels})
    return pd.concat([table, pd.DataFrame(probabilities(model, trials.X), columns=list(class_names))], axis=1)
