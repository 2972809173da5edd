"""What a trained network answers to trials, and where in a trial it looked."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn

from eegnets.config import InputError
from eegnets.evaluation import probabilities
from eegnets.run_folder import Run
from eegnets.trials import Trials, concatenate, split
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
            f"{words}: {have:g} where the network takes {takes:g}"
            for words, have, takes in (
                ("channels", trials.n_chans, self.n_chans),
                ("samples a trial", trials.n_times, self.n_times),
                ("samples a second", trials.sfreq, self.sfreq),
            )
            if have != takes
        ]
        if wrong:
            raise InputError(
                f"these trials do not fit the network. {'; '.join(wrong)}. Choose other channels, another window or "
                "another rate for them (the page Import resamples), or a network that was trained on such trials."
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
        """The trials of a split ("train" or "test"), missing samples filled as when the network learned.

        Raises InputError where there are none, or where they do not fit the network.
        """
        self.shape.check(trials)
        if not (trials.split == "train").any():
            return trials.filled(trials.channel_means())
        folds = split(trials, self.config.training.validation, self.config.training.seed)
        learned = [fold for fold in (folds.train, folds.validation) if fold]
        chosen = folds.test if part == "test" else concatenate(learned)
        if chosen is None:
            raise InputError(f"there are no trials in the split {part!r} of these data.")
        return chosen

    def answers(self, trials: Trials) -> pd.DataFrame:
        """A row a filled trial: trial, subject, label ("" where it is not known), the probability of each class."""
        return answers(self.model, trials, self.shape.class_names)

    def saliency(self, X: np.ndarray, target: int, steps: int = 32) -> np.ndarray:
        """How much each sample moved the logit of a class away from that of a flat trial, (n_chans, n_times).

        Integrated gradients (Sundararajan, Taly & Yan 2017, ICML) from a trial of zeros: the sum over all samples is
        the difference of the two logits, but for the error of `steps` midpoints.
        """
        along = (torch.arange(steps) + 0.5) / steps
        path = (along[:, None, None] * torch.from_numpy(X)[None]).requires_grad_()
        (slopes,) = torch.autograd.grad(self.model(path)[:, target].sum(), path)
        return (slopes.mean(dim=0) * torch.from_numpy(X)).numpy()


def answers(model: nn.Module, trials: Trials, class_names: tuple[str, ...]) -> pd.DataFrame:
    """A row a filled trial: trial, subject, label ("" where it is not known), the probability of each class."""
    labels = [trials.class_names[c] if c >= 0 else "" for c in trials.y]
    table = pd.DataFrame({"trial": trials.number, "subject": trials.subject, "label": labels})
    return pd.concat([table, pd.DataFrame(probabilities(model, trials.X), columns=list(class_names))], axis=1)
