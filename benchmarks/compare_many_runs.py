"""The page Compare over many stored runs: how long until it is there, and until another run is drawn.

From the project's root:

    python -m benchmarks.compare_many_runs [--runs 500] [--epochs 100]

Makes finished runs in a temporary folder and opens the page by Streamlit's AppTest, as a new process does: nothing
cached. Prints seconds for opening, for opening again, for drawing five, six and twenty runs, and for a sweep of all.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from eegnets import sources
from eegnets.config import DataConfig, RunConfig
from eegnets.report import ACTIVATIONS, DECAYS, MODELS
from eegnets.runs import RunStore
from eegnets.scores import summary
from eegnets.sweep import grid


def make_runs(store: RunStore, runs: int, epochs: int) -> list[str]:
    """Finished runs with made-up curves; their ids."""
    lists = {"models": MODELS, "activations": ACTIVATIONS, "weight_decays": DECAYS}
    base = RunConfig(sources.check(DataConfig()))  # as the app stores them
    configs = grid(base.with_(epochs=epochs), lists)
    rng, ids = np.random.default_rng(0), []
    for number in range(runs):
        run = store.create(configs[number % len(configs)].with_(seed=number // len(configs)))
        history = [record(epoch, rng.random(), epochs) for epoch in range(1, epochs + 1)]
        (run.path / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history))
        result = {"status": "finished", "seconds": 0.5 * epochs, **summary(history)}
        (run.path / "result.json").write_text(json.dumps(result))
        run.set_status("finished")
        ids.append(run.id)
    return ids


def record(epoch: int, noise: float, epochs: int) -> dict[str, float]:
    """One epoch of a made-up curve."""
    accuracy = round(0.5 + 0.3 * epoch / epochs + 0.1 * (noise - 0.5), 4)
    folds = {f"{fold}_accuracy": accuracy for fold in ("train", "validation", "test")}
    folds |= {f"{fold}_loss": round(1 - accuracy, 4) for fold in ("train", "validation", "test")}
    return {"epoch": epoch, "seconds": 0.5, "learning_rate": 1e-3, "weight_decay": 0.01} | folds


def opened(page: str, runs: list[str], **params: str | list[str]) -> AppTest:
    """A visitor's own session on a page, with these runs picked."""
    app = AppTest.from_file(str(Path("app.py").resolve()), default_timeout=120)
    app.query_params["run"] = runs
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    return app.switch_page(f"pages/{page}.py")


def timed(app: AppTest, what: str, charts: int = 0) -> None:
    """Show the page, and print how long it took; it must have so many charts."""
    begin = time.perf_counter()
    app.run()
    print(f"{what:28} {time.perf_counter() - begin:.2f} s", flush=True)
    assert not app.exception, app.exception
    assert len(app.get("vega_lite_chart")) >= charts, "nothing is drawn"


def main() -> int:
    """Print how long each step takes."""
    parser = argparse.ArgumentParser(description="The page Compare over many stored runs.")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"EEGNETS_RUNS": folder, "EEGNETS_DATA": folder}
        ids = make_runs(RunStore(Path(folder)), asked.runs, asked.epochs)
        app = opened("compare", [])  # starts the workers and imports what the pages import
        timed(app, f"{asked.runs} runs, opened")
        timed(app, "opened again")
        for n in (5, 6, 20):
            app = opened("compare", ids[:n])
            timed(app, f"{n} runs picked, opened", charts=1)
            timed(app, f"{n} runs drawn again", charts=1)
        for view in ("Lab report", "Best test epoch"):
            app.button_group(key="view").set_value(view)
            timed(app, view)
        lists = {"models": list(MODELS), "activations": list(ACTIVATIONS), "weight_decays": "0.01, 0"}
        seeds = ",".join(map(str, range(asked.runs // 12)))
        app = opened("sweep", [], **lists, seeds=seeds, epochs=str(asked.epochs))
        timed(app, "Sweep over all of them", charts=3)
    return 0


if __name__ == "__main__":
    sys.exit(main())
