"""Left- and right-hand imagery out of MOABB's list of open data sets; MOABB is optional."""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from eegnets.config import InputError, lookup, unknown
from eegnets.sources.base import Progress, Source, SourceError, State, listing
from eegnets.translation import N_, _
from eegnets.trials import Trials, concatenate

FOLDER = "moabb"
FIRST = "BNCI2014_004"  # recorded as Graz IIIb was: bipolar C3 and C4
AT_ONCE = 2  # people that one fetch brings
INSTALL = "pip install -r requirements-moabb.txt"

SFREQ, N_TIMES = 125.0, 750
CUE = 3.0  # s from a trial's beginning to the moment from which MOABB counts its imagery
BAND = (0.5, 30.0)  # Hz
CLASSES = {"left_hand": N_("left hand"), "right_hand": N_("right hand")}


class Moabb(Source):
    """People of any set, named SET-NUMBER; their trials are cut when they are brought, and kept."""

    name: ClassVar[str] = "moabb"
    title: ClassVar[str] = N_("Open data sets (MOABB)")
    about: ClassVar[str] = N_(
        "Left- against right-hand imagery from the data sets that MOABB, the Mother of All BCI Benchmarks, knows how "
        "to bring. The first is BNCI2014_004: nine people, bipolar C3 and C4, five sessions of which two are the test. "
        "Every set is cut alike: C3 and C4, 0.5 to 30 Hz, 125 Hz, 6 s with the cue at 3 s."
    )
    licence: ClassVar[str] = N_("Each set has its own, which MOABB names; BNCI2014_004: CC BY-ND 4.0")
    cite: ClassVar[str] = (
        "BNCI2014_004: R. Leeb et al. (2007), Brain-computer communication: motivation, aim, and impact of exploring a "
        "virtual apartment, IEEE Trans. Neural Syst. Rehabil. Eng. 15(4), 473-482. MOABB: V. Jayaram & A. Barachant "
        "(2018), MOABB: trustworthy algorithm benchmarking for BCIs, J. Neural Eng. 15(6), 066011."
    )
    size: ClassVar[str] = N_("about 60 MB a person, 2 people at a time")  # AT_ONCE
    subjects: ClassVar[tuple[str, ...]] = tuple(f"{FIRST}-{n}" for n in range(1, 10))
    by_subject: ClassVar[bool] = True

    def state(self, root: Path) -> State:
        """Whose trials have been brought; they load without MOABB."""
        try:
            ready = _here(root)
        except SourceError as problem:
            return State("manual", str(problem))
        have_moabb = importlib.util.find_spec("moabb") is not None
        here = _("Here: {who}.", who=", ".join(ready)) if ready else _("Nobody's trials are here yet.")
        how = _(
            "`python -m eegnets fetch {source}` brings the next {n} people of {first}, `--subjects Zhou2016-1` the "
            "first of Zhou2016.",
            source=self.name,
            n=AT_ONCE,
            first=FIRST,
        )
        if not have_moabb:
            how = _("To bring some, install MOABB with `{install}`; nothing else needs it.", install=INSTALL)
        more = have_moabb and bool(ready) and not set(self.subjects) <= set(ready)
        return State("ready" if ready else "fetch" if have_moabb else "manual", f"{here} {how}", ready, more)

    def files(self, root: Path, subjects: tuple[str, ...]) -> list[Path]:
        """The trials of each of `subjects`, as they were cut."""
        return [root / FOLDER / f"{who}.npz" for who in subjects]

    def load(self, root: Path, subjects: tuple[str, ...], **options: Any) -> Trials:
        """Trials of `subjects`, (n_trials, 2, 750), µV."""
        return concatenate([_stored(path) for path in self.files(root, subjects)])

    def fetch(
        self,
        root: Path,
        from_dir: Path | None = None,
        progress: Progress | None = None,
        subjects: tuple[str, ...] = (),
    ) -> list[Path]:
        """Bring people, such as "Zhou2016-1" (none named: the next of BNCI2014_004), with MOABB's own downloads.

        Recordings are looked for, and kept, in `from_dir` (MNE's data folder) or in the data root.
        """
        if importlib.util.find_spec("moabb") is None:
            needs = {"source": _(self.title), "install": INSTALL}
            raise SourceError(_("{source} need MOABB: install it with `{install}`, then fetch again.", **needs))
        wanted = subjects or tuple(who for who in self.subjects if who not in _here(root))[:AT_ONCE]
        recordings = from_dir or root / FOLDER / "recordings"
        return [_bring(root, who, recordings, progress) for who in wanted]


def _here(root: Path) -> tuple[str, ...]:
    return tuple(sorted(name.removesuffix(".npz") for name in listing(root / FOLDER) if name.endswith(".npz")))


def _stored(path: Path) -> Trials:
    try:
        return Trials.load(path)
    except Exception as error:  # a damaged file makes NumPy raise many kinds
        raise SourceError(
            _("{path} cannot be read ({error}). Delete it and fetch it again.", path=path, error=error)
        ) from error


def _bring(root: Path, who: str, recordings: Path, progress: Progress | None) -> Path:
    path = root / FOLDER / f"{who}.npz"
    trials = cut(who, *_recorded(who, recordings))
    try:
        trials.save(path)
    except OSError as error:
        reason = error.strerror or error
        raise SourceError(
            _("{path} cannot be written ({reason}). Free some space.", path=path, reason=reason)
        ) from error
    if progress:
        size = path.stat().st_size
        progress(path.name, size, size)
    return path


def cut(who: str, X: np.ndarray, labels: Any, runs: Any) -> Trials:
    """Trials out of what MOABB gives: X, (n_trials, 2, 750 or more), µV, labels and a table of session and run.

    Tested on are the sessions that the set calls so, else the last session, or the last run where there is one session.
    """
    labels = np.asarray(labels)
    session, run = (runs[name].to_numpy(dtype=str) for name in ("session", "run"))
    test = np.char.find(session, "test") >= 0
    if not test.any():
        test = session == session[-1]
    if test.all():
        test = run == run[-1]
    return Trials(
        X=X[:, :, :N_TIMES],
        y=np.array([list(CLASSES).index(label) for label in labels]),
        split=np.where(test, "test", "train"),
        subject=np.repeat(who, len(X)),
        number=np.arange(1, len(X) + 1),
        sfreq=SFREQ,
        ch_names=("C3", "C4"),
        class_names=tuple(CLASSES.values()),
        windows={N_("cue"): (CUE, CUE + 1.25), N_("imagery"): (CUE + 0.5, N_TIMES / SFREQ)},
    )


def _recorded(who: str, recordings: Path) -> tuple[np.ndarray, Any, Any]:
    """MOABB's answer for one person: signal, µV, labels, and the table of sessions and runs; raises InputError."""
    from moabb.paradigms import LeftRightImagery

    known = data_sets()
    name, _dash, number = who.rpartition("-")
    chosen = lookup(known, _("data set of MOABB"), name)
    people = {str(person): person for person in chosen.subject_list}
    if number not in people:
        raise InputError(unknown(_("person of {data_set}", data_set=name), number, people))
    paradigm = LeftRightImagery(*BAND, tmin=-CUE, tmax=CUE, channels=["C3", "C4"], resample=SFREQ)
    with _kept_in(recordings):
        try:
            return paradigm.get_data(chosen, [people[number]])
        except Exception as error:  # MOABB, the net, forty formats
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise SourceError(
                _(
                    "{who} cannot be had with MOABB ({reason}). Check the connection, then retry.",
                    who=who,
                    reason=reason,
                )
            ) from error


def data_sets() -> dict[str, Any]:
    """Every set of left- and right-hand imagery in MOABB, by name."""
    from moabb.paradigms import LeftRightImagery

    return {type(one).__name__: one for one in LeftRightImagery().datasets}


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """Have MNE and MOABB keep recordings in `folder` meanwhile, without writing that into the user's settings."""
    before = os.environ.get("MNE_DATA")
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["MNE_DATA"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["MNE_DATA"]
        else:
            os.environ["MNE_DATA"] = before
