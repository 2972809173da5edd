"""A sweep: every combination of some lists of settings, and what of it is still to be done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from eegnets.activations import ACTIVATIONS
from eegnets.config import InputError, RunConfig, lookup
from eegnets.runs import asked

LISTS = {
    "models": "name",
    "activations": "activation",
    "learning_rates": "learning_rate",
    "weight_decays": "weight_decay",
    "batch_sizes": "batch_size",
    "seeds": "seed",
}  # how a list is called -> the setting
MOST = 1000  # runs in one sweep
BEST_FIRST = ("finished", "running", "queued", "paused", "stopped", "interrupted", "failed")


def grid(base: RunConfig, lists: Mapping[str, Sequence[Any]]) -> list[RunConfig]:
    """`base` with every combination, the last list (the seeds) turning fastest; an empty list leaves `base`'s value.

    Raises InputError for an unknown list, a value out of bounds, or more than 1,000 combinations.
    """
    names = {lookup(LISTS, "list", key): list(dict.fromkeys(values)) for key, values in lists.items() if values}
    for activation in names.get("activation", ()):
        lookup(ACTIVATIONS, "activation", activation)
    ordered = {name: names[name] for name in LISTS.values() if name in names}
    total = prod(map(len, ordered.values()))
    if total > MOST:
        raise InputError(f"a sweep takes up to {MOST} runs; these lists make {total}. Shorten one of them.")
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
    threads open fits a run with any number of them, and one that asks for no instruments also one that has them.
    """
    found: dict[str, Cell] = {}
    for row in sorted((row for row in rows if row["state"] in BEST_FIRST), key=_rank):
        config = asked(row)
        for threads, instruments in product((config.training.threads, None), (config.training.instruments, False)):
            kind = config.with_(threads=threads, instruments=instruments)
            found.setdefault(str(kind.to_dict()), Cell(config, row["id"], row["state"]))
    cells = [(config, found.get(str(config.to_dict()), Cell(config))) for config in configs]
    return [Cell(config, cell.run_id, cell.state) for config, cell in cells]


def _rank(row: Mapping[str, Any]) -> int:
    return BEST_FIRST.index(row["state"])


def seconds_expected(configs: Iterable[RunConfig], rows: Iterable[Mapping[str, Any]], workers: int = 1) -> float | None:
    """About how long these take, by what an epoch took in finished runs on the same data; None where none tells.

    rows: as `runs.describe` gives them. A network without a run of its own counts as the slowest that has one.
    """
    configs, pace = list(configs), {}
    for row in rows:
        if row["state"] == "finished" and row.get("seconds") and configs and row["source"] == configs[0].data.source:
            pace.setdefault(row["model"], row["seconds"] / row["epoch"])
    if not pace:
        return None
    slowest = max(pace.values())
    total = sum(pace.get(config.model.name, slowest) * config.training.epochs for config in configs)
    return total / max(1, min(workers, len(configs)))
