"""The lab report's tables made anew out of stored runs: accuracy by network, activation and weight decay.

The report's own figures are the highest test accuracy of all 500 epochs of one run each (its section "The highest
testing accuracy" and its discussion of weight decay), on the recordings S4b and X11b: test accuracies, per cent.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pandas as pd

from eegnets.config import SETTINGS, InputError, RunConfig, unknown
from eegnets.findings import findings
from eegnets.flags import written
from eegnets.runs import SCORES, asked
from eegnets.sources import SOURCES
from eegnets.statistics import Mean, mean_interval
from eegnets.timing import EPOCHS, Place, Time, scaled, time_table, times
from eegnets.translation import N_, _

MODELS, ACTIVATIONS, DECAYS = ("EEGNet", "DeepConvNet"), ("ELU", "ReLU", "LeakyReLU"), (0.01, 0.0)
REPORTED = {
    ("EEGNet", 0.01): (82.96, 87.31, 87.22),
    ("DeepConvNet", 0.01): (80.74, 82.96, 82.59),
    ("EEGNet", 0.0): (83.61, 86.57, 85.09),
    ("DeepConvNet", 0.0): (80.19, 81.48, 79.63),
}  # in the order of ACTIVATIONS


# What may differ in one table.
FREE = (
    *("model", "activation", "weight_decay", "seed"),
    *("threads", "device", "engine", "precision", "keep", "instruments"),
)
COMPUTED = ("device", "threads", "engine", "precision")  # of these, a cell tells all that its runs had


@dataclass(frozen=True)
class ReportCell:
    """One cell: accuracy over seeds in per cent, the lab report's figure, the runs, the seeds that other cells have."""

    model: str
    activation: str
    weight_decay: float
    score: str
    reported: float
    mean: Mean
    runs: tuple[str, ...]
    missing: tuple[int, ...]
    seconds: float  # for 500 epochs, the mean of its runs; nan where these were not computed alike
    computed: Mapping[str, str]  # how its runs were: device, threads, engine and precision


@dataclass(frozen=True)
class Report:
    """The cells of all tables, what their runs have in common, how many went in, how many were left out, and times."""

    base: RunConfig
    cells: tuple[ReportCell, ...]
    runs: int
    left_out: int
    times: tuple[Time, ...]
    findings: tuple[str, ...]


def make_report(rows: Iterable[Mapping[str, Any]], source: str | None = None) -> Report:
    """The tables of the finished runs on one source; rows as `runs.describe` gives them, the newest first.

    A table compares like with like: its runs agree in all but network, activation, weight decay and seed (and in what
    makes no network better: device, engine, threads, which weights were kept). Of several such families the largest is
    taken; runs that were changed while they trained are in none. Raises InputError where `source` has no finished run
    but others have, or is none at all.
    """
    finished = [row for row in rows if row["state"] == "finished" and not row["changed"]]
    names = sorted({row["source"] for row in finished})
    if source is not None and source not in (names or SOURCES):
        what = N_("source with finished runs") if names else N_("source")
        raise InputError(unknown(what, source, names or SOURCES))
    family = _largest_family([row for row in finished if source in (None, row["source"]) and _in_tables(row)])
    base = asked(family[0]) if family else RunConfig().with_(source=source or "simulated")
    base = base.with_(name="EEGNet", activation="ELU", weight_decay=0.01, seed=0, threads=None)
    cells, left_out = _cells(_once(family)), len(finished) - len(family)
    return Report(base, cells, len(family), left_out, times(family), tuple(findings(_once(family))))


def _in_tables(row: Mapping[str, Any]) -> bool:
    return row["model"] in MODELS and row["activation"] in ACTIVATIONS and row["weight_decay"] in DECAYS


def _largest_family(rows: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows that agree in all settings but the free ones with as many others as possible."""
    if not rows:
        return []
    settings = [*(rule.key for rule in SETTINGS.values() if rule.key not in FREE), "options"]
    family = pd.DataFrame(rows)[settings].astype(str).groupby(settings, sort=False, dropna=False).ngroup()
    return [row for row, mine in zip(rows, family == family.mode()[0], strict=True) if mine]


def _once(family: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The newest run of each cell and seed; the family has it first."""
    found: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in family:
        found.setdefault(tuple(row[name] for name in ("model", "activation", "weight_decay", "seed")), row)
    return list(found.values())


def _cells(once: Iterable[Mapping[str, Any]]) -> tuple[ReportCell, ...]:
    places: dict[tuple[str, str, float], dict[int, Mapping[str, Any]]] = {}
    for row in once:
        place = row["model"], row["activation"], row["weight_decay"]
        places.setdefault(place, {})[row["seed"]] = row
    seeds = {seed for by_seed in places.values() for seed in by_seed} or {0}
    return tuple(
        _cell(score, place, places.get(place, {}), seeds)
        for score in SCORES
        for place in product(MODELS, ACTIVATIONS, DECAYS)
    )


def _cell(
    score: str, place: tuple[str, str, float], by_seed: Mapping[int, Mapping[str, Any]], seeds: Iterable[int]
) -> ReportCell:
    model, activation, decay = place
    alike = dict.fromkeys(Place.of(row) for row in by_seed.values())
    values = [100 * row[score] for row in by_seed.values() if row[score] is not None]
    return ReportCell(
        *place,
        score,
        REPORTED[model, decay][ACTIVATIONS.index(activation)],
        mean_interval(values),
        tuple(row["id"] for row in by_seed.values()),
        tuple(sorted(set(seeds) - by_seed.keys())),
        mean_interval([scaled(row) for row in by_seed.values()]).mean if len(alike) == 1 else float("nan"),
        {name: "+".join(dict.fromkeys(str(getattr(one, name)) for one in alike)) for name in COMPUTED},
    )


def missing_configs(report: Report) -> list[RunConfig]:
    """The runs that would fill the tables: every combination with every seed that some cell has."""
    return [
        report.base.with_(name=cell.model, activation=cell.activation, weight_decay=cell.weight_decay, seed=seed)
        for cell in report.cells
        if cell.score == "last"
        for seed in cell.missing
    ]


def start_command(report: Report, cell: ReportCell) -> str:
    """The command that would carry out the runs a cell misses; empty where it misses none."""
    if not cell.missing:
        return ""
    lists = f"--models {cell.model} --activations {cell.activation} --weight-decays {cell.weight_decay:g}"
    seeds = ",".join(map(str, cell.missing))
    return f"python -m eegnets sweep {lists} --seeds {seeds} {written(report.base)}".rstrip()


def cell_table(report: Report) -> pd.DataFrame:
    """A row a cell: per cent, n seeds, the 95 % interval, the lab report's figure, how it was computed, the runs."""
    rows = []
    for cell in report.cells:
        place = {name: getattr(cell, name) for name in ("score", "model", "activation", "weight_decay", "reported")}
        numbers = {"accuracy": cell.mean.mean, "low": cell.mean.low, "high": cell.mean.high, "seeds": cell.mean.n}
        numbers |= {f"seconds_{EPOCHS}_epochs": cell.seconds} | cell.computed
        rows.append(place | numbers | {"runs": " ".join(cell.runs), "start": start_command(report, cell)})
    return pd.DataFrame(rows)


def score_grid(report: Report, score: str, decay: float) -> pd.DataFrame:
    """One table as in the lab report, in words: rows networks, columns activations, each cell beside the report's."""
    cells = [cell for cell in report.cells if (cell.score, cell.weight_decay) == (score, decay)]
    table = pd.DataFrame([{"Network": c.model, "activation": c.activation, "words": cell_words(c)} for c in cells])
    wide = table.pivot_table(index="Network", columns="activation", values="words", aggfunc="first", sort=False)
    return wide.rename_axis(columns=None).reset_index()


def cell_words(cell: ReportCell) -> str:
    """A cell in words, such as "83.1 ± 1.2 (n 3) | 82.96": ours, half the interval's width, seeds; the report's."""
    mean = cell.mean
    if not mean.n:
        return _("no run") + f" | {cell.reported:.2f}"
    spread = f" ± {mean.high - mean.mean:.1f}" if mean.n > 1 else ""
    return f"{mean.mean:.1f}{spread} (n {mean.n}) | {cell.reported:.2f}"


TITLES = {0.01: N_("with weight decay 0.01"), 0.0: N_("without weight decay")}
TIMES = N_("seconds of training for {epochs} epochs (the lab report: on 1,080 training and 1,080 test trials)")
READING = N_("ours ± half of the 95 % interval over seeds (n seeds) | the lab report's, its best test epoch of one run")


def as_text(report: Report) -> str:
    """All tables for a terminal, with the commands that would fill what is missing."""
    return _document(report, "{}", lambda table: table.to_string(index=False))


def as_markdown(report: Report) -> str:
    """All tables for a document."""
    return _document(report, "### {}", _markdown)


def _document(report: Report, heading: str, draw: Callable[[pd.DataFrame], str]) -> str:
    parts = [
        _("Test accuracy, per cent: {reading}.", reading=_(READING)),
        _("Runs: {common}", common=common_words(report)),
    ]
    for score, decay in product(SCORES, DECAYS):
        table = score_grid(report, score, decay).rename(columns=_)
        parts += [heading.format(f"{_(SCORES[score])}, {_(TITLES[decay])}"), draw(table)]
    parts += [heading.format(_(TIMES, epochs=EPOCHS)), draw(time_table(report.times))]
    parts += [sentence.replace("**", "") for sentence in report.findings]
    commands = [start_command(report, cell) for cell in report.cells if cell.score == "last" and cell.missing]
    if commands:
        parts += [_("Missing; start with:"), "\n".join(f"    {command}" for command in commands)]
    return "\n\n".join(parts)


def common_words(report: Report) -> str:
    """What the runs of the tables have in common, and what was left out."""
    if not report.runs:
        return _("none of {n} finished ones fits the tables.", n=report.left_out)
    base = report.base
    words = _(
        "{source} (subjects {subjects}), {epochs} epochs, batch size {batch_size}, learning rate {learning_rate:g}, "
        "validation share {validation:g}; {runs} runs.",
        source=base.data.source,
        subjects="+".join(base.data.subjects) or _("all"),
        epochs=base.training.epochs,
        batch_size=base.training.batch_size,
        learning_rate=base.training.learning_rate,
        validation=base.training.validation,
        runs=report.runs,
    )
    if not report.left_out:
        return words
    return words + " " + _("{n} finished runs with other settings are left out.", n=report.left_out)


def _markdown(table: pd.DataFrame) -> str:
    rows = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "·") for cell in row) + " |" for row in rows)


def as_csv(report: Report) -> str:
    """All cells, a line each."""
    return cell_table(report).to_csv(index=False)


def as_json(report: Report) -> str:
    """All cells, an object each; null where there is no number."""
    table = cell_table(report).astype(object)
    return json.dumps(table.where(table.notna(), None).to_dict("records"), indent=2)


FORMATS = {"text": as_text, "markdown": as_markdown, "csv": as_csv, "json": as_json}
