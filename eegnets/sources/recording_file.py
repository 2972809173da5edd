"""Recordings that someone brings, .edf, .bdf, .gdf, .fif, .set and .vhdr: read by MNE, and cut into trials."""

import re
import warnings
from collections import Counter
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import numpy as np

from eegnets.config import InputError
from eegnets.sources.array_file import check_mat, check_size, check_trials
from eegnets.sources.base import SourceError
from eegnets.sources.recipe import MICROVOLTS, Cut, Preview, Recipe, check_marks, places
from eegnets.translation import _

SUFFIXES = (".edf", ".bdf", ".gdf", ".fif", ".set", ".vhdr")


def preview(path: Path) -> Preview:
    """What is inside a recording, by its header and its marks."""
    raw = read(path)
    marks = {"marks": dict(Counter(map(str, raw.annotations.description)))}
    shapes = {"signal": (len(raw.ch_names), int(raw.n_times))}
    unit = "µV" if _has_unit(raw) else None  # whatever it was: MNE brings it to volts, and we to µV
    return Preview("recording", shapes, tuple(raw.ch_names), float(raw.info["sfreq"]), marks, unit)


def cut(path: Path, recipe: Recipe) -> Cut:
    """The trials of a recording, a window around each mark; raises InputError where the two do not go together."""
    import mne  # here: MNE takes a second to come

    raw = read(path)
    check_marks(recipe, Counter(map(str, raw.annotations.description)))
    if recipe.stop is None or recipe.stop <= recipe.start:
        raise InputError(
            _(
                "a window needs an end after its beginning ({start:g} s); got {stop} s.",
                start=recipe.start,
                stop=recipe.stop,
            )
        )
    raw.pick([raw.ch_names[i] for i in places(recipe, tuple(raw.ch_names))])
    check_size(8 * len(raw.ch_names) * raw.n_times)
    _check_made(raw, recipe)
    raw.load_data(verbose="ERROR")
    _filter(raw, recipe)
    if recipe.resample:
        raw.resample(recipe.resample, verbose="ERROR")
    codes = {mark: code for code, mark in enumerate(recipe.classes, 1)}
    events, _codes = mne.events_from_annotations(raw, codes, regexp=None, verbose="ERROR")
    sfreq = float(raw.info["sfreq"])
    unit = 1e6 if _has_unit(raw) else MICROVOLTS[recipe.unit]
    X, inside = _windows(raw, events[:, 0] - raw.first_samp, recipe.start, recipe.stop, unit)
    label = np.array([-2, *(recipe.label_of(mark) for mark in codes)])  # by code, from 1
    return Cut(X, label[events[inside, 2]], sfreq, tuple(raw.ch_names))


def _check_made(raw: Any, recipe: Recipe) -> None:
    """Refuse a rate or windows that make too much of a recording; raises InputError."""
    marks, sfreq, n_chans = Counter(map(str, raw.annotations.description)), raw.info["sfreq"], len(raw.ch_names)
    ratio = (recipe.resample or sfreq) / sfreq
    check_trials(1, n_chans, raw.n_times, ratio)
    check_trials(
        sum(marks[mark] for mark in recipe.classes), n_chans, round((recipe.stop - recipe.start) * sfreq), ratio
    )


def _filter(raw: Any, recipe: Recipe) -> None:
    """Take slow and fast waves out of a whole recording, by MNE's filter of zero phase; raises InputError."""
    low, high, most = recipe.low, recipe.high, raw.info["sfreq"] / 2
    if low is not None and high is not None and low >= high:
        raise InputError(
            _("a filter goes from a lower to a higher frequency; got {low:g} to {high:g} Hz.", low=low, high=high)
        )
    for bound in (low, high):
        if bound is not None and bound >= most:
            raise InputError(
                _(
                    "a filter must lie below half the rate of the recording, {most:g} Hz; got {bound:g} Hz.",
                    most=most,
                    bound=bound,
                )
            )
    if low is not None or high is not None:
        raw.filter(low, high, verbose="ERROR")


def _windows(raw: Any, at: np.ndarray, start: float, stop: float, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """What lies around the samples `at`, times `unit`, float32, and which of them are within the file."""
    first = at + round(start * raw.info["sfreq"])
    n_times = round((stop - start) * raw.info["sfreq"])
    inside = (first >= 0) & (first + n_times <= raw.n_times)
    if not inside.any() or not n_times:
        raise InputError(
            _("no window from {start:g} to {stop:g} s around a mark lies within the recording.", start=start, stop=stop)
        )
    signal = raw.get_data()
    signal *= unit
    X = np.empty((inside.sum(), len(signal), n_times), np.float32)
    with np.errstate(over="ignore"):  # what overflows float32 is no voltage
        for trial, begin in zip(X, first[inside], strict=True):
            trial[:] = signal[:, begin : begin + n_times]
    return X, inside


def _has_unit(raw: Any) -> bool:
    """Whether the file says in what unit its numbers are; MNE takes them for volts where it does not."""
    return "n/a" not in raw._orig_units.values()  # no public name tells it


def read(path: Path) -> Any:
    """A recording as MNE's Raw, its signal not yet read; marks of a trigger channel among its annotations.

    Raises SourceError, and whatever MNE raises on a damaged file.
    """
    import mne  # here: MNE takes a second to come

    if path.suffix.lower() == ".set":
        check_mat(path)
    if path.suffix.lower() == ".vhdr":
        _check_companions(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", "Number of records")  # MNE's word for an EDF or BDF that was cut
        raw = mne.io.read_raw(path, verbose="WARNING")
        _check_beside(path, raw)
        if not len(raw.annotations) and "stim" in raw:
            events = mne.find_events(raw, shortest_event=1, verbose="ERROR")
            raw.set_annotations(mne.annotations_from_events(events, raw.info["sfreq"], first_samp=raw.first_samp))
    if "eeg" in raw:
        raw.pick("eeg")
    return raw


def _check_companions(path: Path) -> None:
    """Refuse a BrainVision header that names files elsewhere, or absent ones, before any of them is opened."""
    for name in _companions(path):
        companion = path.parent / name
        if companion.parent != path.parent or not companion.is_file():
            raise SourceError(
                _("the header names {name!r}, which must lie beside it; bring all three files.", name=name[:80])
            )


def _companions(path: Path) -> list[str]:
    """The files that a BrainVision header names, read as MNE reads it: in any case, with = or :, and its code page."""
    settings = path.read_bytes().partition(b"\n")[2]
    codepage = re.search("Codepage=(.+)", settings.decode("ascii", "ignore"))
    code = codepage[1].strip() if codepage else "utf-8"
    try:
        text = settings.decode("cp1252" if code == "ANSI" else code)
    except UnicodeDecodeError:
        text = settings.decode("latin-1")
    header = ConfigParser(interpolation=None)
    header.read_string(text.split("[Comment]")[0])
    parts = [header[name] for name in header.sections()]
    return [part[key] for part in parts for key in ("DataFile", "MarkerFile") if key in part]


def _check_beside(path: Path, raw: Any) -> None:
    """Refuse a recording whose samples lie in another folder, as a .set or a .fif can say."""
    for file in filter(None, raw.filenames):
        if Path(file).parent.resolve() != path.parent.resolve():
            text = _("the recording names {name!r}, which must lie beside it; bring all of its files.")
            raise SourceError(text.format(name=Path(file).name[:80]))
