"""Which setting matters: how much of the spread of accuracy over runs each setting explains, and how much chance does.

The spread is the sum of squares around the mean of all runs. A setting's share is what the fit of all settings' main
effects loses without it (type II sums of squares; Yates, 1934, JASA 29:51): with as many runs of every combination it
is the familiar one of the analysis of variance, and all shares add up to one. Runs that differ in the seed alone tell
what chance does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eegnets.config import InputError
from eegnets.translation import _

NO_NOISE = 1e-12  # of the spread: what arithmetic leaves of nothing


@dataclass(frozen=True)
class Effect:
    """One setting: its share of the spread (0..1), and what a setting without effect would have on average.

    `p`: the chance of a share as large where the setting does nothing (F test against the spread between seeds). Both
    are nan where no combination has a second seed, and `p` where second seeds make no difference at all.
    """

    setting: str
    share: float
    by_chance: float
    p: float


@dataclass(frozen=True)
class Effects:
    """The settings' effects over `n` runs of `combinations`, and where the rest of the spread comes from.

    interplay: what combinations do beyond the sum of their settings. seeds: between runs of one combination.
    overlap: what several settings explain but none alone, as some combinations have more runs than others (may be
    below zero); 0 for equal numbers. All are shares of the spread; without second seeds, `seeds` is nan and `interplay`
    holds both. spread: standard deviation over all runs, in the score's unit.
    """

    effects: tuple[Effect, ...]
    interplay: float
    seeds: float
    overlap: float
    spread: float
    n: int
    combinations: int


def effects(runs: pd.DataFrame, settings: Sequence[str], score: str) -> Effects:
    """What each of `settings` explains of the column `score`; runs: a row each, settings as any values.

    Runs without a score are left out. Raises InputError for fewer than two settings that vary, or no spread at all.
    """
    runs = runs.dropna(subset=[score])
    labels = runs[list(settings)].astype(str)
    varying = [name for name in settings if labels[name].nunique() > 1]
    y = runs[score].to_numpy(dtype=float)
    total = float(np.sum((y - y.mean()) ** 2)) if len(y) else 0.0
    if len(varying) < 2 or total == 0:
        raise InputError(
            _(
                "which setting matters can be told of finished runs in which two settings or more vary, and the "
                "accuracy with them; these {n} runs vary in {settings}.",
                n=len(y),
                settings=", ".join(varying) or _("nothing"),
            )
        )
    dummies = {name: _dummies(labels[name]) for name in varying}
    left, free = _left(y, list(dummies.values()))
    lost = {name: _left(y, [dummies[other] for other in varying if other != name]) for name in varying}
    cells = labels[varying].agg("\0".join, axis=1)
    seeds = float(np.sum((y - runs[score].groupby(cells).transform("mean").to_numpy(dtype=float)) ** 2))
    seeds_free = len(y) - cells.nunique()
    noise = seeds / seeds_free if seeds_free else float("nan")
    found = [_effect(name, lost[name][0] - left, lost[name][1] - free, noise, seeds_free, total) for name in varying]
    return Effects(
        tuple(sorted(found, key=lambda effect: -effect.share)),
        max(left - seeds, 0.0) / total,
        seeds / total if seeds_free else float("nan"),
        _rounded((total - left) / total - sum(effect.share for effect in found)),
        float(y.std(ddof=1)),
        len(y),
        cells.nunique(),
    )


def _dummies(labels: pd.Series) -> np.ndarray:
    """A column of 0 and 1 for each value but the first: (n_runs, n_values - 1)."""
    return pd.get_dummies(labels, drop_first=True).to_numpy(dtype=float)


def _left(y: np.ndarray, dummies: Sequence[np.ndarray]) -> tuple[float, int]:
    """The sum of squares that a fit of these main effects leaves, and its degrees of freedom."""
    design = np.column_stack([np.ones(len(y)), *dummies])
    fit, _rest, rank, _values = np.linalg.lstsq(design, y, rcond=None)
    return float(np.sum((y - design @ fit) ** 2)), len(y) - int(rank)


def _effect(name: str, squares: float, free: int, noise: float, noise_free: int, total: float) -> Effect:
    share = max(squares, 0.0) / total
    if not noise_free or not free:  # no second seed, or two settings that never vary apart
        return Effect(name, share, float("nan"), float("nan"))
    if noise <= NO_NOISE * total:  # second runs that are no other than the first
        return Effect(name, share, 0.0, float("nan"))
    from scipy import stats

    return Effect(name, share, free * noise / total, float(stats.f.sf(squares / free / noise, free, noise_free)))


def _rounded(share: float) -> float:
    """Without what arithmetic leaves of zero."""
    return 0.0 if abs(share) < 1e-9 else share
