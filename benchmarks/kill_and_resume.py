"""Kill whoever carries out a run, at random moments, again and again; the history must be that of a run left in peace.

From the project's root:

    python -m benchmarks.kill_and_resume [--kills 20] [--epochs 30] [--victim worker|program] [--seed 0]

`worker` kills the worker process under a runner, `program` the process that holds the runner, as when the app is
killed. Also prints how soon a killed worker was noticed, what share of the time storing the state takes, and ends with
status 1 where the histories differ.
"""

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from eegnets import experiment
from eegnets.config import RunConfig
from eegnets.run_folder import Run
from eegnets.runs import RunStore

HOST = """
import pathlib, sys, time
from eegnets.runner import Runner
from eegnets.runs import RunStore
Runner(RunStore(pathlib.Path(sys.argv[1])))
time.sleep(1e6)
"""


def figures(run: Run) -> list[dict[str, Any]]:
    """A history without what depends on the clock."""
    return [{name: value for name, value in record.items() if name != "seconds"} for record in run.history()]


def wait_until(true: Callable[[], bool], what: str, seconds: float = 120.0) -> float:
    """Seconds until something holds; ends the program where it does not."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise SystemExit(f"waited {seconds:g} s in vain until {what}")
        time.sleep(0.01)
    return time.monotonic() - began


def calm(store: RunStore, config: RunConfig) -> tuple[Run, float]:
    """A run left in peace, and the share of its time that storing took."""
    run, stored = store.create(config), []
    plain = experiment._record

    def timed(*arguments: Any) -> None:
        began = time.perf_counter()
        plain(*arguments)
        stored.append(time.perf_counter() - began)

    experiment._record = timed
    try:
        experiment.execute(run)
    finally:
        experiment._record = plain
    return run, sum(stored) / sum(record["seconds"] for record in run.history())


class Hunt:
    """A runner in a process of its own over one folder, and the run that is hunted."""

    def __init__(self, store: RunStore, config: RunConfig) -> None:
        self.store = store
        self.run = store.create(config)
        self.begin()

    def begin(self) -> None:
        """Start the program that holds the runner."""
        self.program = subprocess.Popen([sys.executable, "-c", HOST, str(self.store.root)])

    def kill(self, victim: str) -> float | None:
        """Kill, wait until the run tells it, let it go on; returns seconds until it was noticed, None at its end."""
        wait_until(lambda: self.run.status.state in ("running", "finished"), "the run is at work")
        if self.run.status.state == "finished":
            return None
        worker = int(self.run.status.worker.rsplit(":")[-1])
        os.kill(worker if victim == "worker" else self.program.pid, signal.SIGKILL)
        if victim == "program":
            self.program.wait()
            self.begin()
        noticed = wait_until(lambda: self.run.status.state in ("interrupted", "finished"), "the kill is noticed")
        wait_until(lambda: not psutil.pid_exists(worker), "the worker has gone")
        if self.run.status.state == "interrupted":
            self.run.requeue()
        return noticed

    def end(self) -> None:
        """Wait for the run's end, then close the program."""
        wait_until(lambda: self.run.status.state == "finished", "the run has finished", 600)
        self.program.terminate()
        self.program.wait()


def main() -> int:
    """Print what came of it; the status is 1 where the histories differ."""
    parser = argparse.ArgumentParser(description="Kill a run again and again; compare it with one left in peace.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--victim", choices=["worker", "program"], default="worker")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    asked = parser.parse_args()
    moments = random.Random(asked.seed)
    config = experiment.prepare(RunConfig().with_(epochs=asked.epochs, threads=max(1, (os.cpu_count() or 2) // 2)))
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        peaceful, share = calm(store, config)
        pace = statistics.mean(record["seconds"] for record in peaceful.history())
        hunt, noticed = Hunt(store, config), []
        for _ in range(asked.kills):
            wait_until(lambda: hunt.run.status.state in ("running", "finished"), "the run is at work")
            time.sleep(moments.uniform(0, 2.5 * pace))
            seconds = hunt.kill(asked.victim)
            if seconds is None:  # the run was faster
                break
            noticed.append(seconds)
        hunt.end()
        same = figures(hunt.run) == figures(peaceful)
    print(f"{len(noticed)} kills of the {asked.victim} over {asked.epochs} epochs of {pace:.2f} s")
    if noticed:
        print(f"noticed after {statistics.median(noticed):.2f} s (median), {max(noticed):.2f} s (longest)")
    print(f"storing took {share:.2%} of the time of training")
    print("histories are equal" if same else "HISTORIES DIFFER")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
