"""Seconds per epoch of the usual loop and both engines, and how near a training step comes to the machine's own rate.

From the project's root:

    python -m benchmarks.epoch_speed [--threads 1,2] [--rounds 5] [--trials 1080] [--channels 2] [--batch-size 64]

On noise, with any number of trials and channels; `python -m eegnets bench` measures the same on trials. The
rate is a step's arithmetic divided by its time, beside a product of two large matrices.
"""

import argparse
import statistics
import sys
from collections.abc import Callable

import pandas as pd
import torch
from torch.nn import functional

from eegnets.bench import measure, noise, turns
from eegnets.bench_results import cases, results
from eegnets.cli_bench import table
from eegnets.models import MODELS, build, layer_table
from eegnets.training import ENGINES
from eegnets.trials import Trials
from eegnets.workers import keep_memory

SIDE = 1024  # of the matrices that show the machine's rate


def rates(name: str, trials: Trials, batch_size: int, rounds: int) -> dict[str, float]:
    """GFLOP/s of a training step, by engine, and of a product of two matrices of SIDE × SIDE.

    A step counts as the plain network's arithmetic, whoever does it in less: two operations a multiplication, thrice
    (forward, to the weights, to the input), but for the layers on the trial itself, whose input needs no gradient.
    """
    X, y = torch.from_numpy(trials.X[:batch_size]), torch.from_numpy(trials.y[:batch_size])
    model = build(name, n_chans=trials.n_chans, n_times=trials.n_times, n_outputs=2)
    model = model.to(memory_format=torch.channels_last)  # as training has it
    table = layer_table(model)
    work = 2 * len(X) * (3 * table["multiplications"].sum() - table["multiplications"].iloc[0])
    matrix = torch.randn(SIDE, SIDE)
    takers: dict[str, Callable[[], object]] = {"matrices": lambda: matrix @ matrix}
    for way, engine in ENGINES.items():
        prepared = engine.prepare(model, X)
        takers[way] = lambda compute=engine.logits, X=prepared: functional.cross_entropy(
            compute(model.train(), X), y
        ).backward()
    operations = {"matrices": 2 * SIDE**3}
    seconds: dict[str, list[float]] = {who: [] for who in takers}
    for turn in turns(takers, 3 * rounds):
        seconds[turn.who] += [turn.seconds] * bool(turn.round)
    return {who: operations.get(who, work) / statistics.median(took) / 1e9 for who, took in seconds.items()}


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="Seconds per epoch of the usual loop and of both engines.")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, with commas between")
    for flag, default in (("rounds", 5), ("trials", 1080), ("channels", 2), ("batch-size", 64)):
        parser.add_argument(f"--{flag}", type=int, default=default)
    asked = parser.parse_args()
    keep_memory()
    folds, threads = noise(asked.trials, asked.channels), [int(part) for part in asked.threads.split(",")]
    lists = {"networks": list(MODELS), "engines": ["usual", "plain", "fused"], "threads": threads}
    print(table(results(measure(cases(lists | {"batch_sizes": [asked.batch_size]}), folds, asked.rounds))))
    rate = {}
    for count in threads:
        torch.set_num_threads(count)
        rate |= {(name, count): rates(name, folds.train, asked.batch_size, asked.rounds) for name in MODELS}
    print("\nGFLOP/s of a training step, and of a product of two matrices")
    print(pd.DataFrame(rate).T.rename_axis(["network", "threads"]).round(1).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
