"""How good a classifier's answers are: accuracy with its uncertainty, kappa, confusion, and a paired comparison.

Labels are whole numbers (n_trials,), indices into the class names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from eegnets.config import InputError
from eegnets.translation import N_, _

if TYPE_CHECKING:
    from torch import nn

# The three test accuracies of a run, kept apart everywhere: they answer different questions.
SCORES = {
    "last": N_("Last epoch"),
    "best_validation": N_("Chosen on validation"),
    "best_test": N_("Best test epoch"),
}


def accuracy(y: ArrayLike, predicted: ArrayLike) -> float:
    """Share of right answers, 0..1; nan where there is no trial. Raises InputError for unequal lengths."""
    y, predicted = _pair(y, predicted)
    return float(np.mean(y == predicted)) if len(y) else float("nan")


def wilson_interval(correct: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Where the true accuracy lies with `confidence`, after `correct` right answers of `n`: (low, high), each 0..1.

    Without a trial nothing is known: (0, 1). It takes the trials for independent. Wilson (1927), JASA 22:209.
    """
    if n == 0:
        return 0.0, 1.0
    from scipy import stats  # here: it takes half a second to come, and the first page needs it not

    interval = stats.binomtest(int(correct), int(n)).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def cohen_kappa(y: ArrayLike, predicted: ArrayLike) -> float:
    """Agreement beyond chance: 1 all right, 0 no better than guessing with the same frequencies, below 0 worse.

    nan where chance leaves no room: no trial, or one and the same class throughout. Cohen (1960), Educ. Psychol. Meas.
    20:37.
    """
    y, predicted = _pair(y, predicted)
    classes = np.union1d(y, predicted)
    if len(classes) < 2:
        return float("nan")
    by_chance = sum(float(np.mean(y == c) * np.mean(predicted == c)) for c in classes)
    return (accuracy(y, predicted) - by_chance) / (1 - by_chance)


def confusion(y: ArrayLike, predicted: ArrayLike, n_classes: int) -> np.ndarray:
    """Trials by (true, predicted) class, int64 (n_classes, n_classes). Raises InputError for a label out of range."""
    y, predicted = _pair(y, predicted)
    labels = np.concatenate([y, predicted])
    if len(labels) and not 0 <= labels.min() <= labels.max() < n_classes:
        raise InputError(
            _(
                "labels go from 0 to {most}; got {low} to {high}.",
                most=n_classes - 1,
                low=labels.min(),
                high=labels.max(),
            )
        )
    return np.bincount(y * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)


def paired_test(y: ArrayLike, first: ArrayLike, second: ArrayLike) -> float:
    """Chance (two-sided p) of a difference as large as this between two classifiers that are equally good.

    Both answered the same trials; only those that one alone got right speak (exact binomial test); 1 where there is
    none. McNemar (1947), Psychometrika 12:153.
    """
    (y, first), (_same, second) = _pair(y, first), _pair(y, second)
    first_alone = int(np.sum((first == y) & (second != y)))
    second_alone = int(np.sum((first != y) & (second == y)))
    if first_alone + second_alone == 0:
        return 1.0
    from scipy import stats  # here, as above

    return float(stats.binomtest(first_alone, first_alone + second_alone).pvalue)


def probabilities(model: "nn.Module", X: np.ndarray, batch_size: int = 256) -> np.ndarray:
    """What a network gives each class, float64 (n_trials, n_outputs), each row adding up to 1.

    X: µV, (n_trials, n_chans, n_times). The network computes where its weights are, in evaluation mode, and is left in
    the mode it was in.
    """
    import torch

    from eegnets.models import eval_mode

    like = next(model.parameters())
    parts = []
    with eval_mode(model), torch.inference_mode():
        for start in range(0, max(len(X), 1), batch_size):  # no trials: one empty batch, for the number of classes
            batch = torch.as_tensor(X[start : start + batch_size]).to(like)
            parts.append(model(batch).cpu().double().softmax(1).numpy())  # on the CPU, as not every device has float64
    return np.concatenate(parts)


@dataclass(frozen=True, eq=False)
class Scores:
    """What a classifier reached on `n` trials of known class.

    accuracy: 0..1, `interval` its Wilson interval (95 %). kappa: Cohen's, nan where undefined.
    confusion: trials by (true, predicted) class, int64 (n_classes, n_classes).
    """

    n: int
    accuracy: float
    interval: tuple[float, float]
    kappa: float
    confusion: np.ndarray
    class_names: tuple[str, ...]


def score(probabilities: np.ndarray, y: ArrayLike, class_names: Sequence[str]) -> Scores:
    """Count the likeliest class (of equals, the first) as the answer.

    probabilities: (n_trials, n_classes). y: (n_trials,); trials of unknown class (-1) are left out. Raises InputError
    where the shapes do not fit.
    """
    y, probabilities = np.asarray(y, dtype=np.int64), np.asarray(probabilities)
    if probabilities.shape != (len(y), len(class_names)):
        raise InputError(
            _(
                "probabilities of {n} trials and {classes} classes have the shape ({n}, {classes}); got {shape}.",
                n=len(y),
                classes=len(class_names),
                shape=probabilities.shape,
            )
        )
    predicted, y = probabilities[y >= 0].argmax(axis=1), y[y >= 0]
    return Scores(
        n=len(y),
        accuracy=accuracy(y, predicted),
        interval=wilson_interval(int(np.sum(y == predicted)), len(y)),
        kappa=cohen_kappa(y, predicted),
        confusion=confusion(y, predicted, len(class_names)),
        class_names=tuple(class_names),
    )


class Calibration(NamedTuple):
    """How far a classifier's confidence can be believed: arrays (n_bins,), of the bins that hold trials.

    low, high: the bin's edges. confidence: mean probability of the answers in it. accuracy: share of right ones.
    trials: how many there are. error: the expected calibration error, the mean distance of confidence and accuracy
    over all trials; nan without a trial.
    """

    low: np.ndarray
    high: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    trials: np.ndarray
    error: float


def calibration(probabilities: np.ndarray, y: ArrayLike, n_bins: int = 10) -> Calibration:
    """Sort answers by their probability into equal bins from chance to 1, and count the right ones in each.

    probabilities: (n_trials, n_classes). y: (n_trials,); trials of unknown class (-1) are left out. Guo, Pleiss, Sun &
    Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
    """
    y, probabilities = np.asarray(y, dtype=np.int64), np.asarray(probabilities, dtype=float)
    probabilities, y = probabilities[y >= 0], y[y >= 0]
    sure, right = probabilities.max(axis=1, initial=0.0), probabilities.argmax(axis=1) == y
    edges = np.linspace(1 / max(probabilities.shape[1], 1), 1, n_bins + 1)
    place = np.searchsorted(edges[1:-1], sure)  # an edge belongs to the bin below it
    trials = np.bincount(place, minlength=n_bins)
    full = trials > 0
    confidence = np.bincount(place, sure, n_bins)[full] / trials[full]
    accurate = np.bincount(place, right, n_bins)[full] / trials[full]
    error = float(np.sum(trials[full] * np.abs(confidence - accurate)) / len(y)) if len(y) else float("nan")
    return Calibration(edges[:-1][full], edges[1:][full], confidence, accurate, trials[full], error)


def error_by_chance(probabilities: np.ndarray, draws: int = 100) -> float:
    """The expected calibration error that these probabilities would show if every one of them were true; seeded.

    probabilities: (n_trials, n_classes). It is above zero, and the more so the fewer trials there are. The mean over
    labels drawn from them.
    """
    p = np.asarray(probabilities, dtype=float)
    steps = p.cumsum(axis=1)[:, :-1]  # (n_trials, n_classes - 1)
    chance = np.random.default_rng(0).random((draws, len(p), 1))
    return float(np.mean([calibration(p, (drawn > steps).sum(axis=1)).error for drawn in chance]))


def _pair(y: ArrayLike, predicted: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    y, predicted = np.asarray(y, dtype=np.int64), np.asarray(predicted, dtype=np.int64)
    if y.ndim != 1 or y.shape != predicted.shape:
        raise InputError(
            _(
                "labels and predictions are (n_trials,) both; got {y} and {predicted}.",
                y=y.shape,
                predicted=predicted.shape,
            )
        )
    return y, predicted
