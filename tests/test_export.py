"""Runs and charts as files: all numbers arrive, pictures are pictures, and what is missing is told with its command."""

import csv
import io
import json
import zipfile

import altair as alt
import pandas as pd
import pytest

from eegnets import export
from eegnets.cli import main
from eegnets.config import InputError
from eegnets.export import FILES, picture, tensorboard_zip


@pytest.fixture
def runs(made_run):
    return [
        made_run(seed=0, subjects="A,B"),
        made_run(seed=1, accuracies=[0.5, 0.6, 0.9]),
        made_run("queued", epochs=0),
    ]


def test_all_runs_and_scores_arrive_in_both_forms(runs):
    lines = list(csv.DictReader(io.StringIO(FILES["runs.csv"](runs).decode())))
    objects = json.loads(FILES["runs.json"](runs))
    assert [line["id"] for line in lines] == [one["id"] for one in objects] == [run.id for run in runs]
    assert float(lines[1]["last"]) == objects[1]["last"] == 0.9
    assert (lines[0]["subjects"], objects[0]["subjects"]) == ("A+B", ["A", "B"])
    assert (lines[2]["last"], objects[2]["last"]) == ("", None)


def test_all_epochs_arrive_in_both_forms(runs):
    lines = list(csv.DictReader(io.StringIO(FILES["histories.csv"](runs).decode())))
    objects = json.loads(FILES["histories.json"](runs))
    assert objects == {run.id: run.history() for run in runs}
    assert [(line["run"], float(line["test_accuracy"])) for line in lines] == [
        (run.id, record["test_accuracy"]) for run in runs for record in run.history()
    ]


def test_a_number_that_is_none_makes_a_run_a_damaged_one(runs, tmp_path, capsys):
    damaged = runs[1].path / "history.jsonl"
    damaged.write_text(damaged.read_text().replace("0.9", "NaN"))
    out, folder = tmp_path / "out.json", str(tmp_path / "runs")
    assert main(["export", "histories.json", "--out", str(out), "--runs", folder]) == 2
    assert f"run {runs[1].id}: history.jsonl has a damaged line" in capsys.readouterr().err
    assert not out.exists()
    damaged = runs[1].path / "result.json"
    damaged.write_text(damaged.read_text().replace("0.9", "NaN"))
    assert main(["export", "runs.json", "--out", str(out), "--runs", folder]) == 0
    assert {row["id"]: row["state"] for row in json.loads(out.read_text())}[runs[1].id] == "damaged"


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("tensorboard")])
def test_no_run_makes_an_empty_file(name):
    assert FILES[name]([]).strip() in (b"", b"run", b"[]", b"{}")


def test_tensorboard_reads_what_is_written(runs, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    zipfile.ZipFile(io.BytesIO(tensorboard_zip(runs[:2]))).extractall(tmp_path / "events")
    events = EventAccumulator(str(tmp_path / "events" / runs[1].id))
    events.Reload()
    read = events.Scalars("accuracy/test")
    assert [(event.step, pytest.approx(event.value)) for event in read] == [(1, 0.5), (2, 0.6), (3, 0.9)]
    assert "training/learning_rate" in events.Tags()["scalars"]


def test_without_tensorboard_the_command_that_brings_it_is_named(runs, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install tensorboard"):
        tensorboard_zip(runs)
    path = tmp_path / "t.zip"
    assert main(["export", "tensorboard.zip", "--out", str(path), "--runs", str(tmp_path / "runs")]) == 2
    assert "pip install tensorboard" in capsys.readouterr().err
    assert not path.exists()


def test_the_page_names_the_command_too(app, runs, monkeypatch):
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    app.query_params["run"] = [runs[0].id]
    app.run()
    app.switch_page("pages/compare.py").run()
    assert not app.exception
    assert any("pip install tensorboard" in box.value for box in app.caption)


@pytest.mark.parametrize(("form", "begins"), [("png", b"\x89PNG"), ("svg", b"<svg")])
def test_a_chart_with_many_points_becomes_a_picture(form, begins):
    table = pd.DataFrame({"x": range(6000), "y": 0.5})
    made = picture(alt.Chart(table).mark_line().encode(x="x:Q", y="y:Q").properties(title="A title"), form)
    assert made.startswith(begins)
    assert form == "png" or b"A title" in made


def test_the_command_writes_the_runs_that_are_named(runs, tmp_path, capsys):
    path = tmp_path / "new" / "two.json"
    folder = ["--runs", str(tmp_path / "runs")]
    assert main(["export", "histories.json", runs[0].id, runs[1].id, "--out", str(path), *folder]) == 0
    assert capsys.readouterr().out.strip() == str(path)
    assert list(json.loads(path.read_text())) == [runs[0].id, runs[1].id]
    assert main(["export", "runs.xls", *folder]) == 2
    assert "choose from runs.csv" in capsys.readouterr().err
    assert main(["export", "runs.csv", "--out", str(path / "x.csv"), *folder]) == 2
    assert "choose another place" in capsys.readouterr().err
