"""You against the network: which trials are asked, how the score stands, and what the rhythm of a trial looked like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eegnets.evaluation import wilson_interval
from eegnets.signals import BANDS, band_power, default_baseline
from eegnets.translation import _
from eegnets.trials import Trials


def order(y: np.ndarray, seed: int) -> np.ndarray:
    """The places of the trials of known class in an order by chance, the same for the same seed, (n_known,)."""
    return np.random.default_rng(seed).permutation(np.flatnonzero(y >= 0))


@dataclass(frozen=True)
class Tally:
    """How somebody stands: `right` answers of `n`, their Wilson interval (95 %), the last right ones in a row."""

    n: int
    right: int
    interval: tuple[float, float]
    streak: int


def tally(right: Sequence[bool]) -> Tally:
    """Count answers in the order in which they were given."""
    streak = 0
    for one in right:
        streak = streak + 1 if one else 0
    return Tally(len(right), sum(right), wilson_interval(sum(right), len(right)), streak)


def task_window(windows: Mapping[str, tuple[float, float]]) -> tuple[str, tuple[float, float]] | None:
    """What the person was asked to do, name and seconds: the window that begins last; None where there is none."""
    return max(windows.items(), key=lambda item: item[1][0], default=None)


def shown_channels(ch_names: Sequence[str]) -> list[str]:
    """C3 and C4, over the two hands' motor areas, where they were recorded; else the first two channels."""
    return ["C3", "C4"] if {"C3", "C4"} <= set(ch_names) else list(ch_names[:2])


def rhythm_changes(trial: Trials) -> pd.DataFrame:
    """How the mu and beta power of ONE trial changed in its task window: rows of band, a column a channel, percent.

    Against the mean power of the baseline (`signals.default_baseline`). No rows where the trial has no window or its
    rate is too low for the band.
    """
    channels, task = shown_channels(trial.ch_names), task_window(trial.windows)
    rows = []
    for name, band in BANDS.items() if task else ():
        if band[1] >= trial.sfreq / 2:
            continue
        power = band_power(trial, band)[0]  # (n_chans, n_times)
        inside, rest = (power[:, _within(trial, *span)].mean(axis=1) for span in (task[1], default_baseline(trial)))
        change = 100 * (inside / rest - 1)
        rows.append({"band": name} | {channel: change[trial.ch_names.index(channel)] for channel in channels})
    return pd.DataFrame(rows, columns=["band", *channels])


def _within(trials: Trials, start: float, stop: float) -> np.ndarray:
    return (trials.times >= start) & (trials.times < stop)


def _sides(class_names: Sequence[str]) -> dict[str, str]:
    """Side -> the class that names it."""
    return {side: name for name in class_names for side in ("left", "right") if side in name.lower()}


def hint_words(trials: Trials) -> str:
    """Over which electrode the rhythm gets smaller for which hand, for the reader; empty where that is not known."""
    sides = _sides(trials.class_names)
    if not {"C3", "C4"} <= set(trials.ch_names) or len(sides) < 2:
        return ""
    return _(
        "For the {left} they do so at C4, for the {right} at C3.", **{side: _(name) for side, name in sides.items()}
    )


def side_words(changes: pd.DataFrame, class_names: Sequence[str]) -> str:
    """Which hand the mu rhythm speaks for, in a sentence for the reader; empty where it cannot be told."""
    sides = _sides(class_names)
    mu = changes[changes["band"] == "mu"]
    if mu.empty or not {"C3", "C4"} <= set(changes.columns) or len(sides) < 2:
        return ""
    c3, c4 = float(mu["C3"].iloc[0]), float(mu["C4"].iloc[0])
    if c3 == c4:
        return _("Mu is as strong at C3 as at C4: it speaks for neither hand.")
    weaker, other, hand = ("C3", "C4", sides["right"]) if c3 < c4 else ("C4", "C3", sides["left"])
    text = _("Against the baseline, mu is weaker at {weaker} than at {other}: that speaks for the {hand}.")
    return text.format(weaker=weaker, other=other, hand=_(hand))
