"""The race on the page Activations, as a user meets it."""

import json

import pytest
from visiting import visit

from eegnets.runs import RunStore


def opened(app, *runs, **params):
    return visit(app, "activations", *runs, **params)


def start(app):
    return next(button for button in app.button if button.label == "Start the race")


def readings(run):
    bend = {"flat": 0.5, "silent": 0.0, "slope": 0.5, "input_mean": 0.0, "input_std": 1.0}
    lines = [
        {
            "epoch": epoch,
            "bends": {"bend": bend},
            "layers": {"first": {"gradient": 1.0, "weights": 2.0}},
            "seconds": 0.1,
        }
        for epoch in range(len(run.history()) + 1)
    ]
    (run.path / "instruments.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return run


def words(app):
    return " ".join(element.value for element in app.markdown)


def test_one_click_starts_racers_that_differ_in_the_activation_alone(app, tmp_path):
    opened(app, racers=["ReLU", "Tanh"], epochs="7", model="DeepConvNet")
    start(app).click().run()
    assert not app.exception
    runs = RunStore(tmp_path / "runs").runs()
    assert sorted(app.query_params["run"]) == sorted(run.id for run in runs)
    assert {run.config.model.activation for run in runs} == {"ReLU", "Tanh"}
    alike = {json.dumps(run.config.with_(activation="ELU").to_dict()) for run in runs}
    assert len(alike) == 1
    assert all(run.config.training.instruments and run.config.training.epochs == 7 for run in runs)
    assert all(run.about()["in_step"] for run in runs)


def test_three_seeds_race_every_activation_three_times(app, tmp_path):
    opened(app, racers=["ReLU", "ELU"], seeds="3")
    start(app).click().run()
    places = {(run.config.model.activation, run.config.training.seed) for run in RunStore(tmp_path / "runs").runs()}
    assert places == {(name, seed) for name in ("ReLU", "ELU") for seed in range(3)}


@pytest.mark.parametrize("racers", [["ReLU"], ["ELU", "ReLU", "LeakyReLU", "Tanh", "Sigmoid", "Maxout", "GELU"]])
def test_one_is_no_race_and_seven_are_too_many(app, racers):
    opened(app, racers=racers)
    assert not app.exception
    assert start(app).disabled


def test_a_race_shows_what_was_measured_beside_what_the_report_says(app, made_run):
    runs = [readings(made_run(activation=name, instruments=True)) for name in ("ELU", "ReLU")]
    opened(app, *runs)
    assert not app.exception
    assert "The lab report says" in words(app)
    assert "the gradient does end below zero" in words(app)
    assert app.get("progress")[-1].proto.text == "6 of 6 epochs"


@pytest.mark.parametrize("state", ["queued", "running", "failed"])
def test_a_race_that_has_only_begun_breaks_nothing(app, made_run, state):
    ahead = readings(made_run(activation="ELU", instruments=True))
    behind = made_run(state, epochs=0, activation="ReLU", instruments=True, message="why it failed")
    opened(app, ahead, behind)
    assert not app.exception
    assert "after everyone's first epoch" in words(app)
    assert any("why it failed" in box.value for box in app.error) == (state == "failed")


def test_without_a_race_the_page_says_how_to_begin(app):
    opened(app)
    assert any("No race is open" in box.value for box in app.info)
