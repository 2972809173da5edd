"""The script of a run repeats it, number for number; and what it cannot repeat it says."""

import ast
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from histories import epoch_record

from eegnets import experiment, show_code
from eegnets.activations import ACTIVATIONS
from eegnets.classification import Shape, shape_of
from eegnets.cli import main
from eegnets.config import RunConfig
from eegnets.run_folder import RunError
from eegnets.runs import RunStore
from eegnets.trials import split
from eegnets.weights import WeightsError

ROOT = Path(__file__).parents[1]
SHAPE = Shape(2, 128, 64.0, ("C3", "C4"), ("left hand", "right hand"))
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


def figures(history):
    """The losses and accuracies that there are, an epoch each."""
    names = ("epoch", "_loss", "_accuracy")
    return [{k: v for k, v in record.items() if k.endswith(names) and v is not None} for record in history]


def test_every_script_is_clean_and_repeats_its_run(store, tmp_path):
    runs = {str(tmp_path / case): carried_out(store, case) for case in CASES}
    for folder, run in runs.items():
        Path(folder).mkdir()
        Path(folder, "code.py").write_text(code(run), encoding="utf-8")
        Path(folder, f"{run.id}.npz").write_bytes(show_code.exported(run))
        assert imported(code(run)) <= {"torch", "numpy"} | sys.stdlib_module_names
    for command in (["check"], ["format", "--check"]):
        succeeded("-m", "ruff", *command, "--no-cache", "--config", str(ROOT / "pyproject.toml"), *runs)
    gave = json.loads(succeeded("-c", ASK, *runs))
    for folder, run in runs.items():
        wanted = [pytest.approx(record, abs=1e-6, rel=0) for record in figures(run.history())]
        assert gave[folder]["history"] == wanted, folder
        assert told(run.result()) == gave[folder]["printed"].splitlines()[len(wanted) :], folder


def succeeded(*arguments):
    """What Python says on stdout, if all went well."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def told(result):
    """The last lines of a script, as they must be."""
    words = {"best_validation": "chosen on validation", "best_test": "best test epoch (optimistic)"}
    scores = [(words[name], result[name]) for name in words if result[name]]
    lines = [f"{said}: {record['test_accuracy']:.4f}, epoch {record['epoch']}" for said, record in scores]
    return [f"last epoch: {result['last']['test_accuracy']:.4f}", *lines]


@pytest.mark.parametrize(("case", "longest"), [("EEGNet", 115), ("DeepConvNet", 128), ("Maxout", 145)])
def test_scripts_are_short_enough_to_be_read(store, case, longest):
    run = store.create(config(**CASES[case]))
    run.append(epoch_record(1))
    assert len(show_code.script(run, SHAPE).splitlines()) <= longest


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_network_of_a_script_is_the_runs_for_every_activation(store, activation):
    run = store.create(config(activation=activation, dropout=0.3, negative_slope=0.07, alpha=1.3))
    run.append(epoch_record(1))
    script = show_code.script(run, SHAPE)
    network = script[script.index("# %% The network") : script.index("# %% First")]
    made = {}
    exec(f"import torch\nfrom torch import nn\n{network}", made)
    torch.manual_seed(run.config.training.seed)
    mine, theirs = made["EEGNet"](), experiment.build(run.config.model, SHAPE, run.config.training.seed)
    X = torch.randn(3, 2, 128, generator=torch.Generator().manual_seed(1))
    assert torch.equal(mine.eval()(X), theirs.eval()(X))


def imported(script):
    nodes = list(ast.walk(ast.parse(script)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names = plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in names}


def test_a_notebook_holds_the_same_code(store):
    run = carried_out(store, "EEGNet")
    made = json.loads(show_code.notebook(code(run)))
    text, *cells = made["cells"]
    assert (made["nbformat"], text["cell_type"]) == (4, "markdown")
    assert "Licence of the trials" in text["source"]
    joined = ast.parse("\n".join(cell["source"] for cell in cells))
    assert ast.dump(joined) == ast.dump(ast.Module(ast.parse(code(run)).body[1:], []))  # all but the docstring


def test_the_trials_are_those_that_the_run_had(store, tiny_trials):
    run = carried_out(store, "EEGNet")
    folds = split(tiny_trials, run.config.training.validation, run.config.training.seed)
    with np.load(io.BytesIO(show_code.exported(run)), allow_pickle=False) as file:
        assert set(file.files) == {f"{part}_{fold}" for part in "Xy" for fold in folds._fields}
        for name, fold in folds._asdict().items():
            np.testing.assert_array_equal(file[f"X_{name}"], fold.X)
            np.testing.assert_array_equal(file[f"y_{name}"], fold.y)


def test_data_that_have_changed_since_are_refused_in_words(store, tiny_trials, monkeypatch):
    run = carried_out(store, "EEGNet")
    monkeypatch.setattr("eegnets.sources.load", lambda config: tiny_trials.take(np.arange(len(tiny_trials)) != 1))
    with pytest.raises(RunError, match=r"data have changed since.*20 train.*now there are 19 train"):
        show_code.exported(run)


def test_a_run_of_the_faster_engine_says_that_digits_differ_and_what_to_do(store):
    run = store.create(config(engine="fused"))
    experiment.execute(run)
    shape = shape_of(run)
    assert not show_code.exact(run, shape)
    words = " ".join(code(run).replace("#", " ").split())
    assert "dropout draws other random numbers" in words
    assert f"{show_code.plain_command(run)} " in words
    assert show_code.EXACT not in words
    again = store.create(run.config.with_(engine="plain"))
    experiment.execute(again)
    assert show_code.EXACT in code(again)


def test_a_run_in_bfloat16_is_not_called_exact(store):
    run = store.create(config(engine="plain", precision="bfloat16"))
    experiment.execute(run)
    assert not show_code.exact(run, shape_of(run))
    assert "in bfloat16" in " ".join(code(run).replace("#", " ").split())
    assert "bfloat16" not in show_code.plain_command(run)


def test_where_the_faster_engine_does_not_compute_the_script_is_exact(store):
    run = store.create(config(engine="fused"))
    few, many = (Shape(n, 128, 64.0, ("C3",) * n, ("left", "right")) for n in (2, 64))
    assert (show_code.exact(run, few), show_code.exact(run, many)) == (False, True)
    run.met(device="mps")
    assert show_code.exact(run, few)


def test_on_a_graphics_card_the_script_computes_as_the_run_did(store):
    run = carried_out(store, "EEGNet")
    assert "cudnn" not in code(run)
    run.met(device="cuda")
    assert "allow_tf32 = False" in code(run)
    assert "deterministic = True" in code(run)
    many = Shape(64, 128, 64.0, ("C3",) * 64, ("left", "right"))
    fused = store.create(config(engine="fused"))
    fused.met(device="cuda")
    assert show_code.exact(run, many)
    assert not show_code.exact(fused, many)
    assert "on a graphics card" in show_code.verdict(fused, many)


def test_without_an_epoch_there_is_nothing_to_show(store):
    run = store.create(config())
    with pytest.raises(WeightsError, match="no weights yet; they are stored when its first epoch ends"):
        shape_of(run)
    with pytest.raises(RunError, match="no whole epoch yet"):
        show_code.script(run, SHAPE)


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("finished", "EPOCHS = 3\n"),
        ("stopped", "EPOCHS = 2  # 3 were asked for, but the run was stopped\n"),
        ("paused", "EPOCHS = 3  # when this was written, the run was paused and had done 2\n"),
    ],
)
def test_a_script_trains_as_long_as_the_run(made_run, state, line):
    assert line in show_code.script(made_run(state, 3 if state == "finished" else 2), SHAPE)


def test_no_name_in_a_run_from_elsewhere_becomes_code(store):
    run = carried_out(store, "EEGNet")
    innocent, evil = code(run), '"""\nimport os\r\nimport os\x0cimport os'
    about = run.about() | {"versions": {"torch": evil}}
    about["data"] |= {"subjects": [evil], "options": {evil: evil}}
    about["training"] |= {"engine": "fused"}
    (run.path / "config.json").write_text(json.dumps(about))
    script = show_code.script(run, Shape(2, 128, 64.0, (evil, "C4"), (evil, "right")))
    assert ast.dump(ast.parse(script)) == ast.dump(ast.parse(innocent))


def test_the_command_writes_script_and_trials(store, tmp_path, capsys):
    run, out = carried_out(store, "EEGNet"), tmp_path / "new" / "folder"
    assert main(["code", run.id, "--out", str(out), "--runs", str(store.root)]) == 0
    printed = capsys.readouterr()
    assert printed.out.split() == [str(out / f"{run.id}.py"), str(out / f"{run.id}.npz")]
    assert (out / f"{run.id}.py").read_text(encoding="utf-8") == code(run)
    assert (out / f"{run.id}.npz").read_bytes()[:2] == b"PK"
    assert show_code.EXACT in printed.err
    (tmp_path / "file").touch()
    assert main(["code", run.id, "--out", str(tmp_path / "file"), "--runs", str(store.root)]) == 2
    assert "choose another place" in capsys.readouterr().err
    assert main(["code", "nobody", "--runs", str(store.root)]) == 2
    assert "there is no run or checkpoint 'nobody'" in capsys.readouterr().err
