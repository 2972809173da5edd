"""What finished runs say together: how much the best test epoch flatters, and which differences hold over the seeds."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from eegnets.runs import SCORES
from eegnets.statistics import flattery, flattery_words, paired_difference

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
    if not found:
        return f"{SCORES[score]}: no two cells have two seeds in common, so no difference can be told from luck."
    held = [words for words, settled in found if settled]
    words = f"{SCORES[score]}: of {len(found)} paired differences over seeds, {len(held) or 'none'} "
    words += "leaves zero outside its" if len(held) < 2 else "leave zero outside their"
    words += f" 95 % interval{': ' + '; '.join(held) if held else ''}."
    return words + f" Where nothing differs at all, {0.05 * len(found):.1f} would by chance."


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
            what = f"{one[1]} against {other[1]}" if differ[1] else f"{one[2]:g} against {other[2]:g}"
            where = f"weight decay {one[2]:g}" if differ[1] else f"{one[1]}, weight decay"
            words = f"{one[0]}, {where}, {what} {found.mean:+.1f} points ({found.low:.1f} to {found.high:.1f})"
            yield words, found.low > 0 or found.high < 0
