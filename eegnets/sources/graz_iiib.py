"""BCI Competition III, data set IIIb: the three recordings of Graz, as their makers published them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from eegnets.sources.base import Progress, Source, SourceError, State, listing, unreadable, within
from eegnets.sources.download import Check, Remote, copy, download, named_in
from eegnets.sources.graz_recording import SFREQ, Recording, check, read
from eegnets.translation import N_, _
from eegnets.trials import Trials, concatenate

FOLDER = "graz-iiib"
SITE = "https://www.bbci.de/competition"
RECORDINGS = f"{SITE}/download/competition_iii/graz"
LABELS = f"{SITE}/iii/results/graz_IIIb"
N_TIMES = 750  # 6 s from the trial start, as in the course's files: cue at 3 s, feedback from 4 s


@dataclass(frozen=True)
class Subject:
    """The files of one person. SHA-256 of a recording where it is known."""

    labels: str
    labels_sha256: str
    gdf_sha256: str | None = None


PEOPLE = {
    "O3VR": Subject(
        "true_labels_O3VR.txt",
        "ec2e710440795db9499422e671f09a7692338255a2c75a6e666a756788663243",
        "947636fada6b7ab8d6d9d6e047fb900c0f3fe00d62abe6250ad76d9c5940043e",
    ),
    "S4b": Subject("true_labels_S4.txt", "fa185d6c708bc181908474a27a89d67b89e52986dc2bcf010f6520b366572d30"),
    "X11b": Subject("true_labels_X11.txt", "26a45be3a9237228c3053befd888ebad71ff85b0be738c7291b1dcf198907a72"),
}


class GrazIIIb(Source):
    """The recordings O3VR, S4b and X11b with the classes that were published after the competition."""

    name: ClassVar[str] = "graz-iiib"
    title: ClassVar[str] = N_("Graz IIIb (BCI Competition III)")
    about: ClassVar[str] = N_(
        "Three people at TU Graz imagined moving the left or the right hand, as a cue at 3 s told them, and steered "
        "what they saw from 4 s on: a virtual room (O3VR) or a basket game (S4b, X11b). Two bipolar channels, over C3 "
        "and C4, 125 Hz, 0.5 to 30 Hz. The classes that the competition withheld are the test trials."
    )
    caution: ClassVar[str] = N_(
        "In O3VR's recording the signal is ahead of the marks: the power at 8 to 12 Hz tells the hands apart from "
        "1.5 s on, before the cue at 3 s, and a wave such as a cue evokes comes at 1.2 s. What is shaded may be some "
        "2 s late."
    )
    licence: ClassVar[str] = N_(
        "No open licence is stated. The competition's terms: in publications, name the group that recorded the data "
        "and cite the paper."
    )
    cite: ClassVar[str] = (
        "Data set IIIb of BCI Competition III, provided by A. Schlögl and colleagues, TU Graz. B. Blankertz et al. "
        "(2006), The BCI competition III: validating alternative approaches to actual BCI problems, IEEE Trans. Neural "
        "Syst. Rehabil. Eng. 14(2), 153-159."
    )
    size: ClassVar[str] = N_("3 MB (O3VR), about 14 MB for all three")
    subjects: ClassVar[tuple[str, ...]] = tuple(PEOPLE)

    def state(self, root: Path) -> State:
        """Which of the three have a recording and labels here."""
        folder = root / FOLDER
        try:
            names = listing(folder)
        except SourceError as problem:
            return State("fetch", str(problem))
        missing = {who: _missing(who, names) for who in PEOPLE}
        ready = tuple(who for who in PEOPLE if not missing[who])
        absent = "; ".join(
            _("{who} lacks {files}", who=who, files=", ".join(files)) for who, files in missing.items() if files
        )
        if not absent:
            return State("ready", _("All three recordings are here."), ready)
        here = _("Here: {who}.", who=", ".join(ready))
        how = _(
            "{here} {absent}. Bring them with one click, with `python -m eegnets fetch {source}` or, from a folder, "
            "`--from DIR`.",
            here=here if ready else _("Nothing complete is in {folder} yet.", folder=folder),
            absent=absent,
            source=self.name,
        )
        return State("ready" if ready else "fetch", how, ready, more=bool(ready))

    def files(self, root: Path, subjects: tuple[str, ...]) -> list[Path]:
        """Recording and labels of each of `subjects`."""
        folder = root / FOLDER
        names = listing(folder)
        return [folder / name for who in subjects for name in (_recording(who, names), PEOPLE[who].labels)]

    def load(self, root: Path, subjects: tuple[str, ...], **options: Any) -> Trials:
        """Trials of `subjects`, (n_trials, 2, 750), µV; NaN where the converter was at its rail or in a break."""
        files = self.files(root, subjects)
        parts = zip(subjects, files[::2], files[1::2], strict=True)
        return concatenate([load_subject(who, recording, labels) for who, recording, labels in parts])

    def fetch(self, root: Path, from_dir: Path | None = None, progress: Progress | None = None) -> list[Path]:
        """Bring what is missing: from the organisers' site, or from a folder that holds the files."""
        if from_dir:
            return self._copy(root, from_dir, progress)
        by_hand = _(
            "Or save the files of {recordings}/ and {labels}/ in one folder and fetch with --from that folder.",
            recordings=RECORDINGS,
            labels=LABELS,
        )
        try:
            return download(_remotes(listing(root / FOLDER)), root / FOLDER, progress, by_hand)
        except SourceError as problem:
            ready = ", ".join(self.state(root).subjects)
            besides = _("Ready all the same: {who}.", who=ready) if ready else ""
            raise SourceError(f"{problem} {besides}".strip()) from problem

    def _copy(self, root: Path, from_dir: Path, progress: Progress | None) -> list[Path]:
        folder = within(from_dir, FOLDER)
        wanted = _checks(named_in(folder))
        if not wanted:
            expected = ", ".join(name for who in PEOPLE for name in (f"{who}.gdf", PEOPLE[who].labels))
            files = {"folder": folder, "files": expected}
            raise SourceError(_("{folder} has none of the files {files} (or O3VR.mat, O3VR_mat.zip).", **files))
        copied = copy([(folder / name, check) for name, check in wanted.items()], root / FOLDER, progress)
        state = self.state(root)
        if state.state != "ready":
            came = {"files": ", ".join(wanted), "folder": folder}
            raise SourceError(_("{files} came from {folder}, but no subject is complete. {how}", **came, how=state.how))
        return copied


def load_subject(who: str, recording: Path, labels: Path) -> Trials:
    """The trials of one person whose class is known, each once.

    Trained on are those whose cue is in the recording; tested on are those whose class was published afterwards.
    Trials that are copies of a later one are left out; what is known of a copy is known of the trial.
    """
    cut = read(recording)
    X = windows(cut)
    cue, published = cut.cue, read_labels(labels, len(X))
    _check_agreement(labels, cue, published)
    group, last = copies(X)
    cue, published = (_shared(what, group, recording) for what in (cue, published))
    y = np.where(cue >= 0, cue, published)
    keep = last & (y >= 0)
    return Trials(
        X=X[keep],
        y=y[keep],
        split=np.where(cue >= 0, "train", "test")[keep],
        subject=np.repeat(who, keep.sum()),
        number=1 + np.flatnonzero(keep),
        sfreq=SFREQ,
        ch_names=("C3", "C4"),
        class_names=("left hand", "right hand"),
        windows={"cue": (3.0, 4.25), "imagery": (3.5, 6.0)},  # the organisers score what comes after 3.5 s
    )


def windows(recording: Recording) -> np.ndarray:
    """The first 6 s of every trial, (n_trials, 2, 750), µV; NaN past the recording's end."""
    end = np.full((len(recording.signal), N_TIMES), np.nan, dtype=np.float32)
    signal = np.concatenate([recording.signal, end], axis=1)
    sample = recording.start[:, None] + np.arange(N_TIMES)  # (n_trials, 750)
    return signal[:, sample].transpose(1, 0, 2).copy()


def copies(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which trials are the same, sample for sample: a group number for each, and whether it is its group's last.

    O3VR holds 160 trials twice, its first 160 and the next, as a comparison of all samples shows.
    Trials with no sample at all are nobody's copies.
    """
    empty = np.isnan(X).all(axis=(1, 2))
    comparable = np.nan_to_num(X, nan=np.inf)  # missing equals missing, whatever the bits of the NaN
    seen: dict[bytes, int] = {}
    group = np.array([i if empty[i] else seen.setdefault(trial.tobytes(), i) for i, trial in enumerate(comparable)])
    last = np.zeros(len(X), dtype=bool)
    last[[int(np.flatnonzero(group == g)[-1]) for g in np.unique(group)]] = True
    return group, last


def _shared(label: np.ndarray, group: np.ndarray, recording: Path) -> np.ndarray:
    """Every trial's class, or that of one of its copies; raises SourceError where copies contradict each other."""
    known = label >= 0
    high = np.full(len(label), -1)
    low = np.full(len(label), np.iinfo(np.int64).max)
    np.maximum.at(high, group[known], label[known])
    np.minimum.at(low, group[known], label[known])
    at_odds = np.flatnonzero(high[group] > low[group])
    if len(at_odds):
        numbers = 1 + at_odds[:4]
        raise SourceError(
            _("{path}: the trials {numbers} are the same but have different classes.", path=recording, numbers=numbers)
        )
    return high[group]


def read_labels(path: Path, n_trials: int) -> np.ndarray:
    """The published classes, (n_trials,): 0 left, 1 right, -1 for trials that the file's first line leaves out.

    One number a line, 1 left and 2 right; a line that begins with # may say "ignore trials 1-320". Raises SourceError.
    """
    text = _text(path)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    odd = next((line for line in lines if line not in ("1", "2")), None)
    if odd is not None:
        raise _refetch(
            _("{path} holds {found!r} where one 1 (left) or 2 (right) a line is expected.", path=path, found=odd[:40])
        )
    ignored = re.search(r"^#.*ignore trials 1-(\d+)", text, re.MULTILINE)
    skip = int(ignored[1]) if ignored else 0
    if len(lines) + skip != n_trials:
        labels = _("{n} labels (and leaves out {skip})", n=len(lines), skip=skip)
        raise _refetch(
            _(
                "{path} has {labels} for {n} trials: another subject's?",
                path=path,
                labels=labels if skip else _("{n} labels", n=len(lines)),
                n=n_trials,
            )
        )
    return np.concatenate([np.full(skip, -1), np.array(lines, dtype=np.int64) - 1])


REFETCH = N_("Fetch the true labels again.")


def _refetch(words: str) -> SourceError:
    """The message for labels that are not what they should be, with their repair."""
    return SourceError(f"{words} {_(REFETCH)}")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise unreadable(path, error) from error


def _check_agreement(path: Path, cue: np.ndarray, published: np.ndarray) -> None:
    """Refuse another subject's labels, which contradict every second cue; a slip or two would leave the cues right."""
    both = (cue >= 0) & (published >= 0)
    wrong = int((cue != published)[both].sum())
    if wrong > 0.1 * both.sum():
        raise _refetch(
            _(
                "{path} contradicts the cues of the recording in {wrong} of {n} trials: another subject's?",
                path=path,
                wrong=wrong,
                n=both.sum(),
            )
        )


def _recordings(who: str) -> tuple[str, ...]:
    return f"{who}.gdf", f"{who}.mat", f"{who}_mat.zip"


def _recording(who: str, names: frozenset[str]) -> str:
    """The file that holds the recording, the .gdf where there is none or several."""
    return next((name for name in _recordings(who) if name in names), f"{who}.gdf")


def _missing(who: str, names: frozenset[str]) -> list[str]:
    return [name for name in (_recording(who, names), PEOPLE[who].labels) if name not in names]


def _checks(names: frozenset[str]) -> dict[str, Check]:
    """What is of use among `names`, with the look that tells whether it is whole."""
    recordings = {name: check for who in PEOPLE if (name := _recording(who, names)) in names}
    return recordings | {who.labels: _check_labels for who in PEOPLE.values() if who.labels in names}


def _check_labels(path: Path) -> None:
    text = _text(path)
    if not re.search(r"^[12]\s*$", text, re.MULTILINE):
        raise _refetch(
            _("{path} holds no labels (1 or 2, one a line); it begins with {begin!r}.", path=path, begin=text[:20])
        )


def _remotes(names: frozenset[str]) -> list[Remote]:
    """All that a full set needs, subject by subject, but no .gdf beside a .mat that is here.

    O3VR's address is known to serve; the other recordings' follow its pattern.
    """
    files = []
    for who, files_of in PEOPLE.items():
        if _recording(who, names) == f"{who}.gdf":
            files.append(Remote(f"{who}.gdf", f"{RECORDINGS}/{who}.gdf", check, files_of.gdf_sha256))
        files.append(Remote(files_of.labels, f"{LABELS}/{files_of.labels}", _check_labels, files_of.labels_sha256))
    return files
