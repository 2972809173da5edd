"""The folder of runs: what users write on runs, and runs that somebody else wrote."""

import json

import pandas as pd
import pytest
from histories import epoch_record

from eegnets.config import RunConfig
from eegnets.run_folder import RunError
from eegnets.runs import RunStore, distinct


@pytest.fixture
def store(tmp_path, made_run):
    return RunStore(tmp_path / "runs")


def row(store, run):
    return next(row for row in store.table() if row["id"] == run.id)


def test_a_name_a_note_and_a_star_are_kept_apart_and_seen_at_once(store, made_run):
    run = made_run()
    assert (row(store, run)["name"], row(store, run)["note"], row(store, run)["star"]) == ("", "", False)
    run.annotate(name="mine")
    run.annotate(star=True)
    run.annotate(note="µ rhythm?")
    assert (row(store, run)["name"], row(store, run)["note"], row(store, run)["star"]) == ("mine", "µ rhythm?", True)


def test_what_is_written_on_a_run_leaves_its_files_alone(store, made_run):
    run = made_run()
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    run.annotate(name="mine", star=True)
    after = {path.name: path.read_bytes() for path in run.path.iterdir()}
    assert {name: after[name] for name in before} == before
    assert {name for name in after.keys() - before.keys() if not name.startswith(".")} == {"notes.json"}


@pytest.mark.parametrize(("key", "longest"), [("name", 80), ("note", 2000)])
def test_too_long_a_text_is_refused_with_its_length(made_run, key, longest):
    run = made_run()
    with pytest.raises(RunError, match=rf"{key} takes up to {longest} characters; got {longest + 1}"):
        run.annotate(**{key: "x" * (longest + 1)})
    assert run.notes()[key] == ""


def test_a_sweep_may_make_hundreds_of_runs_in_one_second(tmp_path):
    store = RunStore(tmp_path / "runs")
    assert len({store.create(RunConfig()).id for _ in range(600)}) == 600


def test_what_was_changed_while_a_run_trained_is_known_though_it_was_changed_back(store):
    run = store.create(RunConfig().with_(epochs=4))
    for epoch, rate in enumerate((1e-3, 0.1, 0.1, 1e-3)):
        run.append(epoch_record(epoch + 1) | {"learning_rate": rate})
    run.ask(learning_rate=0.1)
    run.ask(learning_rate=1e-3)
    run.finish("finished")
    assert row(store, run)["changed"] == {"learning_rate": [0.1]}


@pytest.mark.parametrize("value", [1000.0, True, float("nan")])
def test_what_no_setting_allows_is_no_change(store, made_run, value):
    run = made_run()
    (run.path / "control.json").write_text(json.dumps({"learning_rate": value}))
    assert row(store, run)["changed"] == {}


@pytest.mark.parametrize(
    "change", [{"keep": "best_test"}, {"threads": 2}, {"engine": "plain"}, {"instruments": True}, {"device": "cpu"}]
)
def test_runs_that_differ_in_what_makes_no_other_network_are_one_sample(store, made_run, change):
    runs = [made_run("stopped"), made_run(**change), made_run(seed=1)]
    assert {one["id"] for one in distinct(store.table())} == {runs[1].id, runs[2].id}


def test_a_run_that_was_changed_while_it_trained_repeats_no_other(store, made_run):
    made_run()
    made_run().ask(learning_rate=0.1)
    assert len(distinct(store.table())) == 2


@pytest.mark.parametrize("content", ["", "[]", '{"name": 3, "star": "yes"}'])
def test_damaged_notes_are_no_notes(store, made_run, content):
    run = made_run()
    (run.path / "notes.json").write_text(content)
    assert row(store, run)["state"] == "finished"
    assert row(store, run)["star"] is False


FOREIGN = {
    "result.json": ['{"last": 3}', '{"last": {"loss": 1}}', '{"best_test": {"epoch": 1}}'],
    "config.json": ['{"format": "x"}', '{"format": 99}', '{"created": "soon"}', '{"model": 3}', "[]"],
    "status.json": ['{"state": "running", "heartbeat": "x"}', '{"state": ["running"]}', "3"],
}


@pytest.mark.parametrize(("name", "content"), [(name, text) for name, texts in FOREIGN.items() for text in texts])
def test_a_run_with_anothers_files_is_a_damaged_row_and_hides_no_other(store, made_run, name, content):
    run, whole = made_run(), made_run()
    (run.path / name).write_text(content)
    assert row(store, run)["state"] == "damaged"
    assert row(store, run)["message"]
    assert row(store, whole)["state"] == "finished"
    json.dumps(store.table(), allow_nan=False)


def test_predictions_are_read_as_they_were_written(made_run):
    run = made_run()
    names = pd.DataFrame({"trial": [1, 2], "subject": ["NA", "nan"], "label": ["null", ""], "null": 0.25, "left": 0.75})
    run.save_predictions(names)
    pd.testing.assert_frame_equal(run.predictions(), names)


def test_an_unwritable_folder_is_told_in_words_and_the_result_stays(made_run, monkeypatch):
    run = made_run("stopped")
    before = run.result()

    def full(*_what):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("eegnets.run_folder.write_whole", full)
    for act in (run.requeue, lambda: run.ask(learning_rate=0.1), lambda: run.annotate(name="x")):
        with pytest.raises(RunError, match="No space left"):
            act()
    assert run.result() == before


def test_a_loss_that_ran_away_is_still_a_history(made_run):
    run = made_run(epochs=0)
    run.append(epoch_record(1, loss=1e38))
    assert run.history()[0]["test_loss"] == 1e38
