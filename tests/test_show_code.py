"""The script of a run repeats it, number for number; and what it cannot repeat it says."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from eegnets import experiment, show_code
from eegnets.classification import shape_of
from eegnets.config import RunConfig
from eegnets.runs import RunStore

pytestmark = pytest.mark.usefixtures("one_thread")

ROOT = Path(__file__).parents[1]
LONGEST = 115  # lines, but for a network whose activation must be written out and a norm besides

CASES = {
    "EEGNet": {},
    "DeepConvNet": {"name": "DeepConvNet", "activation": "ReLU", "seed": 3},
    "momentum": {"optimizer": "SGD", "learning_rate": 0.01, "activation": "LeakyReLU", "negative_slope": 0.2},
    "AdamW": {"optimizer": "AdamW", "name": "DeepConvNet", "validation": 0.0, "activation": "Softplus"},
    "RMSprop": {"optimizer": "RMSprop", "activation": "ELU", "alpha": 0.5, "dropout": 0.4},
    "max norm": {"max_norm": True, "weight_decay": 0.0, "activation": "GELU"},
    "Maxout": {"activation": "Maxout"},
    "changed": {"activation": "Tanh", "epochs": 4},
    "stopped": {"activation": "Mish", "epochs": 4},
    "resumed": {"activation": "ELU", "epochs": 4},
}

ASK = """
import contextlib, io, json, os, runpy, sys
found = {}
for folder in sys.argv[1:]:
    os.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        made = runpy.run_path("code.py")
    found[folder] = {"history": made["history"], "printed": printed.getvalue()}
json.dump(found, sys.stdout)
"""


def config(**settings):
    settings = {"epochs": 3, "engine": "plain"} | settings
    return RunConfig().with_(device="cpu", threads=1, batch_size=7, **settings)


def carried_out(store, case):
    """A run of CASES, with what happens to it while it trains."""
    run = store.create(config(**CASES[case]))

    def meanwhile(record):
        if case == "changed" and record.epoch == 2:
            run.ask(learning_rate=0.05, weight_decay=0.1)
        if case in ("stopped", "resumed") and record.epoch == 2:
            run.ask(action="stop" if case == "stopped" else "pause")

    experiment.execute(run, meanwhile)
    if case == "resumed":
        run.requeue()
        experiment.execute(run)
    return run


@pytest.fixture
def store(tmp_path, monkeypatch, tiny_trials):
    tiny_trials.X[3, 0, 5:9] = np.nan
    monkeypatch.setattr("eegnets.sources.load", lambda config: tiny_trials)
    return RunStore(tmp_path / "runs")


def code(run):
    return show_code.script(run, shape_of(run))


@pytest.fixture
def repeated(store, tmp_path):
    """Case -> its run, its script, and what the script gave; all scripts in one process, which imports torch once."""
    runs = {case: carried_out(store, case) for case in CASES}
    folders = {case: tmp_path / case for case in CASES}
    for case, run in runs.items():
        folders[case].mkdir()
        (folders[case] / "code.py").write_text(code(run), encoding="utf-8")
        (folders[case] / f"{run.id}.npz").write_bytes(show_code.exported(run))
    done = subprocess.run(
        [sys.executable, "-c", ASK, *map(str, folders.values())], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    gave = json.loads(done.stdout)
    return {case: (run, code(run), gave[str(folders[case])]) for case, run in runs.items()}


def test_every_script_repeats_its_run(repeated):
    for case, (run, script, gave) in repeated.items():
        history = run.history()
        assert [record["epoch"] for record in gave["history"]] == [record["epoch"] for record in history], case
        for mine, theirs in zip(gave["history"], history, strict=True):
            have = {key: value for key, value in theirs.items() if value is not None and key in mine}
            assert mine == pytest.approx(have, abs=0, rel=0), case
            assert {key.split("_")[0] for key in theirs if theirs[key] is not None} >= {k.split("_")[0] for k in mine}
            folds = {key for key, value in theirs.items() if value is not None and key.endswith(("loss", "accuracy"))}
            assert folds <= mine.keys(), case
        last = run.result()["last"]["test_accuracy"]
        assert f"last epoch: {last:.4f}" in gave["printed"], case
        print(case, len(script.splitlines()))
