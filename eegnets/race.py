"""A race of activations: what was measured, as tables, and what it says in words, computed from the numbers alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, isnan
from typing import Any

import numpy as np
import pandas as pd

from eegnets.activations import ACTIVATIONS
from eegnets.evaluation import wilson_interval
from eegnets.statistics import Difference, mean_interval, paired_difference
from eegnets.translation import N_, _

NATS, POINTS = N_("nats"), N_("points")  # units of a loss, and of accuracies that are per cent
SEEDS_ALONE = N_("The intervals are over {n} seeds, on these test trials: on others it may be otherwise.")


@dataclass(frozen=True)
class Instrument:
    """One figure of instruments.jsonl: its `part` ("bends" or "layers"), how it is called, its unit, what it means.

    Title, unit and help are translated where they are shown.
    """

    part: str
    title: str
    unit: str
    help: str


INSTRUMENTS = {
    "flat": Instrument(
        "bends",
        N_("Values without slope"),
        N_("share of values"),
        N_("How much of what goes into the activation meets a slope of exactly zero: no gradient passes there."),
    ),
    "silent": Instrument(
        "bends",
        N_("Silent units"),
        N_("share of feature maps"),
        N_(
            "Feature maps whose slope is zero at every sample of every probe trial: no gradient of these trials "
            "reaches what lies before. Other trials, the layers before them or weight decay may wake them again."
        ),
    ),
    "slope": Instrument(
        "bends",
        N_("Mean slope"),
        N_("no unit"),
        N_("How much of a gradient the activation lets through, on average."),
    ),
    "input_mean": Instrument(
        "bends", N_("Mean of the input"), N_("no unit"), N_("Where the activation's inputs lie on average.")
    ),
    "input_std": Instrument(
        "bends", N_("Spread of the input"), N_("standard deviation"), N_("How far the inputs reach.")
    ),
    "gradient": Instrument(
        "layers",
        N_("Gradient"),
        N_("L2 norm, nats per unit of weight"),
        N_("How strongly the loss pulls at a layer's weights; what reaches the first layers has passed every bend."),
    ),
    "weights": Instrument(
        "layers",
        N_("Weights"),
        N_("L2 norm"),
        N_("How long a layer's weights are; weight decay makes them shorter."),
    ),
}


@dataclass(frozen=True)
class Racer:
    """One run of a race: its activation and seed, its history and what its instruments read, a record an epoch."""

    activation: str
    seed: int
    history: Sequence[Mapping[str, Any]]
    readings: Sequence[Mapping[str, Any]] = ()


def curves(racers: Iterable[Racer], key: str) -> pd.DataFrame:
    """Rows of activation, seed, epoch, value; `key` is that of a history's record, such as "test_accuracy"."""
    rows = [
        (racer.activation, racer.seed, record["epoch"], record[key]) for racer in racers for record in racer.history
    ]
    return pd.DataFrame(rows, columns=["activation", "seed", "epoch", "value"]).dropna(subset="value")


def read(racers: Iterable[Racer], name: str) -> pd.DataFrame:
    """Rows of layer, activation, seed, epoch (0: before the first), value of one of INSTRUMENTS."""
    rows = [
        (layer, racer.activation, racer.seed, reading["epoch"], figures[name])
        for racer in racers
        for reading in racer.readings
        for layer, figures in reading[INSTRUMENTS[name].part].items()
    ]
    return pd.DataFrame(rows, columns=["layer", "activation", "seed", "epoch", "value"]).dropna(subset="value")


def before_and_after(racers: Sequence[Racer]) -> pd.DataFrame:
    """Rows of layer, figure, activation, before (untrained), after (the latest reading), each the mean over seeds."""
    parts = []
    for name, instrument in INSTRUMENTS.items():
        table = read(racers, name)
        by = table.groupby(["layer", "activation", "seed"], sort=False)["value"].agg(before="first", after="last")
        means = by.groupby(level=["layer", "activation"], sort=False).mean().reset_index()
        parts.append(means.assign(figure=instrument.title))
    return pd.concat(parts, ignore_index=True)[["layer", "figure", "activation", "before", "after"]]


class Verdict:
    """What a race says, up to the last epoch that every racer has reached."""

    def __init__(self, racers: Sequence[Racer], n_test: int = 0) -> None:
        self.epochs = min((len(racer.history) for racer in racers), default=0)
        self.racers = [racer for racer in racers if racer.history]
        self.n_test = n_test
        self.names = [name for name in ACTIVATIONS if name in {racer.activation for racer in racers}]
        self.reference = "ReLU" if "ReLU" in self.names else next(iter(self.names), "")
        self.others = [name for name in self.names if name != self.reference]
        self.seeds = len({racer.seed for racer in racers})

    def sentences(self) -> list[str]:
        """The findings, from what is certain to what is uncertain; none before every racer has ended an epoch."""
        if not self.epochs:
            return []
        measured = all(racer.readings for racer in self.racers)
        told = [self._slopes(), self._silent(), *self._gradient()] if measured else []
        return [*told, self._speed(), self._score()]

    def _latest(self, name: str) -> dict[str, float]:
        """Activation -> the mean over layers and seeds at the last common epoch."""
        table = read(self.racers, name)
        return table[table["epoch"] == self.epochs].groupby("activation")["value"].mean().to_dict()

    def _slopes(self) -> str:
        flat = self._latest("flat")
        without = [name for name in self.names if flat.get(name, 0) > 0]
        told = _(", ").join(f"{name} {flat.get(name, 0):.0%}" for name in self.names)
        if not without:
            return _(
                "Every value met a slope that is not zero ({told}): with none of these does a gradient end at a bend.",
                told=told,
            )
        return _(
            "Share of the values that met a slope of exactly zero, where no gradient passes: {told}. For {names} the "
            "gradient does end below zero, as the report says.",
            told=told,
            names=_listed(without),
        )

    def _silent(self) -> str:
        silent = {name: share for name, share in self._latest("silent").items() if share > 0}
        if not silent:
            return _(
                "No unit was silent on every probe trial: each still learns from some of its samples, none is dead."
            )
        told = _(", ").join(f"{name} {share:.0%}" for name, share in silent.items())
        return _("Units silent on every probe trial: {told}.", told=told)

    def _gradient(self) -> list[str]:
        """What reaches the first layer, against the reference, and in how many epochs nothing does."""
        first = self._first_layer()
        nothing = (first["value"] == 0).groupby(first["activation"]).agg(["sum", "size"])
        return self._ratios(first) + [
            _("In {n} of {all} epochs no gradient reached the first layer of {name}.", n=n, all=size, name=name)
            for name, n, size in nothing[nothing["sum"] > 0].itertuples()
        ]

    def _ratios(self, first: pd.DataFrame) -> list[str]:
        """The ratio of each mean over the epochs to the reference's, in a sentence; none where either is nothing."""
        means = first.groupby(["activation", "seed"])["value"].mean()
        strength = {name: {} for name in self.names} | _by_activation(np.log(means[means > 0]))
        parts = []
        for name in self.others:
            found = paired_difference(strength[name], strength[self.reference])
            if found.n:
                size = _("{name} {ratio:.2f} times", name=name, ratio=exp(found.mean))
                parts.append(_between(size, found, exp, ".2f"))
        words = _(
            "Gradient that reached the first layer, against {reference}'s: {parts}.",
            reference=self.reference,
            parts=_("; ").join(parts),
        )
        return [words] if parts else []

    def _first_layer(self) -> pd.DataFrame:
        """The readings of the gradient at the first layer after every common epoch."""
        name = next(iter(self.racers[0].readings[0]["layers"]))
        table = read(self.racers, "gradient")
        return table[(table["layer"] == name) & table["epoch"].between(1, self.epochs)]

    def _speed(self) -> str:
        early = max(1, self.epochs // 3)
        table = curves(self.racers, "train_loss")
        means = table[table["epoch"] <= early].groupby(["activation", "seed"])["value"].mean()
        told = _(", ").join(f"{name} {means[name].mean():.3f}" for name in self.names)
        slower = [paired_difference(means[name].to_dict(), means[self.reference].to_dict()) for name in self.others]
        parts = [f"{name} {against(found, NATS, 1)}" for name, found in zip(self.others, slower, strict=True)]
        return _(
            "Training loss, mean of the first {early} epochs (lower: learned faster): {told}. Against {reference}: "
            "{parts}.",
            early=early,
            told=told,
            reference=self.reference,
            parts=_("; ").join(parts),
        )

    def _score(self) -> str:
        table = curves(self.racers, "test_accuracy")
        if table.empty:
            return _("These data have no test trials, so nothing can be said about accuracy.")
        last = table[table["epoch"] == self.epochs].set_index(["activation", "seed"])["value"]
        told = _(", ").join(f"{name} {mean_interval(last[name]).mean:.1%}" for name in self.names)
        parts = []
        for name in self.others:
            found = paired_difference(last[name].to_dict(), last[self.reference].to_dict())
            parts.append(f"{name} {against(found, POINTS, 100)}")
        return _(
            "Test accuracy after epoch {epoch}: {told}. Against {reference}: {parts}. {doubt}",
            epoch=self.epochs,
            told=told,
            reference=self.reference,
            parts=_("; ").join(parts),
            doubt=self._doubt(last),
        )

    def _doubt(self, last: pd.Series) -> str:
        if self.seeds > 1 and len(self.others) > 1:
            several = _("With several comparisons one may look different by chance.")
            return f"{_(SEEDS_ALONE, n=self.seeds)} {several}"
        if self.seeds > 1:
            return _(SEEDS_ALONE, n=self.seeds)
        if not self.n_test:
            return _("One seed cannot tell a difference from luck. Race with three seeds for an interval.")
        low, high = wilson_interval(round(last.mean() * self.n_test), self.n_test)
        return _(
            "One seed cannot tell a difference from luck. With {n} test trials each accuracy is uncertain by about "
            "±{points:.0f} points. Race with three seeds for an interval.",
            n=self.n_test,
            points=50 * (high - low),
        )


def _by_activation(figures: pd.Series) -> dict[str, dict[int, float]]:
    found: dict[str, dict[int, float]] = {}
    for (activation, seed), value in figures.items():
        found.setdefault(activation, {})[seed] = value
    return found


def _between(size: str, found: Difference, shown: Any, form: str) -> str:
    """A size, in words already, with its interval, if it has one, and whether it can be told from none."""
    if isnan(found.low):
        return size
    if found.low > 0 or found.high < 0:
        text = _("{size} (95 % interval {low} to {high}) – a difference")
    else:
        text = _("{size} (95 % interval {low} to {high}) – no difference can be told")
    return text.format(size=size, low=_number(shown(found.low), form), high=_number(shown(found.high), form))


def _number(value: float, form: str) -> str:
    return f"{value:{form}}".replace("-", "−")


def against(found: Difference, unit: str, scale: float) -> str:
    """A difference times `scale` in words: its size, its interval, and whether it can be told from none.

    unit: in English, a message of the catalogue.
    """
    form, least = (".1f", 0.05) if scale > 1 else (".3f", 0.0005)
    if scale * max(abs(found.mean), abs(found.low), abs(found.high)) < least:
        return _("as good as none")
    return _between(f"{_number(scale * found.mean, '+' + form)} {_(unit)}", found, lambda value: scale * value, form)


def _listed(names: Sequence[str]) -> str:
    return _(" and ").join(filter(None, [_(", ").join(names[:-1]), names[-1]]))
