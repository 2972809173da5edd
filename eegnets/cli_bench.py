"""The command that measures: seconds per epoch on this machine, as a table or as records."""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from eegnets import sources
from eegnets.bench_results import LISTS, Result, cases, results
from eegnets.config import SETTINGS, DataConfig, Setting
from eegnets.flags import listed, pair, tell
from eegnets.machine import here, usable_cores
from eegnets.workers import keep_memory

ABOUT = {
    "networks": "default: all",
    "engines": "usual (the textbook's loop), plain, fused; default: all three",
    "precisions": "float32, bfloat16; default: float32",
    "devices": "default: the processor, and the graphics card where there is one",
    "threads": "default: one, and all cores",
    "batch_sizes": "default: 64",
}
NUMBERS = {
    "trials": Setting("Trials", "", low=2, high=100_000, name="--trials", kind=int),
    "rounds": Setting("Rounds", "", low=1, high=100, name="--rounds", kind=int),
    "seconds": Setting("Seconds", "", low=1, high=86_400, name="--seconds", kind=float),
}


def add_bench(parser: argparse.ArgumentParser) -> None:
    """The flags of `bench`."""
    for name, about in ABOUT.items():
        parser.add_argument("--" + name.replace("_", "-"), metavar="LIST", default="", help=f"with commas; {about}")
    parser.add_argument("--trials", metavar="N", help="at most so many training and test trials each; default: all")
    parser.add_argument("--rounds", metavar="N", default=5, help="measured epochs of each; default 5")
    parser.add_argument(
        "--seconds", metavar="S", default=86_400, help="begin no round that would end later; one always counts"
    )
    parser.add_argument("--source", metavar="S", default="simulated", help="of the trials; default simulated")
    parser.add_argument("--subjects", metavar="A,B", default="", help="of the source; default all")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the source")
    parser.add_argument("--json", action="store_true", help="print a record a line, as they come, instead of a table")


def bench(options: argparse.Namespace) -> int:
    """Measure, and print each case with its ratio to the usual loop at the same threads."""
    lists = {name: listed(getattr(options, name)) for name in LISTS}
    cases(lists)  # the cheap checks first, before torch comes
    given = {name: getattr(options, name) for name in NUMBERS}
    limits = {name: NUMBERS[name].check(value) for name, value in given.items() if value is not None}
    subjects = tuple(listed(options.subjects))
    data = sources.check(DataConfig(options.source, subjects, dict(map(pair, options.option))))
    epochs, shown = [], sys.stderr.isatty() and not options.json
    for record in records(lists, data, limits):
        if options.json:
            print(json.dumps(record), flush=True)
        if record["kind"] == "epoch":
            epochs.append(record)
            if shown:
                tell(f"\r{record['done']} of {record['of']} epochs ", end="")
    found = results(epochs)
    if not options.json:
        print(table(found))
    return 0


def records(lists: dict[str, list[Any]], data: DataConfig, limits: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The whole measurement as plain records: kind "begin", "epoch" for every turn, a "result" for each case, "end"."""
    keep_memory()  # and PyTorch's own thread manners: the usual loop would be twice as slow with yielding threads
    from eegnets.bench import folds, measure  # imports torch

    machine = here()
    asked = cases({name: lists.get(name) or default for name, default in defaults(machine.devices).items()})
    trials = folds(sources.load(data), limits.get("trials"))
    sizes = {"n_train": len(trials.train), "n_test": len(trials.test) if trials.test else 0}
    sizes |= {"n_chans": trials.train.n_chans, "n_times": trials.train.n_times}
    yield {
        "kind": "begin",
        "at": time.time(),
        "pid": os.getpid(),
        "machine": asdict(machine),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "trials": sizes | {"source": data.source},
        "seconds": limits.get("seconds"),
        "of": (limits["rounds"] + 1) * len(asked),
    }
    epochs = []
    for record in measure(asked, trials, limits["rounds"], seconds=limits["seconds"]):
        epochs.append(record)
        yield record
    for result in results(epochs):
        yield {"kind": "result"} | result.row()
    yield {"kind": "end", "at": time.time()}


def defaults(devices: dict[str, str]) -> dict[str, list[Any]]:
    """What is measured where nothing is asked for."""
    return {
        "networks": list(SETTINGS["name"].choices),
        "engines": ["usual", "plain", "fused"],
        "precisions": ["float32"],
        "devices": sorted(devices, key=lambda name: name != "cpu"),
        "threads": sorted({1, usable_cores()}),
        "batch_sizes": [64],
    }


def table(found: list[Result]) -> str:
    """The results as text; ×: how many times as fast as the usual loop at the same settings."""
    frame = pd.DataFrame([result.row() for result in found]).rename(columns={"model": "network", "ratio": "×"})
    varies = [name for name in ("precision", "device", "batch_size") if frame[name].nunique() > 1]
    columns = ["network", "engine", *varies, "threads", "seconds", "fastest", "slowest", "epochs", "×"]
    frame = frame[columns].round({"seconds": 3, "fastest": 3, "slowest": 3, "×": 2})
    words = "seconds per epoch, training and test (median); × how many times as fast as the usual loop, same settings"
    return f"{words}\n{frame.to_string(index=False, na_rep='–')}"
