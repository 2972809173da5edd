"""The page Sweep, as a user meets it."""

import argparse

import pyarrow
import pytest
from conftest import epoch_record
from visiting import visit

from eegnets.cli_many import add_sweep
from eegnets.flags import config_of, listed
from eegnets.runs import RunStore
from eegnets.sweep import LISTS, grid


def opened(app, **params):
    return visit(app, "sweep", **params)


def words(app):
    return " ".join(element.value for element in [*app.markdown, *app.caption, *app.error])


def rows_drawn(app):
    """The rows of the grid, as the browser gets them."""
    drawn = app.get("vega_lite_chart")[0].proto
    tables = [pyarrow.ipc.open_stream(data.data.data).read_pandas() for data in drawn.datasets]
    return [row for table in tables for row in table.to_dict("records")]


def runs(tmp_path):
    return RunStore(tmp_path / "runs").runs()


def test_a_first_visit_finds_a_sweep_to_start(app, tmp_path):
    opened(app)
    assert not app.exception
    assert "**9 runs**" in words(app)
    assert "min, by what an epoch took where the shipped networks were trained" in words(app)
    app.button(key="start_sweep").click().run()
    assert not app.exception
    made = [run.config for run in runs(tmp_path)]
    assert {(c.model.activation, c.training.seed) for c in made} == {
        (bend, seed) for bend in ("ELU", "ReLU", "LeakyReLU") for seed in (0, 1, 2)
    }
    assert all(run.about()["owner"] for run in runs(tmp_path))
    assert "**9 runs**, none of them missing." in words(app)
    assert "… Waiting: 9" in words(app)
    assert app.button(key="start_sweep").disabled


def ended(run, state="finished", accuracies=(0.6, 0.65, 0.7)):
    for epoch, accuracy in enumerate(accuracies):
        run.append(epoch_record(epoch + 1, accuracy))
    run.finish(state)


def test_only_what_is_missing_is_started_and_its_time_told(app, tmp_path):
    opened(app, epochs="3", activations=["ELU"], seeds="0")
    app.button(key="start_sweep").click().run()
    ended(runs(tmp_path)[0])
    app.button_group(key="activations").set_value(["ELU", "ReLU"]).run()
    assert "**2 runs**, 1 of them missing. About 2 s" in words(app)
    app.button(key="start_sweep").click().run()
    assert [run.config.model.activation for run in runs(tmp_path)] in (["ReLU", "ELU"], ["ELU", "ReLU"])


def test_the_states_are_told_apart_by_sign_and_word(app, tmp_path):
    opened(app, epochs="3", activations=["ELU"], seeds="0,1,2,3")
    app.button(key="start_sweep").click().run()
    queued, stopped, failed, finished = runs(tmp_path)
    ended(stopped, "stopped", [0.5])
    ended(failed, "failed", [])
    ended(finished)
    app.button_group(key="activations").set_value(["ELU", "ReLU"]).run()
    assert not app.exception
    for shown in ("… Waiting: 1", "■ Stopped: 1", "× Failed: 1", "✓ Finished: 1", "– Missing: 4"):
        assert shown in words(app)
    texts = {text for row in rows_drawn(app) if (text := row.get("text"))}
    assert texts == {"…", "■ 50.0", "×", "✓ 70.0", "–"}
    assert queued.status.state == "queued"


def test_a_click_stops_all_that_waits(app, tmp_path):
    opened(app, seeds="0,1")
    app.button(key="start_sweep").click().run()
    next(found for found in app.button if found.label == "Stop all" and "sweep" in found.key).click().run()
    assert not app.exception
    assert {run.status.state for run in runs(tmp_path)} == {"stopped"}
    assert "■ Stopped: 6" in words(app)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"seeds": "x"}, "seed takes a whole number"),
        ({"learning_rates": "0.1, -1"}, "learning_rate takes a number from 1e-07"),
        ({"seeds": ",".join(map(str, range(400)))}, "up to 1000 runs; these lists make 1200"),
    ],
)
def test_a_list_that_makes_no_sense_is_told_and_the_form_stays(app, params, message):
    opened(app, **params)
    assert not app.exception
    assert any(message in box.value for box in app.error)
    assert app.text_input(key="seeds")


def test_the_command_line_shown_makes_the_same_sweep(app):
    opened(app, weight_decays="0.01, 0", seeds="0,1", epochs="7", activations=["ReLU", "Tanh"])
    shown = app.code[0].value
    parser = argparse.ArgumentParser()
    add_sweep(parser)
    typed = parser.parse_args(shown.split()[4:])
    made = grid(config_of(typed), {name: listed(getattr(typed, name)) for name in LISTS})
    assert {(c.model.activation, c.training.weight_decay, c.training.seed, c.training.epochs) for c in made} == {
        (bend, decay, seed, 7) for bend in ("ReLU", "Tanh") for decay in (0.01, 0.0) for seed in (0, 1)
    }
    assert {c.data.subjects for c in made} == {("A", "B")}


def test_a_teachers_link_hides_a_list_and_keeps_its_value(app):
    opened(app, hide="learning_rates,models", learning_rates="0.1", models=["DeepConvNet"])
    assert not app.exception
    assert "learning_rates" not in [box.key for box in app.text_input]
    assert "--learning-rates 0.1" in app.code[0].value
    assert "--models DeepConvNet" in app.code[0].value


def test_the_grid_shows_the_score_that_is_asked_for(app, tmp_path):
    opened(app, epochs="3", activations=["ELU"], seeds="0")
    app.button(key="start_sweep").click().run()
    ended(runs(tmp_path)[0], accuracies=[0.9, 0.6, 0.7])
    app.run()
    assert {row["value"] for row in rows_drawn(app)} == {70.0}
    app.button_group(key="sweep_score").set_value("Chosen on validation").run()
    assert not app.exception
    assert {row["value"] for row in rows_drawn(app)} == {90.0}


def test_which_setting_matters_is_told_of_a_finished_sweep(app, tmp_path):
    opened(app, epochs="3", activations=["ELU", "ReLU"], weight_decays="0.01, 0", seeds="0,1")
    assert "Which setting matters" not in [box.value for box in app.header]
    app.button(key="start_sweep").click().run()
    assert "vary in two settings or more" in words(app)
    for run in runs(tmp_path):
        better = 0.2 * (run.config.model.activation == "ReLU") + 0.01 * run.config.training.seed
        ended(run, accuracies=[0.5, 0.5, 0.6 + better])
    app.run()
    assert not app.exception
    assert "8 runs of 4 combinations" in words(app)
    assert "**Activation** explains 100%" in words(app)
    assert len(app.get("vega_lite_chart")) == 3
