"""Trials: a stack of EEG recordings of equal length, with what each of them is; and their split into folds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from eegnets.atomic import open_whole
from eegnets.config import InputError, unknown
from eegnets.translation import N_, _

SPLITS = (N_("train"), N_("test"))


@dataclass(frozen=True, eq=False)
class Trials:
    """EEG trials and their labels.

    X: float32 µV, (n_trials, n_chans, n_times); NaN where a sample is missing.
    y: int64 (n_trials,), index into `class_names`; -1 where the class is not known.
    split, subject: str (n_trials,); split is "train" or "test".
    number: int64 (n_trials,), the trial's number within its subject, from 1; (subject, number) is unique.
    sfreq: samples per second, Hz.
    windows: name -> (start, stop), seconds after the first sample, such as the cue and the imagery.
    """

    X: np.ndarray
    y: np.ndarray
    split: np.ndarray
    subject: np.ndarray
    number: np.ndarray
    sfreq: float
    ch_names: tuple[str, ...]
    class_names: tuple[str, ...]
    windows: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, kind in (("X", np.float32), ("y", np.int64), ("split", str), ("subject", str), ("number", np.int64)):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=kind))
        object.__setattr__(self, "ch_names", tuple(self.ch_names))
        object.__setattr__(self, "class_names", tuple(self.class_names))
        self._check()

    def _check(self) -> None:
        if self.X.ndim != 3:
            raise InputError(
                _("trials need an array (n_trials, n_chans, n_times); got the shape {shape}.", shape=self.X.shape)
            )
        for name in ("y", "split", "subject", "number"):
            if (n := len(getattr(self, name))) != len(self.X):
                raise InputError(_("{name} has {n} entries for {m} trials.", name=name, n=n, m=len(self.X)))
        if len(self.ch_names) != self.n_chans:
            raise InputError(
                _(
                    "{n} channel names ({names}) for {m} channels.",
                    n=len(self.ch_names),
                    names=", ".join(self.ch_names),
                    m=self.n_chans,
                )
            )
        if len(self.y) and not (self.y.min() >= -1 and self.y.max() < len(self.class_names)):
            run = {"low": self.y.min(), "high": self.y.max(), "n": len(self.class_names)}
            raise InputError(_("labels run from {low} to {high} for {n} classes.", **run))
        if not set(self.split) <= set(SPLITS):
            came = ", ".join(sorted(set(self.split)))
            raise InputError(_("a split is one of {splits}; got {came}.", splits=", ".join(SPLITS), came=came))

    def __len__(self) -> int:
        return len(self.X)

    @property
    def n_chans(self) -> int:
        """Number of channels."""
        return self.X.shape[1]

    @property
    def n_times(self) -> int:
        """Samples per trial."""
        return self.X.shape[2]

    @property
    def times(self) -> np.ndarray:
        """Seconds after the first sample, (n_times,)."""
        return np.arange(self.n_times) / self.sfreq

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every subject, in the order of first appearance."""
        return tuple(dict.fromkeys(self.subject.tolist()))

    def take(self, which: np.ndarray) -> Self:
        """Trials chosen by an index array or a mask, (n_trials,)."""
        rows = {name: getattr(self, name)[which] for name in ("X", "y", "split", "subject", "number")}
        return replace(self, **rows)

    def of_split(self, split: str) -> Self:
        """The trials of "train" or of "test"."""
        return self.take(self.split == split)

    def of_subjects(self, subjects: Iterable[str]) -> Self:
        """The trials of some subjects (none named: all); raises InputError for one that is not there."""
        subjects = tuple(subjects)
        for name in subjects:
            if name not in self.subjects:
                raise InputError(unknown(_("subject"), name, self.subjects))
        return self.take(np.isin(self.subject, subjects)) if subjects else self

    def channel_means(self) -> np.ndarray:
        """Mean of each channel over the samples that are there, µV, (n_chans,).

        Raises InputError where a channel has no sample at all.
        """
        missing = np.isnan(self.X)
        count = (~missing).sum(axis=(0, 2))
        for name, n in zip(self.ch_names, count, strict=True):
            if n == 0:
                raise InputError(
                    _("channel {name} has no sample in the training split; leave it out or mend the data.", name=name)
                )
        total = np.where(missing, 0.0, self.X).sum(axis=(0, 2), dtype=np.float64)
        return (total / count).astype(np.float32)

    def filled(self, means: np.ndarray) -> Self:
        """The trials with each missing sample replaced by its channel's entry of `means`, µV, (n_chans,)."""
        return replace(self, X=np.where(np.isnan(self.X), means[None, :, None], self.X))

    def save(self, path: Path) -> None:
        """Write an .npz whole or not at all."""
        arrays = {f.name: np.asarray(getattr(self, f.name)) for f in fields(self) if f.name != "windows"}
        arrays["window_names"] = np.asarray(list(self.windows), dtype=str)
        arrays["window_times"] = np.asarray(list(self.windows.values()), dtype=float).reshape(-1, 2)
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_whole(path) as file:
            np.savez(file, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            arrays = dict(stored)
        windows = zip(arrays.pop("window_names").tolist(), arrays.pop("window_times").tolist(), strict=True)
        arrays["sfreq"] = float(arrays["sfreq"])
        for name in ("ch_names", "class_names"):
            arrays[name] = tuple(arrays[name].tolist())
        return cls(**arrays, windows={name: (start, stop) for name, (start, stop) in windows})


def concatenate(parts: Sequence[Trials]) -> Trials:
    """One stack out of several with the same channels, length and rate."""
    first = parts[0]
    for part in parts[1:]:
        if (part.ch_names, part.n_times, part.sfreq) != (first.ch_names, first.n_times, first.sfreq):
            raise InputError(
                _(
                    "trials of {n} channels × {m} samples at {rate:g} Hz do not go with {n_first} × {m_first} at "
                    "{rate_first:g} Hz; choose subjects of one kind.",
                    n=part.n_chans,
                    m=part.n_times,
                    rate=part.sfreq,
                    n_first=first.n_chans,
                    m_first=first.n_times,
                    rate_first=first.sfreq,
                )
            )
    rows = {
        name: np.concatenate([getattr(p, name) for p in parts]) for name in ("X", "y", "split", "subject", "number")
    }
    return replace(first, **rows)


def place_in_split(trials: Trials, index: int) -> tuple[str, int]:
    """The split of a trial, and its place (from 1) among the trials of that split and its subject."""
    part = str(trials.split[index])
    kin = (trials.split == part) & (trials.subject == trials.subject[index])
    return part, int(kin[: index + 1].sum())


class Folds(NamedTuple):
    """What a network is fitted to, chosen on and tested on; missing samples are filled. A fold may be absent (None)."""

    train: Trials
    validation: Trials | None
    test: Trials | None


def split(trials: Trials, validation: float, seed: int) -> Folds:
    """Hold back a stratified share of the training trials and fill what is missing.

    The share is taken from every (subject, class) alike; missing samples become the channel means of the
    training fold alone, so that neither validation nor test trials speak. Trials of unknown class are left out.
    Raises InputError where fewer than two classes, or no training trial, are left.
    """
    known = trials.take(trials.y >= 0)
    fit_on, held_back = _held_back(known.of_split("train"), validation, seed)
    test = known.of_split("test")
    classes = set(fit_on.y.tolist())
    if len(classes) < 2:
        names = ", ".join(_(trials.class_names[c]) for c in classes) or _("none")
        raise InputError(
            _(
                "the training split has trials of {n} class ({names}); a classifier needs two or more.",
                n=len(classes),
                names=names,
            )
        )
    means = fit_on.channel_means()
    folds = (fold.filled(means) if len(fold) else None for fold in (fit_on, held_back, test))
    return Folds(*folds)  # type: ignore[arg-type]


def fitted_means(trials: Trials, validation: float, seed: int) -> np.ndarray:
    """What `split` puts in the place of missing samples, µV, (n_chans,); without training trials, the means of all."""
    train = trials.take((trials.y >= 0) & (trials.split == "train"))
    return (_held_back(train, validation, seed)[0] if len(train) else trials).channel_means()


def _held_back(train: Trials, validation: float, seed: int) -> tuple[Trials, Trials]:
    """Training trials to fit to, and those held back for validation."""
    held = _stratified(train, validation, seed)
    return train.take(~held), train.take(held)


def _stratified(train: Trials, share: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    held = np.zeros(len(train), dtype=bool)
    for subject in train.subjects:
        for label in range(len(train.class_names)):
            members = np.flatnonzero((train.subject == subject) & (train.y == label))
            held[rng.permutation(members)[: round(share * len(members))]] = True
    return held
