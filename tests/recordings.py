"""Trials out of arrays alone, for what is measured of signals."""

import numpy as np
from scipy import signal

from eegnets.trials import Trials

SFREQ = 125.0


def recording(X, y=None, sfreq=SFREQ, **about):
    """Trials of one person out of an array alone."""
    n = len(X)
    about = {"windows": {"cue": (3.0, 4.25), "imagery": (3.5, 6.0)}} | about
    return Trials(
        X=X,
        y=np.arange(n) % 2 if y is None else y,
        split=np.repeat("train", n),
        subject=np.repeat("A", n),
        number=np.arange(1, n + 1),
        sfreq=sfreq,
        ch_names=("C3", "C4"),
        class_names=("left hand", "right hand"),
        **about,
    )


def noise(n=40, n_times=750, seed=0):
    """Pink-like noise of about 5 µV."""
    white = np.random.default_rng(seed).standard_normal((n, 2, n_times))
    return 5 * signal.lfilter([0.45], [1, -0.9], white, axis=-1).astype(np.float32)


def with_gap(X, trial=0, channel=0, start=200, stop=260):
    """The same with a gap in one trial."""
    X = X.copy()
    X[trial, channel, start:stop] = np.nan
    return X
