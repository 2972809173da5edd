"""PhysioNet EEG Motor Movement/Imagery: left or right fist, opened and closed in thought or in truth."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pooch

from eegnets.config import Setting, lookup
from eegnets.sources.base import Progress, Source, SourceError, State, listing, unreadable
from eegnets.sources.download import copy, named_in
from eegnets.translation import N_, _
from eegnets.trials import Trials, concatenate

FOLDER = "physionet-mi"
INSIDE = "MNE-eegbci-data/files/eegmmidb/1.0.0"  # where MNE keeps the recordings below the folder it is given
RUNS = {N_("imagery"): (4, 8, 12), N_("execution"): (3, 7, 11)}  # two minutes each; the last one is tested on
ALL_RUNS = sorted(run for runs in RUNS.values() for run in runs)
AT_ONCE = 5  # people that one fetch brings: all of them would be 1.6 GB

ELSEWISE = (88, 92, 100)  # recorded at 128 Hz, with other timing
RATE = 160.0  # Hz, of everybody else
SFREQ = 125.0
BAND = (0.5, 30.0)  # Hz, the Graz amplifier's
CUE, N_TIMES = 3.0, 750  # s, samples: a trial as the Graz recordings have it, 6 s with the cue in the middle
CODES = {"T1": 0, "T2": 1}  # in these runs: left fist, right fist; T0 is rest
REPAIR = N_("Delete it and fetch it again.")


class PhysionetMi(Source):
    """106 people, 30 trials to train on and 15 to test on, of imagery or of movement; read and brought by MNE."""

    name: ClassVar[str] = "physionet-mi"
    title: ClassVar[str] = N_("PhysioNet motor imagery")
    about: ClassVar[str] = N_(
        "Volunteers opened and closed the left or the right fist, or imagined it, while a target stood on that side of "
        "the screen for 4 s. 64 electrodes, of which C3 and C4 or their neighbours are taken, 0.5 to 30 Hz, brought "
        "from 160 to 125 Hz; a trial is 6 s with the target at 3 s, so that a network of the Graz recordings fits. "
        "The last of three runs is the test. S088, S092 and S100, recorded with another timing, are left out."
    )
    licence: ClassVar[str] = "Open Data Commons Attribution License (ODC-By) 1.0"  # a name: not translated
    cite: ClassVar[str] = (
        "G. Schalk et al. (2004), BCI2000: a general-purpose brain-computer interface (BCI) system, IEEE Trans. "
        "Biomed. Eng. 51(6), 1034-1043. A. Goldberger et al. (2000), PhysioBank, PhysioToolkit, and PhysioNet, "
        "Circulation 101(23), e215-e220."
    )
    size: ClassVar[str] = N_("16 MB a person, 5 people at a time")  # AT_ONCE
    subjects: ClassVar[tuple[str, ...]] = tuple(f"S{n:03d}" for n in range(1, 110) if n not in ELSEWISE)
    by_subject: ClassVar[bool] = True
    options: ClassVar[Mapping[str, Setting]] = {
        "task": Setting(
            N_("Task"),
            N_("Whether the fist is only imagined to move (runs 4, 8, 12) or does move (runs 3, 7, 11)."),
            choices=tuple(RUNS),
            name="task",
            default="imagery",
        ),
        "montage": Setting(
            N_("Montage"),
            N_(
                "bipolar: the voltages FC3-CP3 and FC4-CP4, across C3 and C4 as in the Graz recordings. referential: "
                "C3 and C4 as recorded, with all that the whole head has in common."
            ),
            choices=(N_("bipolar"), N_("referential")),
            name="montage",
            default="bipolar",
        ),
    }

    def state(self, root: Path) -> State:
        """Who has all six runs here."""
        try:
            ready = _complete(root / FOLDER / INSIDE)
        except SourceError as problem:
            return State("fetch", str(problem))
        here = _("Here: {who}.", who=", ".join(ready)) if ready else _("Nobody's recordings are here yet.")
        how = _(
            "`python -m eegnets fetch {source}` brings the next {n} people from PhysioNet (or `--subjects S007,S012`), "
            "and `--from DIR` copies whoever's files are in a folder.",
            source=self.name,
            n=AT_ONCE,
        )
        return State("ready" if ready else "fetch", f"{here} {how}", ready, more=0 < len(ready) < len(self.subjects))

    def files(self, root: Path, subjects: tuple[str, ...]) -> list[Path]:
        """The six runs of each of `subjects`."""
        return [_path(root, who, run) for who in subjects for run in ALL_RUNS]

    def load(self, root: Path, subjects: tuple[str, ...], **options: Any) -> Trials:
        """Trials of `subjects`, (n_trials, 2, 750), µV."""
        chosen = self.check_options(options)
        return concatenate([_person(root, who, **chosen) for who in subjects])

    def fetch(
        self,
        root: Path,
        from_dir: Path | None = None,
        progress: Progress | None = None,
        subjects: tuple[str, ...] = (),
    ) -> list[Path]:
        """Bring people (none named: the next who are not here) from PhysioNet, or copy whoever is in a folder."""
        if from_dir:
            return self._copy(root, from_dir, progress)
        for who in subjects:
            lookup(dict.fromkeys(self.subjects), _("subject of {source}", source=self.name), who)
        here = _complete(root / FOLDER / INSIDE)
        wanted = subjects or [who for who in self.subjects if who not in here][:AT_ONCE]
        return [_download(root, who, run, progress) for who in wanted for run in ALL_RUNS]

    def _copy(self, root: Path, from_dir: Path, progress: Progress | None) -> list[Path]:
        named_in(from_dir)
        folders = (from_dir / FOLDER / INSIDE, from_dir / INSIDE)  # another data root, MNE's folder, or PhysioNet's
        folder = next((nested for nested in folders if nested.is_dir()), from_dir)
        copied: list[Path] = []
        for who in _complete(folder):
            files = [(folder / who / _name(who, run), recording) for run in ALL_RUNS]
            copied += copy(files, root / FOLDER / INSIDE / who, progress)
        if not copied:
            names = ", ".join(_name("S001", run) for run in ALL_RUNS)
            raise SourceError(
                _(
                    "{folder} has all six runs of nobody; those of S001 are, in a folder S001: {names}.",
                    folder=folder,
                    names=names,
                )
            )
        return copied


def _name(who: str, run: int) -> str:
    return f"{who}R{run:02d}.edf"


def _path(root: Path, who: str, run: int) -> Path:
    return root / FOLDER / INSIDE / who / _name(who, run)


def _complete(folder: Path) -> tuple[str, ...]:
    """Who has all six runs in `folder`; raises SourceError where it may not be read."""
    people = sorted(listing(folder) & set(PhysionetMi.subjects))
    return tuple(who for who in people if listing(folder / who).issuperset(_name(who, run) for run in ALL_RUNS))


def _download(root: Path, who: str, run: int, progress: Progress | None) -> Path:
    from mne.datasets import eegbci  # here: MNE takes a second to come, which a list of sources need not wait for

    pooch.get_logger().setLevel("WARNING")  # MNE downloads with it, and its notes would go to the terminal
    try:
        (path,) = eegbci.load_data(int(who[1:]), run, path=root / FOLDER, update_path=False, verbose="ERROR")
    except (OSError, ValueError) as error:  # the net's errors are OSErrors; a ValueError is a wrong checksum
        wrong = _("other bytes came than were published") if isinstance(error, ValueError) else None
        raise SourceError(
            _(
                "{file} cannot be had from PhysioNet: {reason}. Check the connection and the room in {folder}, then "
                "fetch again; what has come is kept.",
                file=_name(who, run),
                reason=wrong or error.strerror or _("the server did not answer, or not to the end"),
                folder=root,
            )
        ) from error
    if progress:
        size = path.stat().st_size
        progress(path.name, size, size)
    return path


def _person(root: Path, who: str, task: str, montage: str) -> Trials:
    """The trials of one person, (n_trials, 2, 750), µV; those of the last run are the test."""
    runs = [read(_path(root, who, run), montage) for run in RUNS[task]]
    last, y = len(runs[-1][1]), np.concatenate([y for _X, y in runs])
    return Trials(
        X=np.concatenate([X for X, _y in runs]),
        y=y,
        split=np.repeat(["train", "test"], [len(y) - last, last]),
        subject=np.repeat(who, len(y)),
        number=np.arange(1, len(y) + 1),
        sfreq=SFREQ,
        ch_names=("C3", "C4"),
        class_names=(N_("left fist"), N_("right fist")),
        windows={"cue": (CUE, CUE + 0.5), task: (CUE + 0.5, 6.0)},
    )


def read(path: Path, montage: str) -> tuple[np.ndarray, np.ndarray]:
    """Signal and classes of one run: X, (n_trials, 2, 750), µV, and y, 0 left, 1 right; raises SourceError."""
    raw = recording(path)
    names = ["FC3", "FC4", "CP3", "CP4"] if montage == "bipolar" else ["C3", "C4"]
    if raw.info["sfreq"] != RATE or not set(names) <= set(raw.ch_names):
        raise _broken(
            _(
                "{path} has {found}, … ({n} channels) at {rate:g} Hz where {names} at {usual:g} Hz are expected.",
                path=path,
                found=", ".join(raw.ch_names[:4]),
                n=len(raw.ch_names),
                rate=raw.info["sfreq"],
                names=", ".join(names),
                usual=RATE,
            )
        )
    raw.pick(names).reorder_channels(names).load_data(verbose="ERROR")
    raw.filter(*BAND, verbose="ERROR").resample(SFREQ, verbose="ERROR")
    signal = raw.get_data(units="uV")
    signal = signal[:2] - signal[2:] if montage == "bipolar" else signal
    start, y = _cues(raw.annotations, signal.shape[1])
    if not len(y):
        raise _broken(_("{path} has no trial: no mark T1 or T2 with {s:g} s on both sides.", path=path, s=CUE))
    return signal[:, start[:, None] + np.arange(N_TIMES)].transpose(1, 0, 2), y


def recording(path: Path) -> Any:
    """A run as MNE's Raw, channels named as in the 10-10 system; raises SourceError for a file that is not whole."""
    import mne

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", "Number of records")  # MNE's word for a file that was cut
            raw = mne.io.read_raw_edf(path, verbose="WARNING")
            mne.datasets.eegbci.standardize(raw)
    except OSError as error:
        raise unreadable(path, error) from error
    except Exception as error:  # a damaged file makes MNE raise many kinds
        raise _broken(_("{path} is no whole EDF recording ({error}).", path=path, error=error)) from error
    return raw


def _broken(words: str) -> SourceError:
    """The message for a file that is not what it should be, with its repair."""
    return SourceError(f"{words} {_(REPAIR)}")


def _cues(marks: Any, n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """First sample and class of every trial that lies within the recording."""
    found = [
        (onset, CODES[str(mark)]) for onset, mark in zip(marks.onset, marks.description, strict=True) if mark in CODES
    ]
    onset, y = np.array(found, dtype=float).reshape(-1, 2).T
    start = np.rint((onset - CUE) * SFREQ).astype(np.int64)
    inside = (start >= 0) & (start + N_TIMES <= n_samples)
    return start[inside], y[inside].astype(np.int64)
