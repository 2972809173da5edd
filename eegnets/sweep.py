"""A sweep: every combination of some lists of settings, and what of it is still to be done."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from operator import eq
from typing import TYPE_CHECKING, Any

import pandas as pd

from eegnets.activations import ACTIVATIONS
from eegnets.comparison import differing, plain, setting_label, settings_of, worded
from eegnets.config import SETTINGS, DataConfig, InputError, RunConfig, lookup
from eegnets.flags import written
from eegnets.run_folder import Run
from eegnets.runs import asked
from eegnets.translation import N_, _

if TYPE_CHECKING:
    from eegnets.runner import Runner
    from eegnets.runs import RunStore

LISTS = {
    "models": "name",
    "activations": "activation",
    "learning_rates": "learning_rate",
    "weight_decays": "weight_decay",
    "batch_sizes": "batch_size",
    "seeds": "seed",
}  # how a list is called -> the setting
MOST = 1000  # runs in one sweep
ROWS = 24  # of its grid, at most
COMPUTED = ("device", "precision", "engine", "threads", "batch_size", "instruments")  # what changes an epoch's seconds
KIND = ("source", "model", "activation", "seed", "epochs", "batch_size", "learning_rate", "weight_decay")
BEST_FIRST = ("finished", "running", "queued", "paused", "stopped", "interrupted", "failed")


def grid(base: RunConfig, lists: Mapping[str, Sequence[Any]]) -> list[RunConfig]:
    """`base` with every combination, the last list (the seeds) turning fastest; an empty list leaves `base`'s value.

    Raises InputError for an unknown list, a value out of bounds, or more than 1,000 combinations.
    """
    names = {lookup(LISTS, N_("list"), key): list(dict.fromkeys(values)) for key, values in lists.items() if values}
    for activation in names.get("activation", ()):
        lookup(ACTIVATIONS, N_("activation"), activation)
    ordered = {name: names[name] for name in LISTS.values() if name in names}
    total = prod(map(len, ordered.values()))
    if total > MOST:
        raise InputError(
            _("a sweep takes up to {most} runs; these lists make {n}. Shorten one of them.", most=MOST, n=total)
        )
    made = [base.with_(**dict(zip(ordered, values, strict=True))) for values in product(*ordered.values())]
    return list({str(config.to_dict()): config for config in made}.values())


@dataclass(frozen=True)
class Cell:
    """One combination of a sweep, and the run that carries it out, if there is one."""

    config: RunConfig
    run_id: str = ""
    state: str = "missing"


def plan(configs: Iterable[RunConfig], rows: Iterable[Mapping[str, Any]]) -> list[Cell]:
    """Each config with the run that got furthest with it.

    rows: as `runs.describe` gives them, the newest first; of equals the newest is taken. A config that leaves the
    threads open fits a run with any number of them, and one that asks for no instruments also one that has them; none
    fits a run that was changed while it trained.
    """
    configs = list(configs)
    kinds, found = {_kind(settings_of(config)) for config in configs}, {}
    known = (row for row in rows if row["state"] in BEST_FIRST and not row["changed"] and _kind(row) in kinds)
    for row in sorted(known, key=_rank):
        config = asked(row)
        for threads, instruments in product((config.training.threads, None), (config.training.instruments, False)):
            kind = config.with_(threads=threads, instruments=instruments)
            found.setdefault(str(kind.to_dict()), Cell(config, row["id"], row["state"]))
    cells = [(config, found.get(str(config.to_dict()), Cell(config))) for config in configs]
    return [Cell(config, cell.run_id, cell.state) for config, cell in cells]


def _kind(settings: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a look at a row tells: few of thousands are read further."""
    return tuple(settings[name] for name in KIND)


def _rank(row: Mapping[str, Any]) -> int:
    return BEST_FIRST.index(row["state"])


def begin(runner: "Runner", cells: Iterable[Cell], owner: str = "") -> list[Run]:
    """Queue what is missing, take up what was left, leave alone what waits or trains already; the runs of all.

    What was left elsewhere, and came here without what it needs to go on, is trained anew.
    Raises as `Runner.submit_group` and `Runner.resume` do.
    """
    cells = [replace(cell, run_id="") if _left_elsewhere(runner.store, cell) else cell for cell in cells]
    begun = [cell for cell in cells if cell.run_id]
    for cell in begun:
        if cell.state not in ("running", "queued", "finished"):
            runner.resume(cell.run_id)
    new = [cell.config for cell in cells if not cell.run_id]
    return [runner.store.get(cell.run_id) for cell in begun] + runner.submit_group(new, owner=owner)


def _left_elsewhere(store: "RunStore", cell: Cell) -> bool:
    left = cell.run_id and cell.state not in ("running", "queued", "finished")
    return bool(left) and store.get(cell.run_id).begins_anew()


def command(base: RunConfig, lists: Mapping[str, Sequence[Any]]) -> str:
    """The command line that carries out the same sweep."""
    words = ["python", "-m", "eegnets", "sweep"]
    for name, values in lists.items():
        if values:
            words += ["--" + name.replace("_", "-"), ",".join(map(str, values))]
    listed = {LISTS[name]: SETTINGS[LISTS[name]].default for name, values in lists.items() if values}
    return f"{shlex.join(words)} {written(base.with_(**listed))}".rstrip()


@dataclass(frozen=True)
class Grid:
    """A sweep laid out: what goes down and across (in words), and a row for each combination.

    table: row and column (the values in words), state, epoch, value (per cent; nan where there is none), run, settings.
    """

    down: str
    across: str
    table: pd.DataFrame


def laid_out(cells: Sequence[Cell], rows: Iterable[Mapping[str, Any]], score: str) -> Grid:
    """The cells as a grid; rows: as `runs.describe` gives them; score: whose accuracy, a key of SCORES."""
    found = {row["id"]: row for row in rows}
    down, across = _sides([settings_of(cell.config) for cell in cells])
    table = pd.DataFrame([_cell_row(cell, found.get(cell.run_id, {}), score, down, across) for cell in cells])
    return Grid(*(_(", ").join(map(setting_label, keys)) for keys in (down, across)), table)


def varying(configs: Sequence[RunConfig]) -> list[str]:
    """The keys of the settings that are not the same in all."""
    return list(differing({str(number): config for number, config in enumerate(configs)}).index)


def _sides(settings: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """The settings down the rows and across the columns: the seed goes across, and what makes too many rows."""
    values = {key: len({str(one[key]) for one in settings}) for key in settings[0]}
    down = [key for key, n in values.items() if n > 1 and key != "seed"]
    across = ["seed"] if values["seed"] > 1 or not down else []
    while len(down) > 1 and (not across or prod(values[key] for key in down) > ROWS):
        across = [down.pop(), *across]
    return down, across


def _cell_row(cell: Cell, row: Mapping[str, Any], score: str, down: list[str], across: list[str]) -> dict[str, Any]:
    settings = settings_of(cell.config)
    value = row.get(score)
    return {
        "row": _values(settings, down),
        "column": _values(settings, across),
        "state": cell.state,
        "epoch": int(row.get("epoch") or 0),
        "value": float("nan") if value is None else 100 * value,
        "run": cell.run_id,
        "settings": ", ".join(worded(key, settings[key]) for key in [*down, *across]),
    }


def _values(settings: Mapping[str, Any], keys: Sequence[str]) -> str:
    return ", ".join(plain(settings[key]) for key in keys)


def seconds_expected(configs: Iterable[RunConfig], rows: Iterable[Mapping[str, Any]], workers: int = 1) -> float | None:
    """About how long these take, by what an epoch took in finished runs on the same data; None where none tells.

    configs: all on the same data. rows: as `runs.describe` gives them, the newest first. Of a network's runs that one
    counts which agrees in most of COMPUTED; a network without a run of its own counts as the slowest that has one.
    """
    configs = list(configs)
    epochs, paces = Counter[tuple[Any, ...]](), {}
    for config in configs:
        epochs[_computed(settings_of(config))] += config.training.epochs
    for row in rows:
        if configs and row["state"] == "finished" and row.get("seconds") and row["epoch"] and _on(row, configs[0].data):
            paces.setdefault(_computed(row), row["seconds"] / row["epoch"])
    if not paces:
        return None
    return sum(_pace(how, paces) * n for how, n in epochs.items()) / max(1, min(workers, len(configs)))


def _on(row: Mapping[str, Any], data: DataConfig) -> bool:
    return row["source"] == data.source and {*row["subjects"]} == {*data.subjects} and row["options"] == data.options


def _computed(settings: Mapping[str, Any]) -> tuple[Any, ...]:
    return (settings["model"], *(settings[name] for name in COMPUTED))


def _pace(how: tuple[Any, ...], paces: Mapping[tuple[Any, ...], float]) -> float:
    """Seconds an epoch."""
    own = [one for one in paces if one[0] == how[0]]
    if not own:
        return max(paces.values())
    return paces[max(own, key=lambda one: sum(map(eq, one, how)))]
