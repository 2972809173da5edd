"""The page Classify, as a user meets it."""

import numpy as np
import pytest

from eegnets import experiment
from eegnets.config import RunConfig
from eegnets.runs import RunStore


@pytest.fixture
def network(tmp_path, one_thread):
    """A finished run of one epoch on one simulated person."""
    run = RunStore(tmp_path / "runs").create(RunConfig().with_(subjects=("A",), epochs=1, batch_size=256, threads=1))
    experiment.execute(run)
    return run


def opened(app, **params):
    app.query_params["subjects"] = "A"
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    return app.switch_page("pages/classify.py").run()


def test_a_network_answers_with_the_very_predictions_that_its_run_stored(app, network):
    opened(app, network=network.id, view="All trials")
    assert not app.exception
    shown = app.dataframe[0].value
    stored = network.predictions()
    np.testing.assert_array_equal(shown[stored.columns[3:]], stored[stored.columns[3:]])
    right = (stored[stored.columns[3:]].to_numpy().argmax(axis=1) == (stored["label"] == stored.columns[4])).mean()
    assert any(f"accuracy {right:.1%}" in text.value for text in app.markdown)


def test_the_verdict_is_that_of_the_trial_that_is_open(app, network):
    opened(app, network=network.id)
    table = app.dataframe[0].value
    wrong = int(np.flatnonzero(~table["right"])[0]) + 1
    app.number_input(key="answer").set_value(wrong).run()
    assert any(f"shown was **{table['label'][wrong - 1]}**" in box.value for box in app.warning)


def test_next_after_the_last_is_the_first(app, network):
    opened(app, network=network.id, answer="540")
    next(button for button in app.button if button.label == "Next").click().run()
    assert app.number_input(key="answer").value == 1


def test_without_a_network_for_such_trials_the_page_says_what_to_do(app, monkeypatch, tmp_path):
    monkeypatch.setattr("eegnets.ui.classifying.shipped", lambda: RunStore(tmp_path / "none"))
    opened(app)
    assert not app.exception
    assert any("Train one on these data first" in box.value for box in app.info)


def test_damaged_weights_are_left_out(app, network, monkeypatch, tmp_path):
    monkeypatch.setattr("eegnets.ui.classifying.shipped", lambda: RunStore(tmp_path / "none"))
    network.weights_path.write_bytes(b"no weights")
    opened(app)
    assert not app.exception
    assert any("Train one on these data first" in box.value for box in app.info)


def test_a_cell_of_the_confusion_matrix_lists_its_trials(app, network):
    opened(app, network=network.id, view="All trials", cell="left hand → right hand")
    assert not app.exception
    stored = network.predictions()
    answer = stored.columns[3:].to_numpy()[stored[stored.columns[3:]].to_numpy().argmax(axis=1)]
    wanted = stored[(stored["label"] == "left hand") & (answer == "right hand")]
    shown = app.dataframe[-1].value
    assert shown["trial"].tolist() == wanted["trial"].tolist()
    assert (shown.index == wanted.index).all()  # the place that opens a trial


def guess(app, key):
    next(button for button in app.button if button.key == key).click().run()
    assert not app.exception


def test_the_quiz_hides_the_class_until_the_reader_has_answered(app, network):
    from eegnets.quiz import order

    opened(app, network=network.id, view="Quiz", order="7")
    assert not app.exception
    stored = network.predictions()
    truth = stored["label"].iloc[order((stored["label"] == "right hand").to_numpy().astype(int), 7)].tolist()
    hidden = [chart.proto.spec for chart in app.get("arrow_vega_lite_chart")]
    assert all("class unknown" in spec and truth[0] not in spec for spec in hidden)
    guess(app, "guess_0")
    assert any(f"It was **{truth[0]}**" in box.value for box in [*app.success, *app.warning])
    assert app.metric[0].value == ("1 of 1" if truth[0] == "left hand" else "0 of 1")
    next(button for button in app.button if button.label == "Next trial").click().run()
    guess(app, "guess_1")
    right = (truth[0] == "left hand") + (truth[1] == "right hand")
    assert app.metric[0].value == f"{right} of 2"
    next(button for button in app.button if button.label == "Begin anew").click().run()
    assert app.metric[0].value == "0 of 0"
