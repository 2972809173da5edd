"""Where in a trial a network looked: by gradient, by covering stretches, and beside one that learned nothing.

All maps are of one trial X, float32 µV (n_chans, n_times), and of the log-odds of one class, `target`, in logits: of
two classes the difference of their logits. They are above 0 where the class is likelier than not: the map of an answer
tells why it won. That of its logit alone would not: the other's may have fallen further, or risen.
"""

import copy
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from eegnets.explain import leaves
from eegnets.models import eval_mode
from eegnets.seeding import seeded

COVERED_AT_ONCE = 256  # trials in a batch, fewer of those that are larger than the course's 2 × 750
SAMPLES_AT_ONCE = COVERED_AT_ONCE * 2 * 750


def integrated_gradients(model: nn.Module, X: np.ndarray, target: int, steps: int = 32) -> np.ndarray:
    """How much each sample moved the log-odds away from those of a flat trial, (n_chans, n_times).

    From a trial of zeros along a straight line: the sum over all samples is the difference between the two trials, but
    for the error of `steps` midpoints. Sundararajan, Taly & Yan, "Axiomatic Attribution for Deep Networks", ICML 2017.
    """
    along = (torch.arange(steps) + 0.5) / steps
    with eval_mode(model):
        path = (along[:, None, None] * torch.from_numpy(X)[None]).requires_grad_()
        (slopes,) = torch.autograd.grad(log_odds(model(path), target).sum(), path)
    return (slopes.mean(dim=0) * torch.from_numpy(X)).numpy()


def lead(model: nn.Module, X: np.ndarray, target: int) -> tuple[float, float]:
    """The log-odds of the trial, and those of a flat one of 0 µV."""
    return tuple(_all_log_odds(model, np.stack([X, np.zeros_like(X)]), target).tolist())  # type: ignore[return-value]


class Occlusion(NamedTuple):
    """Covered stretches: their first samples `starts` (n_windows,), their `width` in samples, and what was lost.

    drops: how far the log-odds fell when the stretch of one channel was covered, (n_chans, n_windows).
    """

    starts: np.ndarray
    width: int
    drops: np.ndarray


def occlusion(model: nn.Module, X: np.ndarray, target: int, width: int, step: int) -> Occlusion:
    """Cover `width` samples of one channel with 0 µV, `step` samples further each time, and see how the log-odds fall.

    Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
    """
    n_chans, n_times = X.shape
    width = min(max(width, 1), n_times)
    starts = np.arange(0, n_times - width + 1, max(step, 1))
    places = [(channel, start) for channel in range(n_chans) for start in starts]
    n = _at_once(X)
    parts = [places[first : first + n] for first in range(0, len(places), n)]
    after = np.concatenate([_all_log_odds(model, _covered(X, part, width), target) for part in parts])
    return Occlusion(starts, width, _all_log_odds(model, X[None], target)[0] - after.reshape(n_chans, len(starts)))


def _at_once(X: np.ndarray) -> int:
    """How many trials like X go through a network together."""
    return max(min(SAMPLES_AT_ONCE // X.size, COVERED_AT_ONCE), 1)


def _covered(X: np.ndarray, places: list[tuple[int, int]], width: int) -> np.ndarray:
    """The trial with `width` samples of 0 µV at each of the places (channel, first sample), (n_places, …)."""
    covered = np.repeat(X[None], len(places), axis=0)
    for trial, (channel, start) in zip(covered, places, strict=True):
        trial[channel, start : start + width] = 0
    return covered


def log_odds(logits: torch.Tensor, target: int) -> torch.Tensor:
    """ln(p / (1 - p)) of the class's probability p, of logits (n_trials, n_classes): (n_trials,)."""
    others = [i for i in range(logits.shape[1]) if i != target]
    return logits[:, target] - logits[:, others].logsumexp(dim=1)


def _all_log_odds(model: nn.Module, X: np.ndarray, target: int) -> np.ndarray:
    """The log-odds of a class for many trials, a batch at a time, float64 (n_trials,)."""
    with eval_mode(model), torch.inference_mode():
        parts = [log_odds(model(part), target) for part in torch.from_numpy(X).split(_at_once(X[0]))]
    return torch.cat(parts).double().numpy()


def unlearned(model: nn.Module, seed: int = 0) -> nn.Module:
    """The same network with fresh weights, as before any training; PyTorch's random stream is left as it was."""
    fresh = copy.deepcopy(model)
    with seeded(seed):
        for layer in leaves(fresh).values():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
    return fresh.eval()


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's correlation of the sizes (signs left out) of two maps of one shape; nan where one is all equal.

    Near 1 against a network that learned nothing, a map shows the trial more than what was learned. Adebayo et al.,
    "Sanity Checks for Saliency Maps", NeurIPS 2018.
    """
    from scipy import stats  # here: half a second to come

    sizes = np.abs(first).ravel(), np.abs(second).ravel()
    if any(np.ptp(size) == 0 for size in sizes):
        return float("nan")
    return float(stats.spearmanr(*sizes).statistic)
