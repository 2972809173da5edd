"""The files that courses hand out: NAME_train.npz and NAME_test.npz, each with `signal` and `label`."""

import io
import zipfile
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from eegnets.sources.base import MAX_BYTES, Progress, Source, SourceError, State, listing, unreadable, within
from eegnets.sources.download import copy, named_in
from eegnets.sources.graz_recording import SFREQ
from eegnets.translation import N_, _
from eegnets.trials import SPLITS, Trials, concatenate

FOLDER = "course-npz"
N_CHANS = 2
KEYS = ("signal", "label")
# The size of an untouched file is named in messages only: a file that was saved anew is as good.
USUAL = N_("signal (540, 750, 2) and label (540,), 6,484,788 bytes")
REPAIR = N_("Copy the file again from where your course keeps it.")

File = Path | IO[bytes]


class CourseNpz(Source):
    """S4b and X11b as trials cut to 6 s; any other pair NAME_train.npz, NAME_test.npz is a subject too."""

    name: ClassVar[str] = "course-npz"
    title: ClassVar[str] = N_("Course files (S4b, X11b)")
    about: ClassVar[str] = N_(
        "Two of the three people of Graz IIIb, already cut into trials of 6 s: 540 to train on and 540 to test on, two "
        "bipolar channels over C3 and C4 at 125 Hz. The cue, left or right hand, comes at 3 s. S4b has gaps where the "
        "amplifier saturated."
    )
    licence: ClassVar[str] = N_(
        "As Graz IIIb: no open licence is stated; in publications, name the group that recorded the data and cite the "
        "paper."
    )
    cite: ClassVar[str] = (
        "Cut from data set IIIb of BCI Competition III, provided by A. Schlögl and colleagues, TU Graz; B. Blankertz "
        "et al. (2006), IEEE Trans. Neural Syst. Rehabil. Eng. 14(2), 153-159."
    )
    size: ClassVar[str] = N_("26 MB (four files of 6.5 MB)")
    subjects: ClassVar[tuple[str, ...]] = ("S4b", "X11b")

    def state(self, root: Path) -> State:
        """Whose training files are here; test files are welcome but not needed."""
        try:
            ready = tuple(sorted(_subjects(_here(root))))
        except SourceError as problem:
            return State("manual", str(problem))
        how = _(
            "Put S4b_train.npz, S4b_test.npz, X11b_train.npz and X11b_test.npz of your course into {folder}, or copy "
            "them from a folder with `python -m eegnets fetch {source} --from DIR`.",
            folder=root / FOLDER,
            source=self.name,
        )
        absent = ", ".join(who for who in self.subjects if who not in ready)
        if not ready:
            return State("manual", how)
        told = _("Here: {who}.", who=", ".join(ready))
        if absent:
            told += " " + _("{who} would come so: {how}", who=absent, how=how)
        return State("ready", told, ready)

    def files(self, root: Path, subjects: tuple[str, ...]) -> list[Path]:
        """The training file of each of `subjects`, and the test file where there is one."""
        here = _here(root)
        names = [f"{who}_{split}.npz" for who in subjects for split in SPLITS]
        return [here.get(name, root / FOLDER / name) for name in names if name in here or name.endswith("_train.npz")]

    def load(self, root: Path, subjects: tuple[str, ...], **options: Any) -> Trials:
        """Trials of `subjects`, (n_trials, 2, n_times), µV; NaN where a sample is missing."""
        parts: list[Trials] = []
        for path in self.files(root, subjects):
            who, _sign, split = path.stem.rpartition("_")
            mine = [part for part in parts if who in part.subjects]
            parts.append(_trials(path, who, split, first=1 + sum(len(part) for part in mine)))
            if mine and mine[0].n_times != parts[-1].n_times:
                raise _broken(
                    _(
                        "{path} does not go with its training file: its trials have {n} samples, those of "
                        "{who}_train.npz {many}.",
                        path=path,
                        n=parts[-1].n_times,
                        who=who,
                        many=mine[0].n_times,
                    )
                )
        return concatenate(parts)

    def fetch(self, root: Path, from_dir: Path | None = None, progress: Progress | None = None) -> list[Path]:
        """Copy the pairs that are in `from_dir`; each file is read through first."""
        if not from_dir:
            raise SourceError(
                _("{source} have no address on the net. {how}", source=_(self.title), how=self.state(root).how)
            )
        folder = within(from_dir, FOLDER)
        names = sorted(_course_files(named_in(folder)))
        if not _subjects(names):
            raise SourceError(
                _(
                    "{folder} has no file like S4b_train.npz; give the folder with your course's .npz files.",
                    folder=folder,
                )
            )
        return copy([(folder / name, read_npz) for name in names], root / FOLDER, progress)


def _course_files(names: frozenset[str]) -> list[str]:
    return [name for name in names for split in SPLITS if name.endswith(f"_{split}.npz") and name != f"_{split}.npz"]


def _here(root: Path) -> dict[str, Path]:
    """Name -> path; the source's own folder comes before the data root itself."""
    return {name: folder / name for folder in (root, root / FOLDER) for name in _course_files(listing(folder))}


def _subjects(names: Any) -> set[str]:
    return {name.removesuffix("_train.npz") for name in names if name.endswith("_train.npz")}


def _trials(path: Path, who: str, split: str, first: int) -> Trials:
    X, y = read_npz(path)
    return Trials(
        X=X,
        y=y,
        split=np.repeat(split, len(X)),
        subject=np.repeat(who, len(X)),
        number=np.arange(first, first + len(X)),
        sfreq=SFREQ,
        ch_names=("C3", "C4"),
        class_names=("left hand", "right hand"),
        windows={"cue": (3.0, 4.25), "imagery": (3.5, 6.0)},
    )


def read_npz(file: File) -> tuple[np.ndarray, np.ndarray]:
    """Signal and classes of one course file, given as a path or as an open binary file.

    Returns X, float32 µV, (n_trials, 2, n_times) with NaN where a sample is missing, and y, int64 (n_trials,),
    0 left, 1 right. In the file: signal (n_trials, n_times, 2), or (n_trials, 2, n_times) where the length leaves no
    doubt; label 1 left and 2 right, or 0 and 1. Nothing in the file is ever executed. Raises SourceError.
    """
    name = str(file if isinstance(file, Path) else getattr(file, "name", _("the uploaded file")))
    stored = _arrays(name, file)
    X, y = _signal(name, stored["signal"]), _classes(name, stored["label"])
    if len(X) != len(y):
        raise _broken(_("{name}: {n} trials in signal but {m} entries in label.", name=name, n=len(X), m=len(y)))
    return X, y


def _broken(words: str) -> SourceError:
    """The message for a file that is not what it should be, with its repair."""
    return SourceError(f"{words} {_(REPAIR)}")


def _arrays(name: str, file: File) -> dict[str, np.ndarray]:
    # np.load would say less, and would allocate whatever size a header claims before it looks
    try:
        if isinstance(file, Path):
            with file.open("rb") as opened:
                return _unpack(name, opened)
        return _unpack(name, file)
    except OSError as error:
        raise unreadable(Path(name), error) from error


def _unpack(name: str, file: IO[bytes]) -> dict[str, np.ndarray]:
    file.seek(0)
    begin = file.read(8)
    if not begin.startswith(b"PK"):
        came = {"name": name, "begin": begin, "usual": _(USUAL)}
        raise _broken(_("{name} is not an .npz file: it begins with {begin!r}. Expected: {usual}.", **came))
    try:
        with zipfile.ZipFile(file) as archive:
            _check_contents(name, archive)
            return {key: _member(name, archive, key) for key in KEYS}
    except (SourceError, OSError):
        raise
    except Exception as error:  # a damaged archive makes zipfile raise many kinds
        size = file.seek(0, io.SEEK_END)
        raise _broken(
            _(
                "{name} is damaged or cut short ({error}; {size:,} bytes are here). Expected: {usual}.",
                name=name,
                error=error,
                size=size,
                usual=_(USUAL),
            )
        ) from error


def _check_contents(name: str, archive: zipfile.ZipFile) -> None:
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MAX_BYTES:
        sizes = {"size": unpacked, "most": MAX_BYTES}
        raise _broken(_("{name} would unpack to {size:,} bytes; at most {most:,} are read.", name=name, **sizes))
    keys = [entry.removesuffix(".npy") for entry in archive.namelist() if entry.endswith(".npy")]
    if not set(KEYS) <= set(keys):
        raise SourceError(
            _(
                "{name} holds {found} where signal and label are expected. Save it with these two keys.",
                name=name,
                found=", ".join(keys) or _("nothing"),
            )
        )
    for key in keys:
        _header(name, archive, key)


def _header(name: str, archive: zipfile.ZipFile, key: str) -> None:
    """Look at an array's header before its values: no pickled object, and no more than is there."""
    entry = archive.getinfo(f"{key}.npy")
    try:
        with archive.open(entry) as member:
            version = np.lib.format.read_magic(member)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _order, dtype = read(member)
    except ValueError as error:
        raise _broken(_("{name}: {key} is not a NumPy array ({error}).", name=name, key=key, error=error)) from error
    if dtype.hasobject:
        raise SourceError(
            _(
                "{name}: {key} is a pickled Python object, which could run a program when opened; it was not opened. "
                "Save plain arrays of numbers.",
                name=name,
                key=key,
            )
        )
    if int(np.prod(shape, dtype=object)) * dtype.itemsize > entry.file_size:
        raise _broken(
            _("{name}: {key} claims the shape {shape}, more than the file holds.", name=name, key=key, shape=shape)
        )


def _member(name: str, archive: zipfile.ZipFile, key: str) -> np.ndarray:
    with archive.open(f"{key}.npy") as member:
        array = np.lib.format.read_array(member, allow_pickle=False)
    if array.dtype.kind not in "fiub":
        raise _broken(_("{name}: {key} holds {kind} where numbers are expected.", name=name, key=key, kind=array.dtype))
    return array


def _signal(name: str, signal: np.ndarray) -> np.ndarray:
    """(n_trials, 2, n_times), float32, NaN where it is missing or infinite."""
    if signal.ndim != 3 or N_CHANS not in signal.shape[1:]:
        raise SourceError(
            _(
                "{name}: signal has the shape {shape} where (trials, samples, 2 channels) is expected; the two "
                "channels are C3 and C4.",
                name=name,
                shape=signal.shape,
            )
        )
    if 0 in signal.shape:
        raise _broken(_("{name}: signal has the shape {shape}: it is empty.", name=name, shape=signal.shape))
    X = signal.transpose(0, 2, 1) if signal.shape[2] == N_CHANS else signal
    with np.errstate(over="ignore"):  # what overflows float32 is no voltage and counts as missing
        X = np.ascontiguousarray(X, dtype=np.float32)
    X[~np.isfinite(X)] = np.nan
    for channel, values in zip(("C3", "C4"), X.transpose(1, 0, 2), strict=True):
        if np.isnan(values).all():
            raise _broken(
                _(
                    "{name}: every sample of {channel} is missing (NaN); nothing can be learned.",
                    name=name,
                    channel=channel,
                )
            )
    return X


def _classes(name: str, label: np.ndarray) -> np.ndarray:
    """int64 (n_trials,), 0 left, 1 right."""
    if label.ndim == 2 and 1 in label.shape:
        label = label.ravel()  # a column or a row of the same
    if label.ndim != 1:
        raise _broken(
            _("{name}: label has the shape {shape} where one number a trial is expected.", name=name, shape=label.shape)
        )
    values = np.unique(label)
    if len(values) != 2 or not (np.array_equal(values, [1, 2]) or np.array_equal(values, [0, 1])):
        found = ", ".join(f"{value:g}" for value in values[:6].astype(float))
        raise SourceError(
            _(
                "{name}: label holds the classes {found}; two are needed, 1 left and 2 right (or 0 and 1).",
                name=name,
                found=found or _("none"),
            )
        )
    return (label == values[1]).astype(np.int64)
