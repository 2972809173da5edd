"""Sweeps: every combination once, what is finished stays, what was left goes on."""

import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from eegnets.cli import main
from eegnets.config import DataConfig, InputError, RunConfig
from eegnets.flags import written
from eegnets.runs import RunStore
from eegnets.sources import check
from eegnets.sweep import LISTS, MOST, begin, command, grid, laid_out, plan, seconds_expected

BASE = RunConfig().with_(epochs=3)
TINY = ["--epochs", "1", "--batch-size", "256", "--subjects", "A"]


def test_a_grid_is_every_combination_once_with_the_seeds_turning_fastest():
    made = grid(BASE, {"seeds": [0, 1], "activations": ["ELU", "ReLU", "ELU"], "weight_decays": ["0", 0.0, 0.01]})
    places = [(c.model.activation, c.training.weight_decay, c.training.seed) for c in made]
    assert len(places) == len(set(places)) == 8
    assert places[:2] == [("ELU", 0.0, 0), ("ELU", 0.0, 1)]
    assert {c.training.epochs for c in made} == {3}


@pytest.mark.parametrize("lists", [{}, {"seeds": [], "models": []}])
def test_no_list_leaves_the_run_as_it_is(lists):
    assert grid(BASE, lists) == [BASE]


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ({"activations": ["RelU6"]}, "ReLU"),
        ({"models": ["EEGnet2"]}, "EEGNet"),
        ({"seeds": ["x"]}, "seed takes"),
        ({"weight_decays": [-1]}, "weight_decay takes"),
        ({"colours": [1]}, "unknown list"),
        ({"seeds": range(MOST + 1)}, f"up to {MOST} runs; these lists make {MOST + 1}"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(lists, words):
    with pytest.raises(InputError, match=words):
        grid(BASE, lists)


@pytest.fixture
def rows(tmp_path):
    return lambda: RunStore(tmp_path / "runs").table()


def test_a_run_that_was_changed_while_it_trained_answers_no_combination(made_run, rows):
    made_run().ask(learning_rate=50.0)
    assert plan([BASE], rows())[0].state == "missing"
    made_run().ask(action="pause", learning_rate=BASE.training.learning_rate)
    assert plan([BASE], rows())[0].state == "finished"


def test_what_is_finished_is_not_to_do_again(made_run, rows):
    run = made_run(activation="ReLU", threads=2)
    made_run("failed", activation="ReLU")
    made_run("finished", activation="Tanh", learning_rate=0.1)
    cells = plan(grid(BASE, {"activations": ["ReLU", "Tanh"]}), rows())
    assert [(cell.state, cell.run_id) for cell in cells] == [("finished", run.id), ("missing", "")]


@pytest.mark.parametrize("state", ["queued", "running", "paused", "stopped", "failed"])
def test_failed_stopped_and_waiting_are_told_apart(made_run, rows, state):
    run = made_run(state)
    assert [(cell.state, cell.run_id) for cell in plan([BASE], rows())] == [(state, run.id)]


def test_threads_that_are_asked_for_must_be_those_of_the_run(made_run, rows):
    made_run(threads=2)
    states = [plan([BASE.with_(threads=threads)], rows())[0].state for threads in (None, 2, 1)]
    assert states == ["finished", "finished", "missing"]


def test_a_damaged_run_carries_out_nothing(made_run, rows):
    run = made_run()
    (run.path / "config.json").write_text("{")
    assert plan([BASE], rows())[0].state == "missing"


def test_the_time_expected_is_epochs_by_what_one_took_on_these_data(made_run, rows):
    made_run(epochs=4)  # half a second an epoch
    configs = grid(BASE.with_(epochs=10), {"seeds": [0, 1, 2, 3]})
    assert seconds_expected(configs, rows(), workers=1) == pytest.approx(20)
    assert seconds_expected(configs, rows(), workers=2) == pytest.approx(10)
    assert seconds_expected(configs[:1], rows(), workers=8) == pytest.approx(5)
    elsewhere = [RunConfig(config.data.with_(source="scp1"), config.model, config.training) for config in configs]
    assert seconds_expected(elsewhere, rows(), workers=1) is None
    assert seconds_expected([], rows(), workers=1) is None


def test_a_run_that_tells_seconds_but_no_epoch_tells_no_time(made_run, rows):
    (made_run().path / "result.json").write_text('{"seconds": 5}')
    assert seconds_expected([BASE], rows(), workers=1) is None


@pytest.mark.parametrize("others", [{"subjects": ("A", "B")}, {"options": {"difficulty": 0.1}}])
def test_runs_on_other_trials_of_the_source_do_not_tell_how_long_it_takes(made_run, rows, others):
    base = BASE.with_(subjects=("A",))
    made_run(subjects=("A",))
    assert seconds_expected([base], rows()) == pytest.approx(1.5)
    assert seconds_expected([RunConfig(base.data.with_(**others), base.model, base.training)], rows()) is None


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("device", ["cpu", "cuda"]),
        ("precision", ["float32", "bfloat16"]),
        ("engine", ["fused", "plain"]),
        ("threads", [1, 2]),
        ("batch_size", [64, 256]),
        ("instruments", [False, True]),
    ],
)
def test_the_time_expected_is_that_of_the_run_that_was_computed_most_alike(made_run, rows, setting, values):
    for value in values:
        made_run(**{setting: value})
    told = [row | {"seconds": row["epoch"] * (1 + values.index(row[setting]))} for row in rows()]
    expected = [seconds_expected([BASE.with_(**{setting: value})], told) for value in values]
    assert expected == [BASE.training.epochs, 2 * BASE.training.epochs]


def test_a_config_written_as_flags_is_read_as_the_same(capsys):
    import argparse

    from eegnets.flags import add_settings, config_of

    config = RunConfig().with_(activation="ReLU", subjects=("A", "B"), dropout=0.5, max_norm=True, epochs=7)
    config = RunConfig(config.data.with_(options={"difficulty": "0.8"}), config.model, config.training)
    parser = argparse.ArgumentParser()
    add_settings(parser)
    assert config_of(parser.parse_args(written(config).split())) == config
    assert written(RunConfig()) == ""


@pytest.mark.usefixtures("warm")
def test_a_sweep_runs_what_is_missing_and_says_how_each_ended(tmp_path, capsys):
    root = str(tmp_path / "runs")
    arguments = ["sweep", "--activations", "ELU,ReLU", *TINY, "--runs", root]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[:3] for line in lines) == [["finished", "EEGNet", name] for name in ("ELU", "ReLU")]
    first = {run.id for run in RunStore(tmp_path / "runs").runs()}
    assert main([*arguments, "--seeds", "0,1"]) == 0
    told = capsys.readouterr()
    assert "4 runs, 2 of them finished before" in told.err
    assert all("seed 1" in line for line in told.out.splitlines())
    assert len({run.id for run in RunStore(tmp_path / "runs").runs()} - first) == 2


@pytest.mark.usefixtures("at_once")
def test_a_sweep_takes_its_own_runs_out_of_the_queue_and_leaves_those_of_others(tmp_path):
    store = RunStore(tmp_path / "runs")
    base = RunConfig(check(DataConfig("simulated", ("A",)))).with_(epochs=1, batch_size=256)
    others, waiting = store.create(base.with_(seed=7)), store.create(base)
    assert main(["sweep", "--seeds", "0,1", *TINY, "--runs", str(store.root)]) == 0
    assert (others.status.state, waiting.status.state) == ("queued", "finished")
    assert len(store.runs()) == 3


@pytest.mark.parametrize("spoil", [shutil.rmtree, lambda path: (path / "config.json").write_text("{")])
def test_a_run_that_is_gone_or_damaged_is_told_and_the_sweep_goes_on(tmp_path, monkeypatch, capsys, at_once, spoil):
    root, start, spoilt = tmp_path / "runs", at_once.start, []

    def spoiling(self, path):
        ended = start(self, path)
        if not spoilt:
            spoilt.append(path.name)
            spoil(path)
        return ended

    monkeypatch.setattr(at_once, "start", spoiling)
    assert main(["sweep", "--seeds", "0,1,2", *TINY, "--runs", str(root)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[0] for line in lines) == ["damaged", "finished", "finished"]
    assert spoilt[0] in lines[0]
    assert "it has no readable config.json" in lines[0]


@pytest.mark.usefixtures("warm")
def test_a_run_that_fails_is_told_and_shows_in_the_exit_code(tmp_path, capsys):
    wild = ["--learning-rates", "100", "--weight-decays", "10", "--optimizer", "SGD", "--subjects", "A"]
    assert main(["sweep", *wild, "--epochs", "5", "--runs", str(tmp_path / "runs")]) == 1
    assert capsys.readouterr().out.startswith("failed")


@pytest.mark.parametrize(
    "flags",
    [
        ["--seeds", "x"],
        ["--models", "VGG"],
        ["--activations", "Relu7"],
        ["--models", "EEGNet", "--model", "DeepConvNet"],
        ["--weight-decays", "0,0.1", "--weight-decay", "0.01"],
    ],
)
@pytest.mark.usefixtures("at_once")
def test_a_wrong_list_is_an_exit_code_of_two_before_any_run(tmp_path, capsys, flags):
    assert main(["sweep", *flags, *TINY, "--runs", str(tmp_path / "runs")]) == 2
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("warm")
def test_ctrl_c_stops_the_group_and_the_same_command_takes_it_up_again(tmp_path):
    root = tmp_path / "runs"
    command = [sys.executable, "-m", "eegnets", "sweep", "--seeds", "0,1", *TINY, "--runs", str(root)]
    command[command.index("--epochs") + 1] = "6"
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    store, deadline = RunStore(root), time.monotonic() + 60
    while not any(run.history() for run in store.runs()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in errors
    assert {run.status.state for run in store.runs()} == {"stopped"}
    assert main(command[3:]) == 0
    assert len(store.runs()) == 2
    assert [len(run.history()) for run in store.runs()] == [6, 6]


def test_every_list_is_of_a_setting():
    assert set(LISTS.values()) <= set(BASE.model.table()) | set(BASE.training.table())


def test_the_command_asks_for_the_same_sweep():
    lists = {"models": ["EEGNet", "DeepConvNet"], "weight_decays": ["0.01", "0"], "seeds": ["0", "1"]}
    shown = command(BASE.with_(optimizer="SGD", weight_decay=0.5), lists)
    assert shown == (
        "python -m eegnets sweep --models EEGNet,DeepConvNet --weight-decays 0.01,0 --seeds 0,1 "
        "--epochs 3 --optimizer SGD"
    )


@pytest.mark.parametrize(
    ("lists", "down", "across", "shape"),
    [
        ({}, "", "Seed", (1, 1)),
        ({"seeds": [0, 1, 2]}, "", "Seed", (1, 3)),
        ({"activations": ["ELU", "ReLU"]}, "Activation", "", (2, 1)),
        ({"activations": ["ELU", "ReLU"], "weight_decays": [0, 0.1, 0.2]}, "Activation", "Weight decay", (2, 3)),
        ({"activations": ["ELU", "ReLU"], "models": ["EEGNet", "DeepConvNet"], "seeds": [0, 1]},
         "Network, Activation", "Seed", (4, 2)),
        ({"learning_rates": [0.1 * i for i in range(1, 8)], "batch_sizes": [16, 32, 64, 128], "seeds": [0, 1]},
         "Learning rate", "Batch size, Seed", (7, 8)),
    ],
)  # fmt: skip
def test_a_sweep_is_laid_out_with_a_place_for_every_combination(lists, down, across, shape):
    configs = grid(BASE, lists)
    laid = laid_out(plan(configs, []), [], "last")
    assert (laid.down, laid.across) == (down, across)
    assert laid.table.groupby(["row", "column"]).size().tolist() == [1] * len(configs)
    assert (laid.table["row"].nunique(), laid.table["column"].nunique()) == shape


def test_a_cell_has_the_score_of_its_run(made_run, rows):
    run = made_run(accuracies=[0.9, 0.6, 0.7])
    for score, value in {"last": 70, "best_validation": 90, "best_test": 90}.items():
        (cell,) = laid_out(plan([BASE], rows()), rows(), score).table.to_dict("records")
        assert (cell["run"], cell["value"], cell["epoch"]) == (run.id, pytest.approx(value), 3)


def test_what_came_without_what_it_needs_to_go_on_is_trained_anew(made_run):
    ours, brought = made_run("stopped", activation="ELU"), made_run("stopped", activation="ReLU")
    brought.resume_path.unlink()
    store = RunStore(ours.path.parent)
    runner = SimpleNamespace(
        store=store,
        resume=lambda run_id: store.get(run_id).requeue(),
        submit_group=lambda configs, owner: [store.create(config) for config in configs],
    )
    cells = plan([run.config for run in (ours, brought)], store.table())
    begun = begin(runner, cells)
    assert begun[0].id == ours.id
    assert ours.status.state == "queued"
    assert begun[1].id != brought.id
    assert brought.status.state == "stopped"
    assert begun[1].config == brought.config
