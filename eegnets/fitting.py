"""Trials of another montage, rate or length brought to what a network takes, and what that changes in them."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from eegnets.config import InputError, lookup
from eegnets.sources.recipe import AXES, UNKNOWN, Preview, Recipe
from eegnets.translation import _
from eegnets.trials import Trials

if TYPE_CHECKING:
    from eegnets.classification import Shape

MOST_OF_RATES = 500  # times the network's rate that trials may have
SIDES = ("left", "right")  # words by which classes of other names are known
AWAY = 0.5  # of its own spread, by which a channel's mean may lie elsewhere than that of the training trials


def likely_recipe(found: Preview, shape: "Shape") -> Recipe:
    """How a file of arrays most likely lies, for a network that takes `shape`; a table says so itself.

    What the file does not say is taken from the network: rate and channel names. Of two orders of the axes that both
    could be, it is trials, channels, samples. Labels in a table are classes of their own names, where there are two.
    """
    known: dict[str, Any] = {} if found.sfreq else {"sfreq": shape.sfreq}
    if found.kind == "recording":
        return Recipe(start=0.0, stop=shape.n_times / shape.sfreq, **known)
    labels = found.marks.get("label", {}) if found.ch_names else {}  # a table's own column
    several = len(set(labels) - {""}) > 1
    known |= {"classes": {mark: mark if several and mark else UNKNOWN for mark in labels}} if labels else {}
    largest = max(found.shapes.values(), key=np.prod)
    rows, columns = largest[-2:] if len(largest) > 1 else (0, 0)
    turned = columns == shape.n_chans != rows or (shape.n_chans not in (rows, columns) and columns < rows)
    axes = AXES[1] if turned and not found.ch_names else AXES[0]
    named = not found.ch_names and (columns if turned else rows) == shape.n_chans
    return Recipe(axes=axes, names=shape.ch_names if named else (), **known)


def likely_channels(ch_names: Sequence[str], shape: "Shape") -> tuple[str, ...]:
    """Which of a file's channels go to the network's, in its order: those of the same name, else the first ones.

    Raises InputError where there are too few.
    """
    if len(ch_names) < shape.n_chans:
        raise InputError(
            _(
                "the network takes {n} channels ({names}); here are {m} ({here}). What was not recorded cannot be made "
                "up: choose another network.",
                n=shape.n_chans,
                names=", ".join(shape.ch_names),
                m=len(ch_names),
                here=", ".join(ch_names),
            )
        )
    known = {name.lower(): name for name in ch_names}
    wanted = [name.lower() for name in shape.ch_names]
    if set(wanted) <= known.keys():
        return tuple(known[name] for name in wanted)
    return tuple(ch_names[: shape.n_chans])


def misfits(trials: Trials, shape: "Shape", channels: Sequence[str], levels: np.ndarray | None = None) -> list[str]:
    """What keeps trials from the network, each with its repair (`fitted`), in sentences; none where they fit.

    channels: those that would be taken, in the network's order. levels: the means of the network's training trials, µV,
    (n_chans,), where they are known.
    """
    told = []
    if tuple(channels) != trials.ch_names:
        told.append(
            _(
                "channels: {m} are here ({here}) where the network takes {n} ({names}). Repair: take {channels}, in "
                "this order.",
                m=trials.n_chans,
                here=", ".join(trials.ch_names),
                n=shape.n_chans,
                names=", ".join(shape.ch_names),
                channels=", ".join(channels),
            )
        )
    if trials.sfreq != shape.sfreq:
        told.append(
            _(
                "rate: {rate:g} Hz where the network takes {wanted:g} Hz. Repair: resample, with a filter against "
                "aliasing.",
                rate=trials.sfreq,
                wanted=shape.sfreq,
            )
        )
    n_times = _resampled_length(trials, shape.sfreq)
    lengths = {"length": n_times / shape.sfreq, "wanted": shape.n_times / shape.sfreq}
    if n_times > shape.n_times:
        told.append(_("length: {length:g} s where the network takes {wanted:g} s. Repair: cut.", **lengths))
    elif n_times < shape.n_times:
        missing = (shape.n_times - n_times) / shape.sfreq
        told.append(
            _(
                "length: {length:g} s where the network takes {wanted:g} s. Repair: add {missing:g} s of 0 µV at the "
                "end, which the network has never seen: trust its answer less.",
                **lengths,
                missing=missing,
            )
        )
    if levels is not None:
        away, means, spreads = _offsets(_picked(trials, channels), levels)
        for i in np.flatnonzero(away):
            told.append(
                _(
                    "level: {channel} lies {offset:+.3g} µV from where the network's training trials lie, and spreads "
                    "by {spread:.3g} µV. Repair: bring the mean of each trial there.",
                    channel=channels[i],
                    offset=means[i] - levels[i],
                    spread=spreads[i],
                )
            )
    return told


def _picked(trials: Trials, channels: Sequence[str]) -> np.ndarray:
    return trials.X[:, [trials.ch_names.index(name) for name in channels]]


def _offsets(X: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which channels of X (n_trials, n_chans, n_times) lie away from `levels`; their means and spreads, (n_chans,)."""
    with warnings.catch_warnings(action="ignore"):  # of a channel that is missing throughout nothing is known
        means = np.nanmean(X, axis=(0, 2), dtype=np.float64)
        spreads = np.nanmedian(np.nanstd(X, axis=2, dtype=np.float64), axis=0)
    return np.abs(means - levels) > AWAY * spreads, means, spreads


def fitted(
    trials: Trials, shape: "Shape", channels: Sequence[str], start: float = 0.0, levels: np.ndarray | None = None
) -> Trials:
    """Trials as the network takes them: `channels` picked, resampled, cut from `start` (s) on or filled up with 0 µV.

    A channel that lies away from `levels` (as in `misfits`) has each trial's mean brought there first. Missing samples
    become channel means, where the rate changes. Channels and classes (as `named`) take the network's names.
    Raises InputError for a channel that is not there or a start outside a trial.
    """
    for name in channels:
        lookup(dict.fromkeys(trials.ch_names), _("channel"), name)
    X = _picked(trials, channels)
    if levels is not None:
        away, _means, _spreads = _offsets(X, levels)
        with warnings.catch_warnings(action="ignore"):  # a trial in which a channel is missing has no mean
            means = np.nanmean(X, axis=2, keepdims=True)
        X = np.where(away[:, None], X - means + levels[:, None].astype(np.float32), X)
    if trials.sfreq > MOST_OF_RATES * shape.sfreq:
        raise InputError(
            _(
                "{rate:g} samples a second cannot be brought to {wanted:g}; is the time in the file in seconds?",
                rate=trials.sfreq,
                wanted=shape.sfreq,
            )
        )
    if trials.sfreq != shape.sfreq:
        X = resampled(_filled(X), trials.sfreq, shape.sfreq)
    first = round(start * shape.sfreq)
    if not 0 <= first < X.shape[2]:
        end = X.shape[2] / shape.sfreq
        raise InputError(_("a window begins between 0 and {end:g} s; got {start:g} s.", end=end, start=start))
    X = X[..., first : first + shape.n_times]
    X = np.pad(X, ((0, 0), (0, 0), (0, shape.n_times - X.shape[2])))
    windows = {name: (a - start, b - start) for name, (a, b) in trials.windows.items() if a >= start}
    return replace(named(trials, shape.class_names), X=X, sfreq=shape.sfreq, ch_names=shape.ch_names, windows=windows)


def named(trials: Trials, class_names: tuple[str, ...]) -> Trials:
    """Trials under a network's names for its classes; those of classes that it does not know become unknown."""
    y = np.array([*places(trials.class_names, class_names), -1])[trials.y]
    return replace(trials, y=y, class_names=class_names)


def places(theirs: Sequence[str], ours: Sequence[str]) -> list[int]:
    """Which of our classes each of theirs is; -1 for none.

    Where names differ, a side tells what is meant: their left fist is our left hand.
    """
    return [_place(name, theirs, ours) for name in theirs]


def _place(name: str, theirs: Sequence[str], ours: Sequence[str]) -> int:
    if name in ours:
        return ours.index(name)
    for side in SIDES:
        alike = [[one for one in names if side in one.lower().split()] for names in (theirs, ours)]
        if alike[0] == [name] and len(alike[1]) == 1:
            return ours.index(alike[1][0])
    return -1


def resampled(X: np.ndarray, sfreq: float, new: float) -> np.ndarray:
    """Signals (…, n_times) of `sfreq` Hz at `new` Hz, by a polyphase filter against aliasing (scipy.signal)."""
    from scipy import signal  # here: half a second to come

    ratio = _ratio(sfreq, new)
    return signal.resample_poly(X, ratio.numerator, ratio.denominator, axis=-1, padtype="line").astype(np.float32)


def _ratio(sfreq: float, new: float) -> Fraction:
    return Fraction(new / sfreq).limit_denominator(1000)


def _resampled_length(trials: Trials, new: float) -> int:
    ratio = _ratio(trials.sfreq, new)
    return -(-trials.n_times * ratio.numerator // ratio.denominator)


def _filled(X: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        means = np.nanmean(X, axis=(0, 2))
    return np.where(np.isnan(X), np.nan_to_num(means)[:, None], X)
