"""Whatever happens to one run's folder is told in words, on every page, and hides no other run."""

import json
import shutil
import socket
import subprocess
import sys
import time

import pytest
import safetensors.torch

from eegnets.cli import main
from eegnets.config import InputError
from eegnets.run_folder import STALE, RunError
from eegnets.run_status import GONE
from eegnets.runs import RunStore


def newer(run):
    about = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(about | {"format": 99}))


def half_a_status(run):
    text = (run.path / "status.json").read_text()
    (run.path / "status.json").write_text(text[: len(text) // 2])


def half_a_line(run):
    (run.path / "result.json").unlink()
    with (run.path / "history.jsonl").open("a") as file:
        file.write('{"epoch": 4, "train_lo')


def no_history(run):
    (run.path / "history.jsonl").unlink()


def half_the_predictions(run):
    (run.path / "predictions.csv").write_bytes(b"trial,subject\n\xff\xfe")


def gone(run):
    shutil.rmtree(run.path)


def silent(run):
    status = json.loads((run.path / "status.json").read_text())
    old = {"state": "running", "heartbeat": time.time() - STALE - 1, "worker": "elsewhere:1"}
    (run.path / "status.json").write_text(json.dumps(status | old))


def orphaned(run):
    """As a killed worker leaves it, the moment after."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    status = json.loads((run.path / "status.json").read_text())
    left = {"state": "running", "heartbeat": time.time(), "worker": f"{socket.gethostname()}:{ended.pid}"}
    (run.path / "status.json").write_text(json.dumps(status | left))


def of_no_time(run):
    about = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(about | {"created": "-inf"}))


def half_a_character(run):
    (run.path / "status.json").write_text('{"state": "failed", "message": "\\ud800"}')


def beyond_all_scores(run):
    record = {"epoch": 1, "test_accuracy": 1e300}
    (run.path / "result.json").write_text(json.dumps({"last": record, "best_validation": record, "best_test": record}))


def without_an_epoch(run):
    (run.path / "result.json").write_text('{"seconds": 5, "last": {"epoch": 0, "test_accuracy": 0.5}}')


def of_no_shape(run):
    run.save_weights(safetensors.torch.save({}, {"trials": '{"n_chans": "2", "ch_names": 5}'}))


DAMAGES = [of_no_time, half_a_character, beyond_all_scores, without_an_epoch, of_no_shape]
DAMAGES += [newer, half_a_status, half_a_line, no_history, half_the_predictions, gone, silent, orphaned]


@pytest.mark.parametrize("page", ["train", "compare", "classify", "sweep"])
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_page_shows_the_whole_run_beside_the_damaged_one(app, made_run, page, damage):
    whole, hurt = made_run(activation="ReLU"), made_run(activation="Tanh")
    damage(hurt)
    app.query_params["run"] = [whole.id, hurt.id] if page != "classify" else [hurt.id]
    app.run()
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    if page == "train":
        assert any("ReLU" in str(element.value) for element in [*app.markdown, *app.dataframe, *app.caption])
    if page == "compare":
        assert whole.id in list(app.dataframe[0].value["id"])


@pytest.mark.parametrize(
    ("damage", "state"),
    [
        (newer, "damaged"),
        (half_a_status, "damaged"),
        (of_no_time, "damaged"),
        (half_a_character, "damaged"),
        (beyond_all_scores, "damaged"),
        (without_an_epoch, "damaged"),
        (of_no_shape, "finished"),
        (half_a_line, "finished"),
        (silent, "interrupted"),
        (orphaned, "interrupted"),
    ],
)
def test_a_row_says_what_has_happened(tmp_path, made_run, damage, state):
    whole, hurt = made_run(), made_run()
    damage(hurt)
    rows = {row["id"]: row for row in RunStore(tmp_path / "runs").table()}
    assert rows[hurt.id]["state"] == state
    assert rows[whole.id]["state"] == "finished"


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("status.json", {"state": "running", "worker": None, "heartbeat": 1.0}),
        ("status.json", {"state": "finished", "heartbeat": 10**400}),
        ("status.json", {"state": ["finished"]}),
        ("status.json", DEEP),
        ("conditions.json", '{"trials": {"train": Infinity}}'),
        ("result.json", {"last": {"epoch": 1}}),
        ("result.json", {"last": {"epoch": 1, "test_accuracy": "x"}}),
        ("result.json", {"seconds": "x"}),
        ("config.json", {"data": {"options": 5}}),
        ("config.json", {"format": "2"}),
        ("config.json", DEEP),
    ],
)
def test_what_somebody_else_wrote_makes_one_row_damaged_and_no_command_fail(
    tmp_path, made_run, monkeypatch, capsys, file, content
):
    whole, hurt = made_run(), made_run()
    (hurt.path / file).write_text(content if isinstance(content, str) else json.dumps(content))
    rows = {row["id"]: row for row in RunStore(tmp_path / "runs").table()}
    assert (rows[hurt.id]["state"], rows[whole.id]["state"]) == ("damaged", "finished")
    monkeypatch.setenv("EEGNETS_RUNS", str(tmp_path / "runs"))
    for command in (["runs"], ["report"], ["export", "runs.csv", whole.id, "--out", str(tmp_path / "x.csv")]):
        assert main(command) == 0
    assert whole.id in capsys.readouterr().out


def test_a_worker_is_missed_at_once_here_and_after_its_silence_elsewhere(made_run):
    run = made_run("running")
    assert run.status.state == "running"
    orphaned(run)
    assert (run.status.state, run.status.message) == ("interrupted", GONE)
    status = json.loads((run.path / "status.json").read_text())
    elsewhere = {"worker": status["worker"].replace(socket.gethostname(), "elsewhere")}
    (run.path / "status.json").write_text(json.dumps(status | elsewhere))
    assert run.status.state == "running"


def test_a_run_made_by_a_newer_version_says_what_to_do(made_run):
    run = made_run()
    newer(run)
    with pytest.raises(RunError, match=r"newer version \(99 > 1\); update this one"):
        run.about()


def test_a_run_deleted_while_it_is_read_is_an_error_in_words(tmp_path, made_run):
    store, run = RunStore(tmp_path / "runs"), made_run()
    held = store.get(run.id)
    gone(run)
    with pytest.raises(InputError, match="is no run"):
        held.about()
    assert held.history() == []
    assert held.result() is None
    assert held.predictions() is None
    with pytest.raises(InputError, match="unknown run"):
        store.get(run.id)


def test_the_newest_run_comes_first_and_a_half_made_one_not_at_all(tmp_path, made_run):
    made = [made_run() for _ in range(3)]
    (tmp_path / "runs" / ".new-20990101-000000-x").mkdir()
    (tmp_path / "runs" / "20990101-000000-empty").mkdir()
    assert [run.id for run in RunStore(tmp_path / "runs").runs()] == sorted((run.id for run in made), reverse=True)


def test_a_sign_of_life_makes_an_interrupted_run_run_again(tmp_path, made_run):
    store, run = RunStore(tmp_path / "runs"), made_run("running")
    silent(run)
    assert store.get(run.id).status.state == "interrupted"
    assert store.active() == []
    run.set_status("running")
    assert [found.id for found in store.active()] == [run.id]
