"""A run that is left and taken up again ends as one that was never left, number for number."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import safetensors.torch
import torch

from eegnets import experiment, json_lines
from eegnets.config import DataConfig, InputError, ModelConfig, RunConfig, TrainingConfig
from eegnets.run_folder import Run, RunError
from eegnets.runs import RunStore

EPOCHS = 4


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


@pytest.fixture(autouse=True)
def _small_world(monkeypatch, tiny_trials):
    """Every run reads the tiny trials, in the time of a blink."""
    monkeypatch.setattr("eegnets.sources.load", lambda config: tiny_trials.filled(tiny_trials.channel_means()))
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def config(**settings):
    base = RunConfig(DataConfig(), ModelConfig(), TrainingConfig(threads=1, batch_size=8, epochs=EPOCHS))
    return base.with_(**settings)


def figures(run):
    """A history without what depends on the clock."""
    return [{name: value for name, value in record.items() if name != "seconds"} for record in run.history()]


def uninterrupted(store, **settings):
    run = store.create(config(**settings))
    experiment.execute(run)
    return figures(run)


def ask_after(run, epoch, **request):
    """A watcher that asks something of the run when an epoch has ended."""
    return lambda record: run.ask(**request) if record.epoch == epoch else None


@pytest.mark.parametrize("optimizer", ["Adam", "AdamW", "SGD", "RMSprop"])
def test_a_paused_run_goes_on_as_if_it_had_never_been_paused(store, optimizer):
    run = store.create(config(optimizer=optimizer))
    result = experiment.execute(run, ask_after(run, 2, action="pause"))
    assert (result["status"], run.status.state, len(run.history())) == ("paused", "paused", 2)
    run.requeue()
    assert experiment.execute(run)["status"] == "finished"
    assert figures(run) == uninterrupted(store, optimizer=optimizer)


def interrupt(record):
    raise KeyboardInterrupt


def test_every_kind_of_leaving_leads_to_the_same_end(store):
    run = store.create(config())
    experiment.execute(run, ask_after(run, 1, action="stop"))
    assert run.status.state == "stopped"
    assert run.result()["last"]["epoch"] == 1
    run.requeue("step")
    assert run.result() is None
    experiment.execute(run)
    assert (run.status.state, len(run.history())) == ("paused", 2)
    run.requeue()
    with pytest.raises(KeyboardInterrupt):
        experiment.execute(run, interrupt)
    assert (run.status.state, len(run.history())) == ("stopped", 3)
    run.requeue()
    experiment.execute(run)
    assert figures(run) == uninterrupted(store)


def test_a_state_that_is_behind_the_history_repeats_the_epochs_between(store, tmp_path):
    run = store.create(config())
    experiment.execute(run, ask_after(run, 2, action="pause"))
    early = run.resume_path.read_bytes()
    run.requeue("step")
    experiment.execute(run)
    run.resume_path.write_bytes(early)
    run.requeue()
    experiment.execute(run)
    assert figures(run) == uninterrupted(store)


@pytest.mark.parametrize(
    "damage",
    [
        lambda run: run.resume_path.write_bytes(b"half"),
        lambda run: (run.path / "history.jsonl").write_text('{"epoch": 1'),
        lambda run: (run.path / "history.jsonl").unlink(),
        lambda run: run.resume_path.write_bytes(run.resume_path.read_bytes()[:-100]),
    ],
)
def test_what_cannot_be_taken_up_is_made_anew_to_the_same_figures(store, damage):
    run = store.create(config())
    experiment.execute(run, ask_after(run, 2, action="pause"))
    damage(run)
    run.requeue()
    experiment.execute(run)
    assert figures(run) == uninterrupted(store)


@pytest.mark.parametrize("what", ["read", "written"])
def test_a_folder_that_cannot_be_read_or_written_for_a_while_loses_no_epoch(store, monkeypatch, what):
    run = store.create(config())
    experiment.execute(run, ask_after(run, 2, action="pause"))
    run.requeue()

    def fails(*_arguments, **_keywords):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    with monkeypatch.context() as patch:
        patch.setattr(*{"read": (torch, "load"), "written": (json_lines, "write_whole")}[what], fails)
        with pytest.raises(RunError, match=os.strerror(errno.ESTALE)):
            experiment.execute(run)
    assert len(run.history()) == 2
    assert run.status.state == "failed"
    run.requeue()
    experiment.execute(run)
    assert figures(run) == uninterrupted(store)


def test_a_run_without_what_it_needs_to_go_on_is_refused_and_keeps_its_epochs(store):
    run = store.create(config())
    experiment.execute(run, ask_after(run, 2, action="stop"))
    run.resume_path.unlink()
    with pytest.raises(RunError, match="can go on only where it trained"):
        run.requeue()
    assert run.status.state == "stopped"
    assert len(run.history()) == 2
    assert run.result()["status"] == "stopped"


def test_a_truncated_last_line_is_neither_shown_nor_kept(store):
    run = store.create(config())
    experiment.execute(run, ask_after(run, 2, action="pause"))
    with (run.path / "history.jsonl").open("a") as file:
        file.write('{"epoch": 3, "train_lo')
    assert len(run.history()) == 2
    run.requeue()
    experiment.execute(run)
    assert figures(run) == uninterrupted(store)


def test_the_kept_weights_are_the_same_whether_or_not_the_run_was_left(store):
    whole, left = store.create(config()), store.create(config())
    experiment.execute(whole)
    experiment.execute(left, ask_after(left, 3, action="pause"))
    left.requeue()
    experiment.execute(left)
    assert left.predictions().equals(whole.predictions())


def test_live_settings_act_from_the_next_epoch_and_stand_in_the_history(store):
    run = store.create(config())
    experiment.execute(run, ask_after(run, 2, learning_rate=0.01, weight_decay=0.5))
    rates = [record["learning_rate"] for record in run.history()]
    assert rates == [1e-3, 1e-3, 0.01, 0.01]
    assert [record["weight_decay"] for record in run.history()][2:] == [0.5, 0.5]
    assert figures(run)[:2] == uninterrupted(store)[:2]
    assert figures(run)[2:] != uninterrupted(store)[2:]


def test_live_settings_out_of_bounds_change_nothing(store):
    run = store.create(config())
    experiment.execute(run, ask_after(run, 1, learning_rate=-1, weight_decay="much"))
    assert figures(run) == uninterrupted(store)


def test_live_settings_survive_a_pause(store):
    run = store.create(config())
    run.ask(learning_rate=0.02)
    experiment.execute(run, ask_after(run, 1, action="pause"))
    run.requeue()
    experiment.execute(run)
    assert {record["learning_rate"] for record in run.history()} == {0.02}


def test_a_finished_run_cannot_go_on_and_leaves_no_state_behind(store):
    run = store.create(config())
    experiment.execute(run)
    assert not run.resume_path.exists()
    with pytest.raises(RunError, match="cannot go on: it is finished"):
        run.requeue()


def test_a_run_in_work_cannot_be_begun_twice(store):
    run = store.create(config())
    said = []

    def try_again(record):
        for attempt in (run.requeue, lambda: experiment.execute(Run(run.path))):
            with pytest.raises(RunError, match="worked on by another process") as refused:
                attempt()
            said.append(refused)

    experiment.execute(run, try_again)
    assert len(said) == 2 * EPOCHS


def test_a_queued_run_is_paused_and_stopped_at_once(store):
    run = store.create(config())
    run.pause()
    assert run.status.state == "paused"
    run.stop()
    assert run.status.state == "stopped"
    for halt in (run.pause, run.stop):
        with pytest.raises(RunError, match="it is stopped"):
            halt()


KILLED = """
import sys
from pathlib import Path
from eegnets import experiment, json_lines
from eegnets.run_folder import Run
experiment.execute(Run(Path(sys.argv[1])))
"""


def test_killed_again_and_again_the_history_is_that_of_a_run_left_in_peace(store, monkeypatch):
    monkeypatch.undo()
    settings = {"subjects": ("A",), "epochs": 4, "batch_size": 256}
    calm, hunted = store.create(config(**settings)), store.create(config(**settings))
    experiment.execute(calm)
    for epochs in (1, 2):
        process = carry_out(hunted)
        wait_until(lambda seen=epochs: len(hunted.history()) >= seen)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        hunted.requeue()
    experiment.execute(hunted)
    assert calm.status.state == hunted.status.state == "finished"
    assert figures(calm) == figures(hunted)
    assert [json.loads(line)["epoch"] for line in (hunted.path / "history.jsonl").open()] == [1, 2, 3, 4]


def carry_out(run):
    return subprocess.Popen([sys.executable, "-c", KILLED, str(run.path)])


def wait_until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_a_run_killed_as_it_ends_loses_none_of_its_epochs(store, monkeypatch):
    run = store.create(config())
    run.save_resume(b"what it goes on from")

    def killed(*_how):
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "set_status", killed)
    with pytest.raises(KeyboardInterrupt):
        run.finish("finished")
    assert run.resume_path.exists()


def test_weights_are_always_of_an_epoch_that_the_history_has(store, monkeypatch):
    """Killed after an epoch's state was stored and before its weights were, and gone on worse."""
    run = store.create(config(keep="best_validation", validation=0.25))
    save = Run.save_weights

    def killed(run, weights):
        if len(run.history()) == 3:
            raise KeyboardInterrupt
        save(run, weights)

    monkeypatch.setattr(experiment, "_to_be_kept", lambda history, keep: len(history) in (1, 3))
    monkeypatch.setattr(Run, "save_weights", killed)
    with pytest.raises(KeyboardInterrupt):
        experiment.execute(run)
    monkeypatch.setattr(Run, "save_weights", save)
    run.requeue()
    run.ask(learning_rate=0.5)
    experiment.execute(run)
    with safetensors.safe_open(run.weights_path, "pt") as file:
        assert file.metadata()["epoch"] == "3"
    alike = store.create(run.config)
    experiment.execute(alike, ask_after(alike, 3, learning_rate=0.5))
    assert figures(run) == figures(alike)
    one, two = (safetensors.torch.load_file(which.weights_path) for which in (run, alike))
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("damage", [lambda stored: stored.pop("noise"), lambda stored: stored.update(epoch="3")])
def test_a_state_that_is_whole_only_in_part_is_not_used_at_all(store, damage):
    run = store.create(config())
    experiment.execute(run, ask_after(run, 2, action="pause"))
    stored = torch.load(run.resume_path, weights_only=True)
    damage(stored)
    torch.save(stored, run.resume_path)
    run.requeue()
    experiment.execute(run)
    assert figures(run) == uninterrupted(store)


@pytest.mark.parametrize("line", ["5", '{"epoch": "1"}', "[" * 100_000])
def test_a_history_of_something_else_is_made_anew(store, line):
    run = store.create(config())
    experiment.execute(run, ask_after(run, 2, action="pause"))
    (run.path / "history.jsonl").write_text(line + "\n")
    run.requeue()
    experiment.execute(run)
    assert figures(run) == uninterrupted(store)


@pytest.mark.parametrize(
    "change",
    [{"format": 99}, {"training": {"foo": 1}}, {"data": {"options": 5}}],
    ids=["newer", "unknown", "no options"],
)
def test_a_run_that_cannot_be_read_is_not_resumed_and_stays_as_it_was(store, change):
    run = store.create(config())
    experiment.execute(run, ask_after(run, 2, action="stop"))
    (run.path / "config.json").write_text(json.dumps(run.about() | change))
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    with pytest.raises(InputError):
        run.requeue()
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before
