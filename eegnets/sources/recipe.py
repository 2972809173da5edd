"""A recipe: how a file that someone brings becomes trials; and what there is in it to choose from."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from eegnets.config import InputError, Settings, lookup, setting
from eegnets.translation import N_, _

MICROVOLTS = {"µV": 1.0, "mV": 1e3, "V": 1e6}
AXES = (
    N_("trials channels samples"),
    N_("trials samples channels"),
    N_("channels samples trials"),
    N_("samples channels trials"),
)
# Columns that stand beside a class's in tables of answers.
TAKEN = ("trial", "subject", "label", "answer", "correct", "network", "probability")
EDGE = {"low": 0.01, "high": 25_000.0, "unit": "Hz", "left_open": N_("as it is")}  # of a filter
UNKNOWN = "?"  # the class of a trial that is to be classified, not learned


@dataclass(frozen=True)
class Preview:
    """What is inside a file, as far as it says so itself.

    shapes: of each array, by name; of a recording (n_chans, n_samples). sfreq: Hz. marks: for each list of marks or
    labels, how often each value comes. unit: of the numbers, "µV", "mV" or "V".
    """

    kind: Literal["arrays", "recording"]
    shapes: Mapping[str, tuple[int, ...]]
    ch_names: tuple[str, ...] = ()
    sfreq: float | None = None
    marks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    unit: str | None = None


@dataclass(frozen=True)
class Recipe(Settings):
    """Which part of a file is a trial, of which class, and what its numbers mean.

    classes: mark or label in the file -> name of the class, two or more; the class "?" is a trial whose class is not
    known, for classification alone. Marks that are not named are passed over.
    """

    unit: str = setting(
        "µV", N_("Unit"), N_("Of the numbers in the file, where it does not say so itself."), choices=tuple(MICROVOLTS)
    )
    sfreq: float | None = setting(
        None,
        N_("Sampling rate"),
        N_("Samples per second, where the file does not say."),
        low=1.0,
        high=50_000.0,
        unit="Hz",
    )
    names: tuple[str, ...] = setting(
        (), N_("Channel names"), N_("What the file's channels are called, in their order, where it does not say.")
    )
    channels: tuple[str, ...] = setting((), N_("Channels"), N_("Those to take, in this order; none named: all."))
    signal: str = setting("", N_("Signal"), N_("The array with the signal; none named: the largest one."))
    label: str = setting(
        "", N_("Labels"), N_("The array with a label for each trial; none named: no trial's class is known.")
    )
    axes: str = setting(AXES[0], N_("Axes"), N_("What the dimensions of the signal are, in their order."), choices=AXES)
    start: float = setting(
        0.0, N_("Window from"), N_("First moment of a trial, after its mark (or first sample)."), low=-3600.0, unit="s"
    )
    stop: float | None = setting(
        None, N_("Window to"), N_("Last moment of a trial, after its mark (or first sample)."), high=3600.0, unit="s"
    )
    resample: float | None = setting(
        None,
        N_("Resample to"),
        N_("Another rate to bring the trials to; left empty: as they are."),
        low=1.0,
        high=50_000.0,
        unit="Hz",
        left_open=N_("as it is"),
    )
    low: float | None = setting(
        None,
        N_("Filter from"),
        N_("Slower waves are taken out of the whole recording, drift among them; left empty: none. Graz has 0.5 Hz."),
        **EDGE,
    )
    high: float | None = setting(
        None,
        N_("Filter to"),
        N_("Faster waves are taken out of the whole recording, mains among them; left empty: none. Graz has 30 Hz."),
        **EDGE,
    )
    test: float = setting(
        0.25,
        N_("Test share"),
        N_("Part of each class that is kept for the test, the last trials of it."),
        low=0.0,
        high=0.9,
    )
    classes: Mapping[str, str] = field(default_factory=dict)

    def class_names(self) -> tuple[str, ...]:
        """The known classes, in the order in which they are first named."""
        return tuple(dict.fromkeys(name for name in self.classes.values() if name != UNKNOWN))

    def label_of(self, mark: str) -> int:
        """The class of a mark, -1 where it is not known."""
        name = self.classes[mark]
        return -1 if name == UNKNOWN else self.class_names().index(name)


@dataclass(frozen=True)
class Cut:
    """What a recipe takes out of a file.

    X: float32 µV, (n_trials, n_chans, n_times), NaN where a sample is missing. y: int64 (n_trials,), an index into the
    recipe's classes, -1 where the class is not known. sfreq: Hz.
    """

    X: np.ndarray
    y: np.ndarray
    sfreq: float
    ch_names: tuple[str, ...]

    def __post_init__(self) -> None:
        with np.errstate(over="ignore"):  # what overflows float32 is no voltage
            X = self.X.astype(np.float32, copy=False)
        X[np.isinf(X)] = np.nan
        object.__setattr__(self, "X", X)


def check_marks(recipe: Recipe, counts: Mapping[str, int]) -> None:
    """Refuse a recipe that names no mark, or one that the file does not have; raises InputError."""
    some = list(counts.items())[:20]
    have = ", ".join(_("{mark!r} ({n} times)", mark=mark, n=n) for mark, n in some) or _("none")
    if not recipe.classes:
        raise InputError(_("say which mark is which class; the marks are {have}.", have=have))
    for name in recipe.classes.values():
        if name.strip().lower() in ("", *TAKEN):
            taken = ", ".join(TAKEN)
            raise InputError(
                _("a class cannot be called {name!r}, nor {taken}; choose a name.", name=name, taken=taken)
            )
    for mark in recipe.classes:
        if mark not in counts:
            raise InputError(_("there is no mark {mark!r}; the marks are {have}.", mark=mark, have=have))


def places(recipe: Recipe, ch_names: tuple[str, ...]) -> list[int]:
    """Where the channels that a recipe asks for stand; raises InputError for one that is not there."""
    twice = next((name for name, times in Counter(ch_names).items() if times > 1), None)
    if twice is not None:
        raise InputError(_("two channels are called {name}; give each a name of its own.", name=twice))
    place = {name: i for i, name in enumerate(ch_names)}
    for name in recipe.channels:
        lookup(place, _("channel"), name)
    return [place[name] for name in recipe.channels or ch_names]
