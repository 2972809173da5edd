"""What may be wrong with a trial: gaps, a converter at its limit, loose contacts, eyes, the hum of the mains."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy  # its parts come when they are used, as in `signals`

from eegnets.signals import both_ways, complete, has_gap, spectra
from eegnets.translation import N_
from eegnets.trials import Trials

BLINK = (1.0, 5.0)  # Hz


class Flag(NamedTuple):
    """Something that may be wrong with a trial: the rule in words, and who breaks it among one person's trials."""

    rule: str
    raised: Callable[[Trials], np.ndarray]  # -> bool (n_trials,)


def _span(X: np.ndarray) -> np.ndarray:
    """Highest less lowest voltage of what is there, µV, without the last axis; NaN where nothing is."""
    return np.fmax.reduce(X, axis=-1) - np.fmin.reduce(X, axis=-1)


def _at_rail(trials: Trials) -> np.ndarray:
    voltage = trials.X
    high = np.fmax.reduce(voltage, axis=(0, 2))[:, None]  # (n_chans, 1)
    low = np.fmin.reduce(voltage, axis=(0, 2))[:, None]
    extreme = ((voltage == high) | (voltage == low)) & (high > low)
    stuck = extreme[..., :-2] & extreme[..., 1:-1] & extreme[..., 2:]
    margin, gap = 0.1 * (high - low), np.isnan(voltage)
    near = (voltage > high - margin) | (voltage < low + margin)
    beside = (near[..., :-1] & gap[..., 1:]) | (gap[..., :-1] & near[..., 1:])
    return stuck.any(axis=(1, 2)) | beside.any(axis=(1, 2))


def _flat(trials: Trials) -> np.ndarray:
    half = max(round(trials.sfreq / 2), 2)
    if trials.n_times < half:
        return np.zeros(len(trials), dtype=bool)
    missing, around = np.isnan(trials.X), {"size": half, "axis": -1}
    high = scipy.ndimage.maximum_filter1d(np.where(missing, np.inf, trials.X), **around)  # what is missing is not flat
    low = scipy.ndimage.minimum_filter1d(np.where(missing, -np.inf, trials.X), **around)
    whole = slice(half // 2, trials.n_times - (half - 1) // 2)  # where the window lies within the trial
    return ((high - low)[..., whole] < 0.1).any(axis=(1, 2))


def _large(trials: Trials) -> np.ndarray:
    span = _span(trials.X)  # (n_trials, n_chans)
    return (span > 2 * np.nanmedian(span, axis=0)).any(axis=1)


def _blink(trials: Trials) -> np.ndarray:
    if trials.sfreq <= 2 * BLINK[1]:  # too slow to see one
        return np.zeros(len(trials), dtype=bool)
    slow = both_ways(scipy.signal.butter(2, BLINK, "bandpass", fs=trials.sfreq, output="sos"), complete(trials))
    slow /= scipy.stats.median_abs_deviation(slow, axis=(0, 2), scale="normal")[:, None] + 1e-12
    together = np.maximum(slow.min(axis=1), -slow.max(axis=1))  # (n_trials, n_times): all channels on one side
    return together.max(axis=-1) > 6


def _mains(trials: Trials) -> np.ndarray:
    freqs, power = spectra(trials)
    raised = np.zeros(len(trials), dtype=bool)
    for hum in (50, 60):
        away = np.abs(freqs - hum)
        beside = (away > 2) & (away <= 6)
        if (away <= 1).any() and beside.any():
            hum_stands_out = power[..., away <= 1].mean(axis=-1) > 10 * power[..., beside].mean(axis=-1)
            raised |= hum_stands_out.any(axis=1)
    return raised


FLAGS: dict[str, Flag] = {
    N_("missing"): Flag(N_("Some samples are missing."), has_gap),
    N_("at the rail"): Flag(
        N_(
            "Three samples in a row at the highest or lowest voltage that the channel ever has, or a gap that begins "
            "or ends within a tenth of that: the converter could not follow."
        ),
        _at_rail,
    ),
    N_("flat"): Flag(N_("A channel moves by less than 0.1 µV for half a second: a loose contact."), _flat),
    N_("large"): Flag(N_("From its lowest to its highest voltage, more than twice the person's median trial."), _large),
    N_("blink-like"): Flag(
        N_("A wave of 1 to 5 Hz on all channels at once, over six times its usual size: the eyes."), _blink
    ),
    N_("mains"): Flag(N_("Over ten times the power at 50 or 60 Hz than beside it: hum of the mains."), _mains),
}


def flags(trials: Trials) -> pd.DataFrame:
    """Which trials raise which flag, bool, a row a trial; each person is measured by their own trials."""
    found = pd.DataFrame(False, index=range(len(trials)), columns=list(FLAGS))
    for subject in trials.subjects:
        mine = trials.subject == subject
        own = trials.take(mine)
        found.loc[mine] = np.stack([flag.raised(own) for flag in FLAGS.values()], axis=1)
    return found


def trial_list(trials: Trials) -> pd.DataFrame:
    """A row a trial: subject, number, split, class, span (µV, largest over channels), and a bool column a flag."""
    names = np.array([*trials.class_names, N_("unknown")])
    about = {"subject": trials.subject, "number": trials.number, "split": trials.split, "class": names[trials.y]}
    return pd.DataFrame(about | {"span": np.fmax.reduce(_span(trials.X), axis=1)}).join(flags(trials))


def counts(listed: pd.DataFrame) -> pd.DataFrame:
    """How many trials of a `trial_list` there are: rows of subject, split, class, trials."""
    return listed.groupby(["subject", "split", "class"], sort=False).size().reset_index(name="trials")
