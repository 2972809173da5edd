"""What finished runs say together: how much the best test epoch flatters, and which differences hold over the seeds."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from eegnets.runs import SCORES
from eegnets.statistics import flattery, flattery_words, paired_difference
from eegnets.translation import _, ngettext

HONEST = ("last", "best_validation")
Family = Sequence[Mapping[str, Any]]  # rows as `runs.describe` gives them, alike but for network, activation, …


def findings(family: Family) -> list[str]:
    """Sentences about runs that differ in network, activation, weight decay and seed alone; none without a run."""
    if not family:
        return []
    table = pd.DataFrame(family)
    return [flattery_words(flattery(table)), *(differences_words(table, score) for score in HONEST)]


def differences_words(table: pd.DataFrame, score: str) -> str:
    """Which activations, and which weight decays, differ by more than their seeds do."""
    found = list(_pairs(table, score))
    name = _(SCORES[score])
    if not found:
        return _("{score}: no two cells have two seeds in common, so no difference can be told from luck.", score=name)
    held = [words for words, settled in found if settled]
    by_chance = 0.05 * len(found)
    if not held:
        return _(
            "{score}: of {all} paired differences over seeds, none leaves zero outside its 95 % interval. Where "
            "nothing differs at all, {by_chance:.1f} would by chance.",
            score=name,
            all=len(found),
            by_chance=by_chance,
        )
    return ngettext(
        "{score}: of {all} paired differences over seeds, {n} leaves zero outside its 95 % interval: {held}. Where "
        "nothing differs at all, {by_chance:.1f} would by chance.",
        "{score}: of {all} paired differences over seeds, {n} leave zero outside their 95 % interval: {held}. Where "
        "nothing differs at all, {by_chance:.1f} would by chance.",
        len(held),
        score=name,
        all=len(found),
        held=_("; ").join(held),
        by_chance=by_chance,
    )


def _pairs(table: pd.DataFrame, score: str) -> Iterator[tuple[str, bool]]:
    """Every pair of cells that differ in activation or in weight decay alone, in words, and whether it is settled."""
    cells = table.dropna(subset=score).groupby(["model", "activation", "weight_decay"], sort=False)
    by_seed = {place: dict(zip(rows["seed"], 100 * rows[score], strict=True)) for place, rows in cells}
    for one, other in combinations(by_seed, 2):
        differ = [a != b for a, b in zip(one, other, strict=True)]
        if differ not in ([False, True, False], [False, False, True]):
            continue
        found = paired_difference(by_seed[one], by_seed[other])
        if found.n > 1:
            figures = {"model": one[0], "mean": found.mean, "low": found.low, "high": found.high}
            if differ[1]:
                words = _(
                    "{model}, weight decay {decay:g}, {first} against {second} {mean:+.1f} points ({low:.1f} to "
                    "{high:.1f})",
                    **figures | {"decay": one[2], "first": one[1], "second": other[1]},
                )
            else:
                words = _(
                    "{model}, {activation}, weight decay, {first:g} against {second:g} {mean:+.1f} points ({low:.1f} "
                    "to {high:.1f})",
                    **figures | {"activation": one[1], "first": one[2], "second": other[2]},
                )
            yield words, found.low > 0 or found.high < 0
