"""Files of plain numbers that someone brings, .npz, .npy, .mat and .csv: read, and cut into trials."""

import io
import struct
import subprocess
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eegnets.config import InputError, lookup
from eegnets.sources.base import MAX_BYTES, SourceError
from eegnets.sources.recipe import MICROVOLTS, Cut, Preview, Recipe, check_marks, places
from eegnets.translation import _

FEW = 20  # values that a list of labels may have, to be told from a list of measurements
MANY = 100_000  # more labels than any experiment has trials: one channel of a recording, say
PLAIN = ("double", "single", "logical", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)))
COMPRESSED = 15  # the mark of a zipped element in a MATLAB 5 file
ROWS = ("trial", "label", "time")  # columns of a table that are no channels


@dataclass(frozen=True)
class Content:
    """The arrays of a file by name, and what it says of channels and rate (Hz)."""

    arrays: dict[str, np.ndarray]
    ch_names: tuple[str, ...] = ()
    sfreq: float | None = None


def preview(path: Path) -> Preview:
    """What is inside a file of arrays; its marks are the values of every array that may be a list of labels."""
    content = read(path)
    shapes = {name: array.shape for name, array in content.arrays.items()}
    few = {name: array for name, array in content.arrays.items() if _is_list(array) and array.size <= MANY}
    lists = {name: Counter(_words(array)) for name, array in few.items()}
    marks = {name: dict(counts) for name, counts in lists.items() if len(counts) <= FEW}
    return Preview("arrays", shapes, content.ch_names, content.sfreq, marks)


def cut(path: Path, recipe: Recipe) -> Cut:
    """The trials of a file of arrays; raises InputError where file and recipe do not go together."""
    if recipe.low is not None or recipe.high is not None:
        raise InputError(_("trials that are cut are too short to filter; filter the recording that they are from."))
    content = read(path)
    X = _signal(content, recipe)  # (n_trials, n_chans, n_times)
    which, y = _labels(content, recipe, len(X))
    ch_names = content.ch_names or recipe.names or tuple(str(i + 1) for i in range(X.shape[1]))
    if len(ch_names) != X.shape[1]:
        raise InputError(
            _("{n} channels are named, but {m} are here; are the axes right?", n=len(ch_names), m=X.shape[1])
        )
    sfreq = content.sfreq or recipe.sfreq
    if sfreq is None:
        raise InputError(_("the file does not say its sampling rate; give it in Hz."))
    chosen, window = places(recipe, ch_names), _window(recipe, sfreq, X.shape[2])
    check_trials(len(which), len(chosen), window.stop - window.start, (recipe.resample or sfreq) / sfreq)
    new = recipe.resample or sfreq
    trials = [X[i, :, window] for i in which]  # views: a copy of all may be large
    if recipe.resample:
        _check_whole((trial[chosen] for trial in trials), sfreq)
    scaled = (trial[chosen].astype(np.float64) * MICROVOLTS[recipe.unit] for trial in trials)
    made = (_resampled(trial, sfreq, new) for trial in scaled)
    return Cut(_stacked(made, len(trials)), y, new, tuple(ch_names[i] for i in chosen))


def _signal(content: Content, recipe: Recipe) -> np.ndarray:
    """The signal as (n_trials, n_chans, n_times), in the file's own kind of number."""
    name = recipe.signal or max(content.arrays, key=lambda name: content.arrays[name].size)
    signal = lookup(content.arrays, _("array"), name)
    order = recipe.axes.split()
    if signal.ndim == 2:  # one trial
        signal = np.expand_dims(signal, order.index("trials"))
    if signal.ndim != 3 or signal.dtype.kind not in "fiub" or not signal.size:
        raise InputError(
            _(
                "{name} is {kind} of the shape {shape} where numbers of the shape ({axes}), or without the trials, are "
                "expected.",
                name=name,
                kind=signal.dtype,
                shape=signal.shape,
                axes=", ".join(map(_, order)),
            )
        )
    return signal.transpose([order.index(axis) for axis in ("trials", "channels", "samples")])


def _labels(content: Content, recipe: Recipe, n_trials: int) -> tuple[np.ndarray, np.ndarray]:
    """Which trials are taken, and the class of each, -1 where it is not known."""
    name = recipe.label or ("label" if content.ch_names and "label" in content.arrays else "")  # a table's own column
    if not name:
        return np.arange(n_trials), np.full(n_trials, -1)
    label = lookup(content.arrays, _("array"), name)
    if not _is_list(label) or label.size != n_trials:
        raise InputError(
            _(
                "{name} has the shape {shape} where one label for each of {n} trials is expected.",
                name=name,
                shape=label.shape,
                n=n_trials,
            )
        )
    marks = _words(label)
    check_marks(recipe, Counter(marks))
    which = [i for i, mark in enumerate(marks) if mark in recipe.classes]
    return np.array(which), np.array([recipe.label_of(marks[i]) for i in which], dtype=np.int64)


def _is_list(array: np.ndarray) -> bool:
    return array.size > 0 and array.size == max(array.shape, default=1)  # a row or a column is a list too


def _words(label: np.ndarray) -> list[str]:
    """Labels as text: 1.0 is "1"."""
    return [f"{value:g}" if isinstance(value, float) else str(value) for value in label.ravel().tolist()]


def _window(recipe: Recipe, sfreq: float, n_times: int) -> slice:
    start = round(recipe.start * sfreq)
    stop = n_times if recipe.stop is None else round(recipe.stop * sfreq)
    if not 0 <= start < stop <= n_times:
        raise InputError(
            _(
                "the window from {start:g} s to {stop:g} s is not within a trial, which lasts from 0 to {end:g} s.",
                start=recipe.start,
                stop=stop / sfreq,
                end=n_times / sfreq,
            )
        )
    return slice(start, stop)


def _check_whole(trials: Iterable[np.ndarray], sfreq: float) -> None:
    """Refuse to resample trials with missing samples; raises InputError."""
    missing = sum(trial.size - int(np.isfinite(trial).sum()) for trial in trials)
    if missing:
        raise InputError(
            _("{n} samples are missing (NaN), which resampling would spread; keep {rate:g} Hz.", n=missing, rate=sfreq)
        )


def _resampled(trial: np.ndarray, sfreq: float, new: float) -> np.ndarray:
    import mne  # here: MNE takes a second to come

    return trial if new == sfreq else mne.filter.resample(trial, up=new, down=sfreq, axis=-1, verbose="ERROR")


def _stacked(trials: Iterator[np.ndarray], n: int) -> np.ndarray:
    """`n` trials as one array, float32, each gone when the next comes."""
    first = next(trials)
    X = np.empty((n, *first.shape), np.float32)
    with np.errstate(over="ignore"):  # what overflows float32 is no voltage
        X[0] = first
        for i, trial in enumerate(trials, 1):
            X[i] = trial
    return X


# The formats. What goes wrong in them, the caller words.


def read(path: Path) -> Content:
    """Every array of numbers or text in a file; nothing in it is ever executed. Raises SourceError and many others."""
    content = READERS[path.suffix.lower()](path)
    if not content.arrays:
        raise SourceError(_("the file holds no array of numbers."))
    return content


def _npz(path: Path) -> Content:
    with zipfile.ZipFile(path) as archive:
        check_size(sum(entry.file_size for entry in archive.infolist()))
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        arrays = {name: np.load(io.BytesIO(archive.read(name)), allow_pickle=False) for name in names}
    return Content({name.removesuffix(".npy"): array for name, array in arrays.items()})


def _npy(path: Path) -> Content:
    return Content({path.stem: np.load(path, mmap_mode="r", allow_pickle=False)})  # mapped: no more than the file has


def _mat(path: Path) -> Content:
    from scipy.io import loadmat, whosmat  # here: only such a file needs it

    check_mat(path)
    plain = [name for name, _shape, kind in whosmat(path) if kind in PLAIN]
    found = loadmat(path, variable_names=plain) if plain else {}
    return Content({name: found[name] for name in plain})


def check_mat(path: Path) -> None:
    """Refuse a MATLAB 5 file that would unpack to more than may be read, or that would end the process."""
    total = 0
    with path.open("rb") as file:
        order = "<" if file.read(128).endswith(b"IM") else ">"
        while len(tag := file.read(8)) == 8:
            kind, size = struct.unpack(f"{order}II", tag)
            content = file.read(size)
            total += _inflated(content) if kind == COMPRESSED else size
            check_size(total)
    # SciPy's reader is not made for damaged files, as its manual says: some make it crash, so a child goes first.
    attempt = [sys.executable, "-c", "import sys, scipy.io; scipy.io.loadmat(sys.argv[1])", str(path)]
    if subprocess.run(attempt, capture_output=True, timeout=60, check=False).returncode not in (0, 1):
        raise SourceError(_("the file is damaged: its parts are not what they say they are. Bring it anew."))


def _inflated(content: bytes) -> int:
    """Bytes that a compressed element unpacks to, counted to a little more than may be read."""
    unpacking, total = zlib.decompressobj(), 0
    while content and total <= MAX_BYTES:
        total += len(unpacking.decompress(content, 2**20))
        content = unpacking.unconsumed_tail
    return total


def check_size(size: int) -> None:
    """Refuse more than MAX_BYTES."""
    if size > MAX_BYTES:
        sizes = {"size": size, "most": MAX_BYTES}
        raise SourceError(_("the file would unpack to {size:,} bytes or more; at most {most:,} are read.", **sizes))


def check_trials(n_trials: int, n_chans: int, n_times: int, ratio: float = 1.0) -> None:
    """Refuse trials of more than MAX_BYTES, at `ratio` times as many samples a second; raises InputError."""
    samples = round(n_times * ratio)
    size = 8 * n_trials * n_chans * max(n_times, samples)
    if size > MAX_BYTES:
        raise InputError(
            _(
                "{n} × {channels} channels × {samples} samples would take {size:,} bytes; at most {most:,} are made. "
                "Take fewer channels, a shorter window or a lower rate.",
                n=n_trials,
                channels=n_chans,
                samples=samples,
                size=size,
                most=MAX_BYTES,
            )
        )


def _csv(path: Path) -> Content:
    """A table: a column for each channel, a row for each sample; trial, label and time are columns of their own."""
    import pandas as pd  # here: only such a file needs it

    with path.open(encoding="utf-8-sig") as file:
        first = file.readline()
    separator = max(",;\t", key=first.count)
    named = not all(map(_is_number, first.split(separator)))
    header = 0 if named else None
    table = pd.read_csv(path, sep=separator, header=header, encoding="utf-8-sig", skipinitialspace=True)
    if not named:
        table.columns = [str(place + 1) for place in table.columns]  # as arrays number their channels
    table = table.rename(columns=lambda name: name.strip().lower() if name.strip().lower() in ROWS else name.strip())
    ch_names = tuple(name for name in table if name not in ROWS)
    trial = table["trial"] if "trial" in table else np.zeros(len(table))
    _check_rows(table, trial)
    parts = [part for _trial, part in table.groupby(trial, sort=False)]
    _check_table(table, ch_names, {len(part) for part in parts})
    arrays = {"signal": np.stack([part[list(ch_names)].to_numpy(dtype=float).T for part in parts])}
    if "label" in table:
        arrays["label"] = np.array([part["label"].iloc[0] for part in parts])
    step = float(parts[0]["time"].diff().median()) if "time" in table else 0.0
    return Content(arrays, ch_names, round(1 / step, 3) if step > 0 else None)  # 0.008 s is 125 Hz, not a hair more


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _check_rows(table: Any, trial: Any) -> None:
    """Refuse a row without a trial, and one with another label than its trial's first row: it may have none."""
    if "trial" in table and table["trial"].isna().any():
        line = _line(table["trial"].isna())
        raise SourceError(
            _("line {line} has an empty cell in the column trial; every row needs its trial's number.", line=line)
        )
    if "label" in table:
        first = table["label"].groupby(trial, sort=False, dropna=False).transform(lambda labels: labels.iloc[0])
        changes = table["label"].notna() & (table["label"] != first)
        if changes.any():
            raise SourceError(
                _(
                    "line {line} has another label than its trial's first row; a trial has one label, and a new trial "
                    "another number in a column named trial.",
                    line=_line(changes),
                )
            )


def _line(which: Any) -> int:
    """The line of the file with the first of these rows, its head being line 1."""
    return int(which.to_numpy().argmax()) + 2


def _check_table(table: Any, ch_names: tuple[str, ...], lengths: set[int]) -> None:
    if len(lengths) != 1:
        have = ", ".join(map(str, sorted(lengths)))
        raise SourceError(
            _("trials of one length are needed; these have {n} rows.", n=have)
            if have
            else _("trials of one length are needed; these have no rows.")
        )
    words = [name for name in ch_names if table[name].dtype.kind not in "fiu"]
    if words or not ch_names:
        names = ", ".join(words) or _("none")
        raise SourceError(_("columns of numbers are needed, one a channel; {names} is not so.", names=names))


READERS = {".npz": _npz, ".npy": _npy, ".mat": _mat, ".csv": _csv}
