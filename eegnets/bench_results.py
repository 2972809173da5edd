"""Measured epochs, and what they say: seconds by network, engine, precision, device, threads and batch size; ratios."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import combinations, product
from typing import Any

from eegnets.config import SETTINGS, InputError, lookup
from eegnets.translation import N_, _, ngettext

USUAL = N_("usual")  # the textbook's loop, which everything is compared with
ENGINES = (USUAL, "plain", "fused")
MOST = 96  # cases that take turns in one measurement


@dataclass(frozen=True)
class Case:
    """One way to train: what takes its turn against the others. The usual loop knows float32 alone."""

    model: str = "EEGNet"
    engine: str = "fused"
    precision: str = "float32"
    device: str = "cpu"
    threads: int = 1
    batch_size: int = 64

    def reference(self) -> "Case":
        """The usual loop of the same network, threads, device and batch size."""
        return Case(self.model, USUAL, "float32", self.device, self.threads, self.batch_size)


FIELDS = tuple(field.name for field in fields(Case))
LISTS = {
    "networks": "model",
    "engines": "engine",
    "precisions": "precision",
    "devices": "device",
    "threads": "threads",
    "batch_sizes": "batch_size",
}  # how a list of a case's field is called


def cases(lists: Mapping[str, Sequence[Any]]) -> list[Case]:
    """Every combination of lists (by their names in LISTS); a list that is absent or empty leaves the default.

    Threads are the processor's: on another device the most are taken. Raises InputError for a value that is out of
    bounds, and for more than MOST combinations.
    """
    values = {LISTS[name]: [_checked(LISTS[name], value) for value in given] for name, given in lists.items() if given}
    made = [Case(**dict(zip(values, combination, strict=True))) for combination in product(*values.values())]
    most = max(values.get("threads", [1]))
    made = [case if case.device == "cpu" else replace(case, threads=most) for case in made]
    found = list(dict.fromkeys(case for case in made if case.engine != USUAL or case.precision == "float32"))
    if not found:
        raise InputError(_("the usual loop computes in float32 alone; choose another engine for bfloat16."))
    if len(found) > MOST:
        raise InputError(
            _("up to {most} combinations are measured together; these lists make {n}.", most=MOST, n=len(found))
        )
    return found


def _checked(name: str, value: Any) -> Any:
    if name == "engine":
        return lookup(dict(zip(ENGINES, ENGINES, strict=True)), N_("engine"), value)
    return SETTINGS["name" if name == "model" else name].check(value)


@dataclass(frozen=True)
class Result:
    """Seconds per epoch of a case: the median of `epochs` measured ones, the fastest and the slowest of them.

    ratio: how many times as fast as the usual loop at the same settings; nan where that was not measured.
    """

    case: Case
    seconds: float
    fastest: float
    slowest: float
    epochs: int
    ratio: float = math.nan

    def row(self) -> dict[str, Any]:
        """All of it as one flat row of plain values; no ratio is None."""
        figures = {name: getattr(self, name) for name in ("seconds", "fastest", "slowest", "epochs")}
        return asdict(self.case) | figures | {"ratio": None if math.isnan(self.ratio) else self.ratio}


def results(records: Iterable[Mapping[str, Any]]) -> list[Result]:
    """What the epochs among the records say, a result a case; warm-up epochs (round 0) do not count.

    Raises KeyError, TypeError or ValueError for records that no measurement wrote.
    """
    found: dict[Case, list[float]] = {}
    for record in records:
        if record.get("kind") == "epoch" and record["round"] > 0:
            case = Case(**{name: _checked(name, record[name]) for name in FIELDS})
            found.setdefault(case, []).append(_positive(record["seconds"]))
    medians = {case: statistics.median(seconds) for case, seconds in found.items()}
    return [
        Result(case, medians[case], min(took), max(took), len(took), _ratio(medians, case))
        for case, took in found.items()
    ]


def _positive(seconds: Any) -> float:
    if not 0 < float(seconds) < math.inf:
        raise ValueError(seconds)
    return float(seconds)


def _ratio(medians: Mapping[Case, float], case: Case) -> float:
    return medians.get(case.reference(), math.nan) / medians[case]


def compared(found: Iterable[Result], field: str, one: Any, other: Any) -> list[float]:
    """How many times as fast `other` is as `one` in a field, for each two results that are alike in all else."""
    by_case = {result.case: result.seconds for result in found}
    ratios = []
    for case, seconds in by_case.items():
        if getattr(case, field) == one:
            twin = replace(case, **{field: other})
            if twin in by_case and twin != case:
                ratios.append(seconds / by_case[twin])
    return ratios


def in_words(ratios: Sequence[float]) -> str:
    """Ratios of speed by their median, with their range where they differ: "1.3 times as fast (range 0.9 to 1.4)"."""
    middle, low, high = statistics.median(ratios), min(ratios), max(ratios)
    alike = f"{low:.2g}" == f"{high:.2g}"
    if 0.95 < middle < 1.05:
        return _("about as fast") if alike else _("about as fast (range {low:.2g} to {high:.2g})", low=low, high=high)
    if middle > 1:
        if alike:
            return _("{times:.2g} times as fast", times=middle)
        return _("{times:.2g} times as fast (range {low:.2g} to {high:.2g})", times=middle, low=low, high=high)
    if alike:
        return _("{times:.2g} times as slow", times=1 / middle)
    return _("{times:.2g} times as slow (range {low:.2g} to {high:.2g})", times=1 / middle, low=1 / high, high=1 / low)


def _doubt(ratios: Sequence[float]) -> str:
    """A second sentence where some ratios are above 1 and some below."""
    if not min(ratios) < 1 < max(ratios):
        return ""
    return _(" That range holds 1: no difference can be told.")


ORDER: dict[str, tuple[Any, ...]] = {
    "engine": ENGINES,
    "precision": ("float32", "bfloat16"),
    "device": ("cpu", "mps", "cuda"),
}  # which value is compared with which: a later one with every earlier one


def sentences(found: Sequence[Result]) -> list[str]:
    """What differs, in words: a sentence for every two values of a setting between which there are twins."""
    said = []
    for field in ("engine", "precision", "device", "threads", "batch_size"):
        have = {getattr(result.case, field) for result in found}
        for one, other in combinations([value for value in ORDER.get(field, sorted(have)) if value in have], 2):
            ratios = compared(found, field, one, other)
            if ratios:
                name, several = _named(field, other), field in ("threads", "batch_size")
                words = {"one": name[0].upper() + name[1:], "how": in_words(ratios), "other": _named(field, one)}
                how = _("{one} are {how} as {other}.", **words) if several else _("{one} is {how} as {other}.", **words)
                said.append(how + _doubt(ratios))
    return said


def _named(field: str, value: Any) -> str:
    """A value of a setting in a sentence."""
    if field == "engine":
        return _("the usual loop") if value == USUAL else _("the {engine} engine", engine=value)
    if field == "device":
        return _("the processor") if value == "cpu" else _("the graphics card ({device})", device=value)
    if field == "threads":
        return ngettext("{n} thread", "{n} threads", value)
    return _("batches of {n}", n=value) if field == "batch_size" else _("training in {precision}", precision=value)


def unsteady(found: Sequence[Result]) -> float:
    """How many times as long the slowest epoch of a case took as its fastest, at worst: near 1 on a quiet machine."""
    return max((result.slowest / result.fastest for result in found), default=1.0)
