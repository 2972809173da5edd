"""Six runs through the pool of workers, against six usual loops one after the other: both networks, three activations.

From the project's root:

    python -m benchmarks.six_runs [--epochs 5] [--rounds 2]

On the simulated source. The usual loops have all cores, each in its turn; the pool has as many threads. They take turns
with each other; a pool's time is from the queue to the last run's result, tests of its network and files included.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import torch

from eegnets import sources
from eegnets.bench import folds, turns, usual
from eegnets.bench_results import USUAL, Case
from eegnets.config import RunConfig
from eegnets.machine import usable_cores
from eegnets.models import MODELS
from eegnets.runner import Runner
from eegnets.runs import RunStore
from eegnets.trials import Folds
from eegnets.workers import keep_memory

ACTIVATIONS = ("ELU", "ReLU", "LeakyReLU")
PRECISIONS = ("float32", "bfloat16")
KINDS = [(name, activation) for name in MODELS for activation in ACTIVATIONS]


def six_loops(trials: Folds, epochs: int) -> None:
    """The usual loop of each kind, one after the other."""
    for name, activation in KINDS:
        loop: Iterator[object] = usual(Case(name, USUAL, threads=usable_cores()), trials, activation)
        for _epoch in range(epochs):
            next(loop)


def carried_out(runner: Runner, configs: Sequence[RunConfig]) -> None:
    """A run of each config, all queued at once, to the end of the last."""
    runs = runner.submit_group(configs)
    while any(run.status.active for run in runs):
        time.sleep(0.02)
    assert all(run.status.state == "finished" for run in runs)


def main() -> int:
    """Print the medians and how many times as fast the pool is."""
    parser = argparse.ArgumentParser(description="Six runs through the pool against six usual loops.")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    keep_memory()
    torch.set_num_threads(usable_cores())
    base = RunConfig().with_(epochs=asked.epochs, validation=0.0)
    trials = folds(sources.load(sources.check(base.data)))
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(RunStore(Path(folder)))
        takers: dict[str, Callable[[], None]] = {"usual loops": lambda: six_loops(trials, asked.epochs)}
        for precision in PRECISIONS:
            kinds = [base.with_(name=name, activation=bend, precision=precision) for name, bend in KINDS]
            takers[f"pool, {precision}"] = partial(carried_out, runner, kinds)
        seconds: dict[str, list[float]] = {who: [] for who in takers}
        for turn in turns(takers, asked.rounds):
            seconds[turn.who] += [turn.seconds] * bool(turn.round)
        about = f"{runner.workers.count()} workers of {runner.workers.threads} threads"
        runner.shutdown()
    median = {who: statistics.median(took) for who, took in seconds.items()}
    print(f"six runs of {asked.epochs} epochs, {about}")
    for who, took in median.items():
        print(f"{who:16} {took:6.1f} s   {median['usual loops'] / took:.1f} ×")
    return 0


if __name__ == "__main__":
    sys.exit(main())
