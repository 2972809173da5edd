"""Two hundred short runs one after the other: the memory of the program and of its worker, and their open files.

From the project's root:

    python -m benchmarks.many_short_runs [--runs 200]

Prints what is held after a tenth of the runs and at the end, and their ratio.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil

from eegnets.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from eegnets.runner import Runner
from eegnets.runs import RunStore
from eegnets.workers import LocalWorkers

CONFIG = RunConfig(DataConfig("simulated", ("A",)), ModelConfig(), TrainingConfig(epochs=1, batch_size=256))


def held(process: psutil.Process, who: str) -> dict[str, object]:
    """Memory (MB), open files and threads of a process."""
    return {
        "who": who,
        "MB": round(process.memory_info().rss / 1e6),
        "files": process.num_fds(),
        "threads": process.num_threads(),
    }


def observed(runs: int, store: RunStore) -> Iterator[dict[str, object]]:
    """What program and worker hold, run by run."""
    runner, program = Runner(store, LocalWorkers(1)), psutil.Process()
    for number in range(1, runs + 1):
        run = runner.submit(CONFIG.with_(seed=number, activation=("ELU", "ReLU", "LeakyReLU")[number % 3]))
        while run.status.active:
            time.sleep(0.02)
        assert run.status.state == "finished", run.status
        yield {"run": number} | held(program, "program")
        yield {"run": number} | held(psutil.Process(int(run.status.worker.rsplit(":")[-1])), "worker")
    runner.shutdown()


def main() -> int:
    """Print the figures after a tenth of the runs and at the end."""
    parser = argparse.ArgumentParser(description="Memory and open files over many short runs.")
    parser.add_argument("--runs", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = pd.DataFrame(observed(asked.runs, RunStore(Path(folder))))
    early = table[table["run"] == max(asked.runs // 10, 1)].set_index("who").drop(columns="run")
    late = table[table["run"] == asked.runs].set_index("who").drop(columns="run")
    print(pd.concat({"after a tenth": early, "at the end": late, "ratio": (late / early).round(2)}, axis=1).to_string())
    left = psutil.Process().children(recursive=True)
    print(f"processes left behind: {len([child for child in left if 'popen_loky' in ' '.join(child.cmdline())])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
