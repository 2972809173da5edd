"""Simulated motor imagery: two virtual people whose EEG is built, part by part, to the measure of real recordings.

The measure was taken from the first 87 trials of four files that courses hand out, S4b and X11b (train and test), and
from the one recording of BCI Competition III, data set IIIb, whose classes are known trial by trial, O3VR. Montage,
rate, band and the timing of a trial are those of the organisers' description (desc_IIIb.pdf, TU Graz). That imagining a
hand weakens the mu and beta rhythms of the other side, and that beta comes back stronger, is from Pfurtscheller &
Lopes da Silva, "Event-related EEG/MEG synchronization and desynchronization", Clin. Neurophysiol. 110 (1999) 1842-1857.
`benchmarks/calibrate_simulated.py` prints measured and simulated side by side.

One thing is the textbook's and not the course files': while the feedback runs, X11b's mu grows to seven times its power
and S4b's a little, on both sides; here, as in O3VR, it shrinks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy import fft

from eegnets.config import Setting
from eegnets.sources.base import Source, State
from eegnets.translation import N_, _
from eegnets.trials import Trials, concatenate

SFREQ = 125.0  # Hz
N_TIMES = 750  # 6 s: what a course file holds of each trial
N_TRIALS = {"train": 540, "test": 540}
RUN = 60  # trials; electrodes and wakefulness change from run to run
CUE = 3.0  # s after the start of a trial
HELD = (1.0, 1.5)  # s: how long a movement is imagined, at least and at most
RAIL = 50.0  # µV; what lies beyond saturates the converter
TIMES = (np.arange(N_TIMES) / SFREQ).astype(np.float32)
N_FFT = 1024  # longer than a trial, so that its end does not wrap round to its start
FREQS = np.fft.rfftfreq(N_FFT, 1 / SFREQ).astype(np.float32)

Pair = tuple[float, float]  # of C3 and of C4
Bump = tuple[float, float, float, float]  # peak (s), width (s), µV on C3, µV on C4


@dataclass(frozen=True)
class Rhythm:
    """An oscillation: where it lies and how far imagery changes it (1: its own amplitude)."""

    hz: float
    width: float  # Hz, standard deviation of its peak
    wander: float  # Hz, standard deviation of its frequency from trial to trial
    rms: Pair  # µV at rest
    contralateral: float  # change of amplitude over the hand's cortex
    ipsilateral: float
    rebound: float = 0.0  # gain of amplitude over the hand's cortex once the imagery ends


@dataclass(frozen=True)
class Person:
    """What makes one virtual person's EEG different from another's."""

    background: float  # µV rms
    slope: float  # power falls as 1 / f**slope
    mu: Rhythm
    beta: Rhythm
    gaze: float  # µV rms: slow, random waves while the eyes follow the feedback
    blink: float  # µV, median height
    rails: bool  # whether the converter saturates at ±RAIL
    evoked: tuple[Bump, ...]


# Frequencies, widths and sizes come from the median spectra of S4b and X11b, the evoked bumps from their averages, the
# gaze from how far trials scatter about those averages. How much each side weakens is O3VR's: in its mu the opposite
# side keeps 0.55 (C4) and 0.79 (C3) of the power that the hand's own side has, here about 0.6. The course of beta,
# down and then up, is of Pfurtscheller & Lopes da Silva; it leaves hardly a trace in the power of the whole window.
PEOPLE = {
    "A": Person(  # after S4b
        background=3.4,
        slope=1.1,
        mu=Rhythm(9.4, 0.8, 0.4, (4.9, 4.2), -0.48, -0.12),
        beta=Rhythm(18.5, 2.2, 0.5, (0.88, 0.88), -0.60, 0.0, 1.0),
        gaze=9.5,
        blink=14.0,
        rails=True,
        evoked=(
            (0.22, 0.10, 2.3, 1.7),
            (0.70, 0.20, -0.9, -2.0),
            (3.20, 0.03, 5.5, 5.0),
            (3.34, 0.05, -4.5, -3.8),
            (3.66, 0.16, 5.6, 3.6),
            (4.27, 0.21, -5.8, -4.2),
            (5.12, 0.25, 1.6, 3.2),
        ),
    ),
    "B": Person(  # after X11b
        background=3.05,
        slope=1.0,
        mu=Rhythm(11.0, 0.55, 0.45, (1.5, 1.9), -0.48, -0.12),
        beta=Rhythm(17.5, 2.6, 0.5, (0.85, 0.95), -0.60, 0.0, 1.0),
        gaze=3.0,
        blink=8.0,
        rails=False,
        evoked=(
            (0.05, 0.10, 2.0, 1.6),
            (0.34, 0.06, -0.9, -1.3),
            (3.21, 0.04, 2.7, 3.9),
            (3.50, 0.12, -0.8, -1.0),
            (3.90, 0.13, 1.4, 1.1),
            (4.50, 0.25, -0.4, -0.4),
        ),
    ),
}


@dataclass(frozen=True)
class Task:
    """How a person carries out the task, as `difficulty` sets it."""

    strength: float  # of the desynchronisation, times the person's own
    spread: float  # of that strength from trial to trial, relative
    lapses: float  # share of trials in which nothing is imagined
    slow: float  # µV, the negative shift over the hand's cortex
    hesitation: float  # s, standard deviation of when imagery sets in

    @classmethod
    def at(cls, difficulty: float) -> "Task":
        """The task of a difficulty from 0 to 1."""
        easy, hard = (1.45, 0.1, 0.0, 1.4, 0.15), (0.55, 0.5, 0.16, 0.6, 0.45)
        return cls(*(low + difficulty * (high - low) for low, high in zip(easy, hard, strict=True)))


class Simulated(Source):
    """Two virtual people, 1,080 trials each; always there."""

    name: ClassVar[str] = "simulated"
    title: ClassVar[str] = N_("Simulated motor imagery")
    about: ClassVar[str] = N_(
        "Two virtual people imagine moving the left or the right hand, 540 training and 540 test trials each. The EEG "
        "is made here, from noise, rhythms and evoked waves measured on the Graz recordings, so that everything that "
        "tells the hands apart is known. Recorded as there: two bipolar channels over C3 and C4, 125 Hz, cue at 3 s."
    )
    licence: ClassVar[str] = N_("MIT, as this program")
    cite: ClassVar[str] = (
        "Pfurtscheller & Lopes da Silva (1999), Clin. Neurophysiol. 110, 1842-1857; measures taken on BCI Competition "
        "III, data set IIIb (TU Graz)."
    )
    size: ClassVar[str] = N_("nothing to download")
    subjects: ClassVar[tuple[str, ...]] = tuple(PEOPLE)
    options: ClassVar[Mapping[str, Setting]] = {
        "difficulty": Setting(
            N_("Difficulty"),
            N_("How faint and fickle the rhythms' answer to imagery is: 0 clear, 1 nearly lost in the noise."),
            low=0.0,
            high=1.0,
            name="difficulty",
            kind=float,
            default=0.5,
        ),
        "seed": Setting(
            N_("Data seed"),
            N_("Draws the people's brains anew. Same seed, same trials."),
            low=0,
            high=2**31 - 1,
            name="seed",
            kind=int,
            default=0,
        ),
    }

    def state(self, root: Path) -> State:
        """Ready: nothing is read."""
        return State("ready", _("Made on this machine in a second; nothing to download."), self.subjects)

    def files(self, root: Path, subjects: tuple[str, ...]) -> list[Path]:
        """None."""
        return []

    def load(self, root: Path, subjects: tuple[str, ...], **options: Any) -> Trials:
        """Make the trials of `subjects` (none named: both), (n_trials, 2, 750), µV; NaN where A saturates."""
        chosen = self.check_options(options)
        task = Task.at(chosen["difficulty"])
        return concatenate([_record(name, task, chosen["seed"]) for name in subjects or self.subjects])


def _record(name: str, task: Task, seed: int) -> Trials:
    """All the trials of one person.

    Every person has a generator of its own, and the number of draws never depends on the task: people do not depend on
    who else is asked for, and another difficulty changes the signal in the very same noise.
    """
    person, rng = PEOPLE[name], np.random.default_rng([seed, list(PEOPLE).index(name)])
    split = np.repeat(list(N_TRIALS), list(N_TRIALS.values()))
    y = np.concatenate([rng.permutation(np.arange(n) % 2) for n in N_TRIALS.values()])
    return Trials(
        X=_signal(person, task, y, rng),
        y=y,
        split=split,
        subject=np.repeat(name, len(y)),
        number=np.arange(1, len(y) + 1),
        sfreq=SFREQ,
        ch_names=("C3", "C4"),
        class_names=("left hand", "right hand"),
        windows={"cue": (CUE, 4.25), "imagery": (3.5, 6.0)},
    )


def _signal(person: Person, task: Task, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sum of everything an electrode sees, (n_trials, 2, N_TIMES), µV."""
    imagery = _Imagery.draw(task, y, rng)
    X = _background(person, len(y), rng)
    X += _rhythm(person.mu, task, imagery, rng)
    X += _rhythm(person.beta, task, imagery, rng)
    X += _slow_shift(task, imagery)
    X += _evoked(person, len(y), rng)
    X += _gaze(person, len(y), rng)
    X += _blinks(person, len(y), rng)
    return np.where(np.abs(X) < RAIL, X, np.float32(np.nan)) if person.rails else X


@dataclass(frozen=True)
class _Imagery:
    """What the person does in each trial: with which hand, how eagerly, from when and until when."""

    opposite: np.ndarray  # (n_trials, 2, 1): 1 over the cortex opposite the hand, 0 on its own side
    effort: np.ndarray  # (n_trials, 1, 1): about 1; 0 where the mind was elsewhere
    start: np.ndarray  # (n_trials, 1, 1), s
    stop: np.ndarray  # (n_trials, 1, 1), s

    @classmethod
    def draw(cls, task: Task, y: np.ndarray, rng: np.random.Generator) -> "_Imagery":
        """The imagery of trials with the classes `y`, (n_trials,)."""
        n = len(y)
        effort = np.clip(1 + task.spread * rng.standard_normal(n), 0, 2)
        present = rng.random(n) >= task.lapses
        start = CUE + 0.5 + np.abs(task.hesitation * rng.standard_normal(n))
        stop = start + HELD[0] + (HELD[1] - HELD[0]) * rng.random(n)
        opposite = np.stack([y == 1, y == 0], axis=1)  # the right hand is C3's, the left C4's
        columns = (_column(v) for v in (effort * present, start, stop))
        return cls(opposite[:, :, None].astype(np.float32), *columns)

    def course(self) -> np.ndarray:
        """0 at rest, 1 during imagery, (n_trials, 1, N_TIMES)."""
        return _step(self.start, 0.12) * (1 - _step(self.stop, 0.2))


def _column(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)[:, None, None]


def _step(when: np.ndarray, width: float) -> np.ndarray:
    """From 0 to 1 about `when` (s)."""
    return 0.5 * (1 + np.tanh((TIMES - when) / (2 * width)))


def _bump(when: np.ndarray | float, width: np.ndarray | float) -> np.ndarray:
    """A bell of height 1 about `when` (s)."""
    return np.exp(-0.5 * ((TIMES - when) / np.float32(width)) ** 2)


def _drift(n: int, size: float, rng: np.random.Generator, n_chans: int = 1) -> np.ndarray:
    """A random walk from run to run plus a wobble from trial to trial, (n, n_chans, 1), about 0."""
    walk = np.cumsum(rng.standard_normal((-(-n // RUN), n_chans)), axis=0) * size / 3
    wobble = size * rng.standard_normal((n, n_chans))
    return (np.repeat(walk - walk.mean(axis=0), RUN, axis=0)[:n] + wobble).astype(np.float32)[:, :, None]


def _noise(density: np.ndarray, likeness: np.ndarray | float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise of unit variance, (n, 2, N_TIMES).

    density: power over FREQS in any unit, (n or 1, n_freqs); likeness: correlation of the two channels over FREQS.
    """
    parts = rng.standard_normal((n, 2, 2 * len(FREQS)), dtype=np.float32).view(np.complex64)
    parts[:, 1] = likeness * parts[:, 0] + np.sqrt(1 - np.square(likeness)) * parts[:, 1]
    parts *= (N_FFT / 2 * np.sqrt(density / density.sum(axis=-1, keepdims=True)))[:, None]
    return fft.irfft(parts, n=N_FFT, axis=-1)[..., :N_TIMES]


def _background(person: Person, n: int, rng: np.random.Generator) -> np.ndarray:
    """1/f noise as the amplifier passes it; the two pairs share Cz's neighbourhood, slow waves above all."""
    band = 1 / (1 + (0.6 / np.maximum(FREQS, 1e-3)) ** 4) / (1 + (FREQS / 24) ** 6)  # the amplifier's 0.5-30 Hz
    density = band / np.maximum(FREQS, FREQS[1]) ** person.slope
    likeness = 0.3 + 0.5 / (1 + (FREQS / 12) ** 2)
    return person.background * np.exp(_drift(n, 0.12, rng)) * _noise(density[None], likeness, n, rng)


def _rhythm(rhythm: Rhythm, task: Task, imagery: _Imagery, rng: np.random.Generator) -> np.ndarray:
    """A rhythm that waxes and wanes by itself, weakens with the imagery and may come back stronger."""
    n = len(imagery.start)
    hz = rhythm.hz + _drift(n, rhythm.wander, rng)[:, 0]
    wave = _noise(np.exp(-0.5 * ((FREQS - hz) / rhythm.width) ** 2), 0.85, n, rng)
    rest = np.array(rhythm.rms, dtype=np.float32)[:, None] * np.exp(_drift(n, 0.2, rng) + _drift(n, 0.05, rng, 2))
    change = rhythm.ipsilateral + (rhythm.contralateral - rhythm.ipsilateral) * imagery.opposite
    after = rhythm.rebound * imagery.opposite * _bump(imagery.stop + 0.5, 0.25)
    gain = 1 + task.strength * imagery.effort * (change * imagery.course() + after)
    return rest * np.maximum(gain, 0.05) * wave


def _slow_shift(task: Task, imagery: _Imagery) -> np.ndarray:
    """The cortex about to act turns negative: a wave that comes with the imagery and that no band power shows."""
    return -task.slow * imagery.effort * imagery.opposite * _bump(imagery.start + 0.6, 0.35)


def _evoked(person: Person, n: int, rng: np.random.Generator) -> np.ndarray:
    """The brain's (and the eyes') answer to the start, the cue and the feedback, a little different each time."""
    mean = sum(np.outer((c3, c4), _bump(peak, width)) for peak, width, c3, c4 in person.evoked)
    return np.exp(_drift(n, 0.25, rng)) * np.asarray(mean, dtype=np.float32)


def _gaze(person: Person, n: int, rng: np.random.Generator) -> np.ndarray:
    """Slow waves while the eyes follow the feedback; a few trials' are so large that A's converter saturates."""
    density = FREQS**2 * np.exp(-FREQS / 0.3)
    course = _step(CUE + 0.65, 0.12) * (1 - 0.45 * _step(CUE + 2.0, 0.25))
    size = np.exp(_column(0.6 * np.clip(rng.standard_normal(n), -2.5, 2.5)))
    return person.gaze * size * course * _noise(density[None], 0.85, n, rng)


def _blinks(person: Person, n: int, rng: np.random.Generator) -> np.ndarray:
    """In every fourth trial the lids close once; little of it reaches a bipolar pair over the motor cortex."""
    blinked = rng.random(n) < 0.25
    height = person.blink * np.exp(0.4 * rng.standard_normal(n)) * blinked
    when = TIMES[-1] * rng.random(n)
    reach = np.array([1.0, 0.9], dtype=np.float32)[:, None]
    return _column(height) * reach * _bump(_column(when), 0.09)
