"""How an epoch grows: seconds and memory over trials, channels and batch size, and whether in a straight line.

From the project's root:

    python -m benchmarks.growth [--network EEGNet] [--rounds 2] [--threads 2]

Each row has the ratio to the row above, which has half as much: 2 is a straight line through nought, below 2 there is a
part that does not grow. For batch sizes the work stays the same, so 1 is a straight line. So it does for workers, who
share out a few runs and the cores: 0.5 is twice as fast. The sizes of a table take turns, so that whatever else the
machine does meets all alike. Memory: the most that an epoch needs above what the same program needs for a tiny one
(Linux).
"""

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import psutil

from benchmarks.six_runs import carried_out
from eegnets.bench import measure, noise, turns
from eegnets.bench_results import Case
from eegnets.config import RunConfig
from eegnets.machine import usable_cores
from eegnets.runner import Runner
from eegnets.runs import RunStore
from eegnets.workers import LocalWorkers, keep_memory

TABLES = {
    "trials": (250, 500, 1000, 2000, 4000, 8000, 16_000),
    "channels": (2, 4, 8, 16, 32, 64),
    "batch size": (16, 32, 64, 128, 256, 512, 1024),
}
WORKERS, RUNS, EPOCHS = (1, 2, 4), 4, 4
TRIALS, FEW = 1024, 128  # of the table of batch sizes; of that of channels, where an epoch of 64 takes long


def sizes(table: str, size: int) -> tuple[int, int, int]:
    """Training (and as many test) trials, channels, batch size of a row."""
    rows = {"trials": (size, 2, 64), "channels": (FEW, size, 64), "batch size": (TRIALS, 2, size)}
    return rows[table]


def one_epoch(network: str, trials: int, channels: int, batch_size: int, threads: int) -> Callable[[], object]:
    """What does an epoch each time it is called."""
    epochs = measure([Case(network, threads=threads, batch_size=batch_size)], noise(trials, channels), 10_000)
    return lambda: next(epochs)


def memory(network: str, table: str) -> dict[int, float]:
    """MiB that an epoch needs above a tiny one's, by size; rising, as the most so far is what Linux remembers."""
    one_epoch(network, 2, 2, 16, 1)()  # libraries, and buffers that every epoch has
    before = psutil.Process().memory_info().rss
    found = {}
    for size in TABLES[table]:
        one_epoch(network, *sizes(table, size), 1)()
        found[size] = (_most_so_far() - before) / 2**20
    return found


def _most_so_far() -> int:
    """Bytes of memory that this process had at most (proc(5), VmHWM)."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def growth(network: str, table: str, rounds: int, threads: int) -> pd.DataFrame:
    """A row a size: the fastest epoch's seconds, MiB, and the ratios of both to the row above."""
    takers = {size: one_epoch(network, *sizes(table, size), threads) for size in TABLES[table]}
    found = {"seconds": fastest(takers, rounds)}
    if sys.platform == "linux":
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            found["MiB"] = fresh.submit(memory, network, table).result()
    return with_ratios(pd.DataFrame(found).rename_axis(table))


def pools(network: str, rounds: int) -> pd.DataFrame:
    """A row a number of workers, who share out the same runs and the cores: the fastest turn's seconds."""
    config = RunConfig().with_(name=network, epochs=EPOCHS, validation=0.0)
    runs = [config.with_(seed=seed) for seed in range(RUNS)]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ends:
        takers = {}
        for count in WORKERS:
            runner = Runner(RunStore(Path(folder) / str(count)), LocalWorkers(count))
            ends.callback(runner.shutdown)
            takers[count] = partial(carried_out, runner, runs)
        return with_ratios(pd.DataFrame({"seconds": fastest(takers, rounds)}).rename_axis("workers"))


def fastest(takers: Mapping[int, Callable[[], object]], rounds: int) -> dict[int, float]:
    """The seconds of each one's fastest turn."""
    found: dict[int, float] = {}
    for turn in turns(takers, rounds):
        if turn.round:
            found[turn.who] = min(found.get(turn.who, turn.seconds), turn.seconds)
    return found


def with_ratios(frame: pd.DataFrame) -> pd.DataFrame:
    """Every column beside its ratios to the row above."""
    ratios = (frame / frame.shift()).add_suffix(" ×")
    return frame.join(ratios).round({"seconds": 3, "MiB": 0, "seconds ×": 2, "MiB ×": 2})


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="How an epoch grows with trials, channels and batch size.")
    parser.add_argument("--network", default="EEGNet", choices=["EEGNet", "DeepConvNet"])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=usable_cores())
    asked = parser.parse_args()
    keep_memory()  # as workers do
    print(f"{asked.network}, an epoch of as many test as training trials; fastest of {asked.rounds}")
    for table in TABLES:
        print(f"\n{growth(asked.network, table, asked.rounds, asked.threads).to_string(na_rep='–')}", flush=True)
    print(f"\n{RUNS} runs of {EPOCHS} epochs\n{pools(asked.network, asked.rounds).to_string(na_rep='–')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
