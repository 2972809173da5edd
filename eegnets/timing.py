"""How long runs took, by network, device, engine and precision, beside the lab report's figures.

The report timed 500 epochs of EEGNet with LeakyReLU on S4b and X11b (1,080 training and 1,080 test trials), once on a
processor and once on a graphics card (its section "CPU vs GPU", the lines "exe time").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import pandas as pd

from eegnets.statistics import Mean, mean_interval
from eegnets.translation import N_, _, ngettext

EPOCHS = 500
TRIALS = 1080  # training trials, and as many test trials
REPORTED = {("EEGNet", "cpu"): 357.27, ("EEGNet", "cuda"): 38.46}  # (network, device) -> seconds
DEVICES = {
    "cpu": N_("processor"),
    "cuda": N_("graphics card"),
    "mps": N_("graphics card (Apple)"),
    "": N_("not recorded"),
}


class Place(NamedTuple):
    """What the time of a run depends on; `threads`: 0 off the processor, `trials`: in training, 0 unknown."""

    model: str
    device: str
    threads: int = 0
    engine: str = ""
    precision: str = ""
    trials: int = 0

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """That of a run; row: as `runs.describe` gives it."""
        device = row["computed_on"]
        threads = (row["threads"] or 0) if device == "cpu" else 0
        return cls(row["model"], device, threads, row["engine"], row["precision"], row["train_trials"])

    def where(self) -> str:
        """The device in words."""
        words = _(DEVICES.get(self.device, self.device))
        if not self.threads:
            return words
        return ngettext("{device}, {n} thread", "{device}, {n} threads", self.threads, device=words)


@dataclass(frozen=True)
class Time:
    """Seconds for 500 epochs over the runs of one place, and the lab report's (nan where it has none)."""

    place: Place
    seconds: Mean
    reported: float


def scaled(row: Mapping[str, Any]) -> float:
    """A run's seconds, scaled to 500 epochs; nan where they are not known. row: as `runs.describe` gives it."""
    return EPOCHS * row["seconds"] / row["epoch"] if row.get("seconds") and row.get("epoch") else float("nan")


def as_reported(seconds: float, n_train: int, n_test: int) -> float:
    """Seconds of one epoch, scaled to 500 epochs of the report's trials.

    A training trial counts as three passes (forward, to the weights, to the input), a test trial as one.
    """
    return EPOCHS * seconds * 4 * TRIALS / (3 * n_train + n_test)


def times(rows: Iterable[Mapping[str, Any]]) -> tuple[Time, ...]:
    """How long finished runs took, those of one place together.

    What the report timed and no run here did is there without a mean. rows: as `runs.describe` gives them.
    """
    found: dict[Place, list[float]] = {}
    for row in rows:
        if row["state"] == "finished" and row.get("seconds"):
            found.setdefault(Place.of(row), []).append(scaled(row))
    for model, device in REPORTED:
        if not any(place[:2] == (model, device) for place in found):
            found[Place(model, device)] = []
    order = sorted(found, key=lambda place: (place.model != "EEGNet", *place))
    return tuple(Time(place, mean_interval(found[place]), REPORTED.get(place[:2], float("nan"))) for place in order)


def time_table(found: Iterable[Time]) -> pd.DataFrame:
    """The times in words, a row each; engine and precision where they are not the same in all."""
    found = list(found)
    how = {"engine": _("Engine"), "precision": _("Precision")}
    vary = [name for name in how if len({getattr(time.place, name) for time in found if time.seconds.n}) > 1]
    rows = [
        {
            _("Network"): time.place.model,
            _("Device"): time.place.where(),
            **{how[name]: getattr(time.place, name) or "–" for name in vary},
            _("Seconds for {epochs} epochs", epochs=EPOCHS): _seconds(time.seconds),
            _("The lab report's"): "–" if time.reported != time.reported else f"{time.reported:.0f}",
            _("Training trials"): str(time.place.trials or "–"),
        }
        for time in found
    ]
    return pd.DataFrame(rows)


def _seconds(mean: Mean) -> str:
    if not mean.n:
        return _("no run")
    spread = f" ± {mean.high - mean.mean:.1f}" if mean.n > 1 else ""
    return f"{mean.mean:.1f}{spread} (n {mean.n})"
