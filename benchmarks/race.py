"""A race of three activations in step, against the same runs one after the other: seconds, and who gets how far ahead.

From the project's root:

    python -m benchmarks.race [--epochs 30]

EEGNet on the simulated source. Also the share of an epoch that reading the instruments takes, for both networks.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from eegnets import sources
from eegnets.config import RunConfig
from eegnets.run_folder import Run
from eegnets.runner import Runner
from eegnets.runs import RunStore

RACERS = ("ELU", "ReLU", "LeakyReLU")


def timed(runner: Runner, base: RunConfig, in_step: bool) -> dict[str, object]:
    """Seconds to the first epoch and to the end of all, and the most epochs that one racer was ahead of another."""
    runs = runner.submit_group([base.with_(activation=name) for name in RACERS], in_step=in_step)
    began, first, apart = time.perf_counter(), 0.0, 0
    while any(run.status.active for run in runs):
        done = [len(run.history()) for run in runs]
        first = first or (time.perf_counter() - began if any(done) else 0.0)
        apart = max(apart, max(done) - min(done))
        time.sleep(0.05)
    assert all(run.status.state == "finished" for run in runs)
    seconds = time.perf_counter() - began
    return {"in step": in_step, "first epoch (s)": first, "all (s)": seconds, "apart (epochs)": apart}


def instruments_share(run: Run) -> float:
    """Seconds spent reading instruments for each second of training."""
    return sum(r["seconds"] for r in run.instruments()[1:]) / sum(r["seconds"] for r in run.history())


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Racers in step against one after the other.")
    parser.add_argument("--epochs", type=int, default=30)
    epochs = parser.parse_args().epochs
    base = RunConfig().with_(epochs=epochs, instruments=True)
    sources.load(sources.check(base.data))  # into the cache
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        runner = Runner(store)
        runner.submit(base.with_(epochs=1, seed=99))  # the workers are warm then, as they are when a page is read
        while store.active():
            time.sleep(0.1)
        print(pd.DataFrame([timed(runner, base, in_step) for in_step in (False, True)]).round(1).to_string(index=False))
        deep = runner.submit(base.with_(name="DeepConvNet", epochs=4))
        while deep.status.active:
            time.sleep(0.1)
        small = next(run for run in store.runs() if run.config.training.epochs == epochs)
        print(
            f"instruments, share of an epoch: EEGNet {instruments_share(small):.1%}, "
            f"DeepConvNet {instruments_share(deep):.1%}"
        )
        runner.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
