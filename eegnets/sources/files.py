"""A student's own files: what is in one, how it becomes trials, and those that have been imported so far."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from eegnets.atomic import changing
from eegnets.config import InputError
from eegnets.sources import array_file, recording_file
from eegnets.sources.base import Progress, Source, SourceError, State, listing, unreadable, within
from eegnets.sources.download import copy, named_in
from eegnets.sources.recipe import MICROVOLTS, Cut, Preview, Recipe
from eegnets.translation import N_, _
from eegnets.trash import Trash
from eegnets.trials import Trials, concatenate

FOLDER = "files"
NAME = re.compile(r"[^\W_][\w-]{0,59}")  # of an import: letters of any script; safe in a path, an address, a list
PLAUSIBLE = (1e-3, 1e5)  # µV, spread of anything that an electrode picks up: outside it, the unit is wrong
BEGINS = {  # how a file of each kind begins
    ".npz": b"PK",
    ".npy": b"\x93NUMPY",
    ".mat": b"MATLAB 5.0",
    ".csv": b"",
    ".edf": b"0       ",
    ".bdf": b"\xffBIOSEMI",
    ".gdf": b"GDF ",
    ".fif": b"\x00\x00\x00\x64",
    ".set": b"MATLAB 5.0",
    ".vhdr": b"Brain",
}


class Files(Source):
    """Every import is a subject."""

    name: ClassVar[str] = "files"
    title: ClassVar[str] = N_("Your own files")
    about: ClassVar[str] = N_(
        "Trials cut from files of your own: arrays (.npz, .npy, .mat, .csv) or recordings (.edf, .bdf, .gdf, .fif, "
        ".set, .vhdr), with the channels, classes and window that you chose. Several are used together where they "
        "have the same channels, length, rate and classes."
    )
    licence: ClassVar[str] = N_("Whatever the owner of the recordings allows; nothing leaves this machine")
    cite: ClassVar[str] = "Name whoever recorded them."
    size: ClassVar[str] = N_("nothing to download")
    subjects: ClassVar[tuple[str, ...]] = ()

    def state(self, root: Path) -> State:
        """What has been imported."""
        try:
            here = _imports(root / FOLDER)
        except SourceError as problem:
            return State("manual", str(problem))
        if here:
            return State("ready", _("Imported: {who}.", who=", ".join(here)), here)
        how = _(
            "Nothing has been imported yet: the page Import takes a file of your own. `python -m eegnets fetch "
            "{source} --from DIR` brings the imports of another data folder.",
            source=self.name,
        )
        return State("manual", how)

    def usual(self, root: Path, subjects: tuple[str, ...]) -> tuple[str, ...]:
        """The latest import: in a class there are many people's, and of one handout many copies."""
        stamps = dict(zip(subjects, map(_stamp, self.files(root, subjects)), strict=True))
        return (max(subjects, key=stamps.__getitem__),)

    def files(self, root: Path, subjects: tuple[str, ...]) -> list[Path]:
        """The file of each import."""
        return [root / FOLDER / f"{who}.npz" for who in subjects]

    def load(self, root: Path, subjects: tuple[str, ...], **options: Any) -> Trials:
        """The imports `subjects`, one after the other, µV; raises InputError where they do not go together."""
        parts = [stored(path) for path in self.files(root, subjects)]
        named = next((part for part in parts if part.class_names), parts[0])  # the others: for classification alone
        for who, part in zip(subjects, parts, strict=True):
            if part.class_names and part.class_names != named.class_names:
                raise InputError(
                    _(
                        "{who} has the classes {mine}, {other} {others}; use them one by one.",
                        who=who,
                        mine=", ".join(map(_, part.class_names)),
                        other=named.subjects[0],
                        others=", ".join(map(_, named.class_names)),
                    )
                )
        return concatenate([replace(part, class_names=named.class_names) for part in parts])

    def fetch(self, root: Path, from_dir: Path | None = None, progress: Progress | None = None) -> list[Path]:
        """Copy the imports of another data folder; each is read through first."""
        if not from_dir:
            raise SourceError(
                _("{source} have no address on the net. {how}", source=_(self.title), how=self.state(root).how)
            )
        folder = within(from_dir, FOLDER)
        named_in(folder)
        found = _imports(folder)
        if not found:
            raise SourceError(
                _("{folder} holds no imports; give a data folder, whose folder files has them.", folder=folder)
            )
        return copy([(folder / f"{who}.npz", stored) for who in found], root / FOLDER, progress)


def preview(path: Path) -> Preview:
    """What is inside a file, before anything of it is imported; raises SourceError."""
    with _words(path):
        return _module(path).preview(path)


def read(path: Path, recipe: Recipe) -> Trials:
    """The trials of a file, (n_trials, n_chans, n_times), µV, in its order; those of unknown class are test trials.

    The file is on disk, for a recording may be several files: an upload is first written to a folder of its own.
    Raises InputError (SourceError where the file itself is at fault) that names the file.
    """
    with _words(path):
        found = _module(path).cut(path, recipe)
        _check(found, recipe)
    return Trials(
        X=found.X,
        y=found.y,
        split=_split(found.y, recipe.test),
        subject=np.repeat(safe_name(path.name), len(found.y)),
        number=np.arange(1, len(found.y) + 1),
        sfreq=found.sfreq,
        ch_names=found.ch_names,
        class_names=recipe.class_names(),
        windows={N_("after the mark"): (-recipe.start, found.X.shape[2] / found.sfreq)} if recipe.start < 0 else {},
    )


def store(trials: Trials, name: str, root: Path) -> Path:
    """Keep trials under a safe form of `name` in the data root, beside earlier ones of that name; return the file."""
    folder, safe = root / FOLDER, safe_name(name)
    with _changing(folder):  # somebody else may keep a file of that name at this moment
        taken = {*_imports(folder), *deleted(root)}  # whoever comes back finds their place free
        free = next(form for form in (safe, *(f"{safe}-{i}" for i in range(2, 10_000))) if form not in taken)
        path = folder / f"{free}.npz"
        replace(trials, subject=np.repeat(free, len(trials))).save(path)
    return path


def deleted(root: Path) -> list[str]:
    """The names of the imports that can come back, the last deleted first."""
    return [Path(name).stem for name in Trash(root / FOLDER).ids()]


def delete(name: str, root: Path) -> None:
    """Move an import to the trash, where it stays for a day; raises SourceError for one that is not there."""
    folder = root / FOLDER
    with _changing(folder):
        if name not in _imports(folder):
            raise SourceError(_("there is no import {name} (any more).", name=name))
        Trash(folder).put(folder / f"{name}.npz")


def restore(name: str, root: Path) -> None:
    """Bring an import back from the trash; raises InputError where it cannot come."""
    folder = root / FOLDER
    with _changing(folder):
        Trash(folder).restore(f"{name}.npz")


@contextmanager
def _changing(folder: Path) -> Iterator[None]:
    """Have the imports of a folder to oneself; raises SourceError where nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with changing(folder / FOLDER):
            yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(
            _("{path} cannot be written ({reason}). Set EEGNETS_DATA to a folder of yours.", path=folder, reason=reason)
        ) from error


def stored(path: Path) -> Trials:
    """An import, under the name of its file; raises SourceError for a file that `store` did not write."""
    with _words(path):
        array_file.read(path)  # bounds what it unpacks to
        trials = Trials.load(path)
    return replace(trials, subject=np.repeat(path.stem, len(trials)))


def safe_name(name: str) -> str:
    """A file's name without folders, ending and whatever is no letter (of any script) or digit; never empty."""
    last = re.split(r"[/\\]", name)[-1]
    plain = unicodedata.normalize("NFKC", Path(last).stem)
    return re.sub(r"[\W_]+", "_", plain)[:50].strip("_") or "import"


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # deleted at this moment
        return 0


def _imports(folder: Path) -> tuple[str, ...]:
    names = sorted(name.removesuffix(".npz") for name in listing(folder) if name.endswith(".npz"))
    return tuple(name for name in names if NAME.fullmatch(name))


def _module(path: Path) -> Any:
    """What reads this kind of file; raises SourceError where the name's ending and the file's beginning disagree."""
    suffix = path.suffix.lower()
    if suffix not in BEGINS:
        raise SourceError(
            _(
                "files of the kind {kind!r} are not read; {kinds} are.",
                kind=suffix or _("without an ending"),
                kinds=", ".join(BEGINS),
            )
        )
    with path.open("rb") as file:
        begin = file.read(128)
    if not begin.startswith(BEGINS[suffix]) or (suffix == ".csv" and b"\0" in begin):
        told = _("this is no {kind} file: it begins with {begin!r}.", kind=suffix, begin=begin[:12])
        if begin.startswith(b"MATLAB 7.3"):
            told += " " + _("MATLAB 7.3 files are not read: save with -v7.")
        raise SourceError(told)
    return recording_file if suffix in recording_file.SUFFIXES else array_file


@contextmanager
def _words(path: Path) -> Iterator[None]:
    """Every failure names the file; a damaged one makes NumPy, SciPy, pandas and MNE raise many kinds."""
    try:
        yield
    except InputError as error:
        raise type(error)(_("{file}: {error}", file=path.name, error=error)) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno:  # the system's word; a library's own has no number
            raise unreadable(path, error) from error
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise SourceError(
            _(
                "{file} is damaged, cut short or of another kind ({reason}). Bring it anew.",
                file=path.name,
                reason=reason,
            )
        ) from error


def _split(y: np.ndarray, share: float) -> np.ndarray:
    """The last trials of each class, and those of unknown class, are "test", the others "train"."""
    split = np.where(y < 0, "test", "train")
    for label in np.unique(y[y >= 0]):
        members = np.flatnonzero(y == label)
        split[members[len(members) - round(share * len(members)) :]] = "test"
    return split


def _check(found: Cut, recipe: Recipe) -> None:
    """Refuse trials of which nothing can be learned; raises InputError."""
    classes = [recipe.class_names()[label] for label in np.unique(found.y[found.y >= 0])]
    if len(classes) == 1 or not len(found.y):
        raise InputError(
            _(
                "trials of two classes are needed; here are {classes}. Name other marks.",
                classes=", ".join(map(_, classes)) or _("none"),
            )
        )
    for name, channel in zip(found.ch_names, found.X.transpose(1, 0, 2), strict=True):
        if np.isnan(channel).all():
            raise InputError(_("every sample of {name} is missing (NaN); leave the channel out.", name=name))
    with np.errstate(all="ignore"):
        spread = float(np.median([np.nanstd(channel, dtype=np.float64) for channel in found.X.transpose(1, 0, 2)]))
    if not PLAUSIBLE[0] <= spread <= PLAUSIBLE[1]:
        raise InputError(
            _(
                "the channels spread by {spread:.2g} µV, where EEG has some 5 to 50: is the unit {unit} right "
                "({units}), are all channels alive?",
                spread=spread,
                unit=recipe.unit,
                units=", ".join(MICROVOLTS),
            )
        )
