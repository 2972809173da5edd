"""How far one gets without a network: a linear classifier of the rhythms' power, and always the same answer."""

import numpy as np

from eegnets.config import InputError
from eegnets.signals import band_power
from eegnets.translation import _
from eegnets.trials import Trials

BANDS = ((8.0, 13.0), (14.0, 25.0))  # Hz, mu and beta
AT_ONCE = 256  # trials that are filtered together


def band_powers(trials: Trials) -> np.ndarray:
    """Log power of mu and beta from the end of the cue on, (n_trials, 2 n_chans).

    Raises InputError for a rate that cannot hold beta, and where there is no task that changes rhythms.
    """
    if not trials.windows:
        raise InputError(_("these trials name no window of a task, in which rhythms would tell the classes apart."))
    start = next((stop for name, (_start, stop) in trials.windows.items() if name == "cue"), 0.0)
    inside = trials.times >= start
    parts = [trials.take(some) for some in np.split(np.arange(len(trials)), range(AT_ONCE, len(trials), AT_ONCE))]
    power = [[band_power(part, band, smooth=0)[..., inside].mean(axis=-1) for part in parts] for band in BANDS]
    return np.log(np.maximum(np.hstack([np.concatenate(some) for some in power]), np.finfo(float).tiny))


def linear_accuracy(trials: Trials, features: np.ndarray) -> float:
    """The test accuracy, 0..1, of Fisher's discriminant with shrunken covariance on `features` (n_trials, n_features).

    It learns from the training trials; trials of unknown class are left out. Ledoit & Wolf, "Honey, I shrunk the sample
    covariance matrix", J. Portfolio Management 30 (2004). Raises InputError where nothing can be learned or tested.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis  # here: half a second to come

    known = trials.y >= 0
    train, test = known & (trials.split == "train"), known & (trials.split == "test")
    if len(np.unique(trials.y[train])) < 2 or not test.any():
        raise InputError(_("a linear classifier needs training trials of two classes, and test trials."))
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(features[train], trials.y[train])
    return float(lda.score(features[test], trials.y[test]))


def without_a_network(trials: Trials) -> tuple[float, float, str]:
    """Test accuracies, 0..1: of the linear classifier, of one who always gives the same answer; and that answer.

    The answer is the training trials' most frequent class. Raises InputError as `linear_accuracy` does.
    """
    filled = trials.filled(trials.of_split("train").channel_means())
    linear = linear_accuracy(trials, band_powers(filled))
    learned, tested = (part.y[part.y >= 0] for part in (trials.of_split("train"), trials.of_split("test")))
    usual = int(np.bincount(learned).argmax())
    return linear, float(np.mean(tested == usual)), trials.class_names[usual]
