"""The page Train, as a user meets it."""

import json
import shutil
import time

import pytest
from visiting import visit

from eegnets.config import RunConfig
from eegnets.presets import PRESETS
from eegnets.runs import SCORES, RunStore


def opened(app, *runs, **params):
    return visit(app, "train", *runs, **params)


def button(app, label):
    return next(found for found in app.button if found.label == label)


def runs(tmp_path):
    return RunStore(tmp_path / "runs").runs()


def test_without_a_run_the_page_says_what_to_do(app):
    opened(app)
    assert not app.exception
    assert any("Start" in box.value for box in app.info)


def test_start_submits_what_the_form_says_and_opens_it(app, tmp_path):
    opened(app)
    app.number_input(key="learning_rate").set_value(0.005)
    app.number_input(key="epochs").set_value(7)
    app.button_group(key="model").set_value("DeepConvNet")
    app.run()
    button(app, "Start").click().run()
    assert not app.exception
    (run,) = runs(tmp_path)
    assert (run.config.model.name, run.config.training.learning_rate, run.config.training.epochs) == (
        "DeepConvNet",
        0.005,
        7,
    )
    assert app.query_params["run"] in (run.id, [run.id])


def test_several_activations_make_a_race_of_runs_that_differ_in_nothing_else(app, tmp_path):
    opened(app)
    app.button_group(key="activation").set_value(["ELU", "ReLU", "LeakyReLU"]).run()
    button(app, "Start").click().run()
    assert not app.exception
    made = runs(tmp_path)
    assert {run.config.model.activation for run in made} == {"ELU", "ReLU", "LeakyReLU"}
    assert len({run.config.training for run in made}) == 1
    assert all(run.about()["in_step"] for run in made)
    assert sorted(app.query_params["run"]) == sorted(run.id for run in made)


def test_without_an_activation_nothing_can_be_started(app):
    opened(app)
    app.button_group(key="activation").set_value([]).run()
    assert button(app, "Start").disabled


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_fills_the_form(app, tmp_path, preset):
    opened(app)
    app.number_input(key="learning_rate").set_value(0.5).run()
    button(app, preset).click().run()
    button(app, "Start").click().run()
    assert not app.exception
    (run,) = runs(tmp_path)
    wanted = {"learning_rate": 1e-3} | PRESETS[preset]
    assert {name: getattr(run.config.training, name) for name in wanted} == wanted


def test_a_finished_run_shows_three_scores_curves_and_the_confusion_matrix(app, made_run):
    opened(app, made_run(accuracies=[0.6, 0.9, 0.7]))
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    assert set(SCORES.values()) <= set(shown)
    assert shown[SCORES["best_test"]] == "90.0%"
    assert shown[SCORES["last"]] == "70.0%"
    assert any("the test trials:** 3 of known class" in text.value and "66.7%" in text.value for text in app.markdown)


@pytest.mark.parametrize(("words", "action"), [("Stop", "stop"), ("Pause", "pause")])
def test_a_running_run_is_steered_by_what_is_asked_of_it(app, made_run, words, action):
    run = made_run("running")
    opened(app, run)
    button(app, words).click().run()
    assert not app.exception
    assert run.asked()["action"] == action


@pytest.mark.parametrize("state", ["paused", "stopped", "interrupted", "failed"])
@pytest.mark.parametrize(("words", "action"), [("Resume", "resume"), ("Step", "step")])
def test_a_run_that_was_left_goes_back_into_the_queue(app, made_run, state, words, action):
    run = made_run("paused")
    run.set_status(state)
    opened(app, run)
    button(app, words).click().run()
    assert not app.exception
    assert (run.status.state, run.asked()["action"]) == ("queued", action)


def test_a_paused_run_can_be_stopped_at_once(app, made_run):
    run = made_run("paused")
    opened(app, run)
    button(app, "Stop").click().run()
    assert (run.status.state, run.result()["last"]["epoch"]) == ("stopped", 3)


def test_a_finished_run_cannot_be_steered(app, made_run):
    opened(app, made_run())
    assert not {"Pause", "Resume", "Step", "Stop"} & {found.label for found in app.button}


def test_other_settings_are_asked_of_a_run_that_trains(app, made_run):
    run = made_run("running")
    opened(app, run)
    app.number_input(key=f"live_learning_rate_{run.id}").set_value(0.02)
    button(app, "Use from the next epoch").click().run()
    assert not app.exception
    assert (run.asked()["learning_rate"], run.asked()["weight_decay"]) == (0.02, 0.01)
    assert [toast.value for toast in app.toast] == ["They act from the next epoch on."]


@pytest.mark.parametrize("value", [1000.0, "fast"])
def test_what_nobody_can_train_with_is_not_taken_for_the_rate_of_a_run(app, made_run, value):
    run = made_run("running")
    run.ask(learning_rate=value)
    opened(app, run)
    assert not app.exception
    assert app.number_input(key=f"live_learning_rate_{run.id}").value == 0.001


def test_a_race_is_stopped_as_one(app, made_run):
    runs_ = [made_run("queued", activation=name) for name in ("ELU", "ReLU")]
    opened(app, *runs_)
    button(app, "Stop all").click().run()
    assert {run.status.state for run in runs_} == {"stopped"}


def test_a_run_that_the_address_names_twice_is_one(app, made_run):
    run = made_run()
    opened(app, run, run)
    assert not app.exception
    assert app.query_params["run"] in (run.id, [run.id])


def test_runs_that_would_be_called_the_same_are_called_by_their_ids(app, made_run, monkeypatch):
    ids = ["20260101-000000-eegnet-elu-0000beef", "20260101-000000-eegnet-elu-1111beef"]
    for run_id in ids:
        monkeypatch.setattr("eegnets.runs._new_id", lambda config, run_id=run_id: run_id)
        made_run()
    opened(app, *RunStore().runs())
    assert not app.exception
    assert sorted(app.dataframe[0].value["run"]) == ids


def test_runs_with_names_are_called_by_them(app, made_run):
    runs = [made_run(), made_run(activation="ReLU")]
    for run, name in zip(runs, ["slow *one*", "fast"], strict=True):
        run.annotate(name=name)
    opened(app, runs[0])
    assert any(text.value == r"**slow \*one\***" for text in app.markdown)
    opened(app, *runs)
    assert list(app.dataframe[0].value["run"]) == ["slow *one*", "fast"]


def test_a_waiting_run_tells_its_place_and_when_it_will_begin(app, made_run):
    made_run("queued")
    second = made_run("queued")
    opened(app, second)
    assert not app.exception
    texts = [element.proto.text for element in app.get("progress")]
    assert any("1 before it, begins in about 10 s" in text for text in texts)


def test_a_failed_run_says_why(app, made_run):
    opened(app, made_run("failed", message="Training diverged in epoch 3: try a learning rate of 0.1."))
    assert any("learning rate of 0.1" in box.value for box in app.error)


def test_a_run_that_is_gone_is_told_and_does_not_break_the_page(app, made_run):
    run = made_run()
    opened(app, run)
    app.query_params["run"] = [run.id, "20200101-000000-gone", "../../etc"]
    app.run()
    assert not app.exception
    assert sum("is not here: it was deleted" in box.value for box in app.warning) == 2
    assert app.metric


def test_settings_in_the_address_fill_the_form(app, tmp_path):
    opened(app, weight_decay="0", activation=["ReLU", "ELU"])
    assert app.number_input(key="weight_decay").value == 0
    button(app, "Start").click().run()
    assert {run.config.model.activation for run in runs(tmp_path)} == {"ReLU", "ELU"}


def test_a_hidden_control_keeps_the_value_of_the_link(app, tmp_path):
    opened(app, hide="epochs,device", epochs="4")
    assert not app.exception
    assert "epochs" not in {found.key for found in app.number_input}
    button(app, "Start").click().run()
    (run,) = runs(tmp_path)
    assert run.config.training.epochs == 4


def test_a_bad_value_in_a_link_is_told_in_words(app):
    opened(app, hide="epochs", epochs="many")
    assert not app.exception
    assert any("epochs takes a whole number" in box.value for box in app.error)


def test_a_race_shows_how_each_run_stands(app, made_run):
    elu, relu = made_run(activation="ELU"), made_run(activation="ReLU", epochs=2)
    opened(app, elu, relu)
    assert not app.exception
    table = app.dataframe[0].value
    assert table["epoch"].tolist() == [3, 2]
    assert table["run"].str.split().str[1].tolist() == ["ELU", "ReLU"]


def test_the_scores_of_a_race_have_a_decimal_and_a_dash_where_there_is_none(app, made_run):
    opened(app, made_run(accuracies=[0.5, 0.6, 0.8]), made_run("queued", epochs=0))
    shown = app.dataframe[0]
    assert shown.value["last"].dropna().tolist() == [pytest.approx(80)]
    assert shown.proto.placeholder == "–"
    columns = json.loads(shown.proto.columns)
    assert {columns[score]["type_config"]["format"] for score in SCORES} == {"%.1f%%"}


@pytest.mark.parametrize("several", [False, True])
def test_anothers_run_goes_on_and_the_page_says_whose_it_is(app, tmp_path, several):
    store = RunStore(tmp_path / "runs")
    run, mine = store.create(RunConfig(), owner="another"), store.create(RunConfig())
    opened(app, *([run, mine] if several else [run]))
    button(app, "Stop all" if several else "Stop").click().run()
    assert not app.exception
    assert ("1 of 2 runs belong to others" if several else "belongs to somebody else") in app.toast[0].value
    assert (run.status.state, mine.status.state) == ("queued", "stopped" if several else "queued")


def test_engine_and_precision_reach_the_run(app, tmp_path):
    opened(app, engine="plain", precision="bfloat16")
    next(button for button in app.button if button.label == "Start").click().run()
    assert not app.exception
    (run,) = RunStore(tmp_path / "runs").runs()
    assert (run.config.training.engine, run.config.training.precision) == ("plain", "bfloat16")


def test_a_run_that_is_deleted_while_what_runs_is_listed_breaks_nothing(app, made_run, monkeypatch):
    stays, goes = made_run("running"), made_run("queued")
    shutil.rmtree(goes.path)
    monkeypatch.setattr("eegnets.ui.panels.active_runs", lambda: [goes, stays])
    opened(app)
    assert not app.exception
    assert [button.key for button in app.sidebar.button if button.label == "Stop"] == [f"side_{stays.id}"]


def test_the_words_for_a_chart_change_seldom_while_a_run_trains_and_tell_all_of_it_then():
    from eegnets.ui.panels import told

    assert [told(epochs, True) for epochs in range(10)] == [0, 1, 2, 2, 4, 4, 4, 4, 8, 8]
    assert [told(epochs, False) for epochs in range(10)] == list(range(10))


def test_new_runs_are_looked_at_more_often_until_the_first_epoch_of_any(made_run, monkeypatch):
    from eegnets.ui import panels

    new, under_way, over = made_run("running", epochs=0), made_run("running", epochs=2), made_run("finished")
    queued = made_run("queued", epochs=0)
    assert panels._pace([new, queued]) == panels._pace([queued]) == panels.EAGER
    assert panels._pace([new, under_way]) == panels._pace([new, over]) == panels._pace([under_way]) == panels.REFRESH
    assert panels._pace([over]) is None
    later = time.time() + 5
    monkeypatch.setattr(panels.time, "time", lambda: later)
    monkeypatch.setattr("eegnets.run_folder.STALE", 60.0)
    assert panels._pace([new]) == panels.EAGER
    assert panels._pace([queued]) == panels.REFRESH
    later += 10
    assert panels._pace([new]) == panels.REFRESH


def test_a_run_that_was_just_asked_for_something_is_looked_at_more_often(made_run, monkeypatch):
    from eegnets.ui import panels

    runs = [made_run("running", epochs=2) for _run in range(2)]
    assert panels._pace(runs) == panels.REFRESH
    runs[0].pause()
    assert panels._pace(runs) == panels.EAGER
    assert panels._pace(runs[1:]) == panels.REFRESH
    runs[0].set_status("paused")
    assert panels._pace(runs) == panels.REFRESH
    runs[0].requeue()
    assert panels._pace(runs) == panels.EAGER
    later = time.time() + panels.ASKED
    monkeypatch.setattr(panels.time, "time", lambda: later)
    assert panels._pace(runs) == panels.REFRESH


def test_the_epoch_in_work_is_shown_while_it_is_waited_for(app, made_run):
    told = {"seen": 64, "trials": 432, "train_loss": 0.7, "train_accuracy": 0.5}
    new, quick = made_run("running", epochs=0), made_run("running", epochs=2)
    for epoch, run in ((1, new), (3, quick)):
        run.note_underway({"epoch": epoch} | told)
    for run, shown in ((new, True), (quick, False)):
        opened(app, run)
        assert not app.exception
        (progress,) = (found.proto.text for found in app.get("progress"))
        assert ("64 of 432 trials of epoch 1" in progress) is shown


@pytest.mark.parametrize(("asked", "used"), [(5000.0, 100.0), (-1.0, 1e-7), (0.02, 0.02)])
def test_a_number_is_never_another_than_the_one_that_is_shown(app, tmp_path, asked, used):
    opened(app)
    app.number_input(key="learning_rate").set_value(asked).run()
    assert app.number_input(key="learning_rate").value == used
    assert [f"Now it is {used:g}" in toast.value for toast in app.toast] == ([] if asked == used else [True])
    button(app, "Start").click().run()
    assert [run.config.training.learning_rate for run in runs(tmp_path)] == [used]


@pytest.mark.parametrize("value", ["5000", "nan", "fast"])
def test_a_link_with_a_number_that_is_refused_opens_with_the_default(app, value):
    opened(app, learning_rate=value)
    assert not app.exception
    assert app.number_input(key="learning_rate").value == 1e-3
    assert "learning_rate" not in app.query_params
    assert [toast.value for toast in app.toast] == ["Learning rate: a number from 1e-07 to 100. Now it is 0.001."]


def test_without_an_address_the_latest_run_is_open_and_stands_in_it(app, made_run):
    ended = made_run()
    opened(app)
    assert app.query_params["run"] in (ended.id, [ended.id])
    trains = made_run("running", activation="Tanh")
    del app.query_params["run"]
    app.run()
    assert app.query_params["run"] in (trains.id, [trains.id])


def test_a_race_is_found_again_whole(app, tmp_path):
    store = RunStore(tmp_path / "runs")
    racers = [store.create(RunConfig().with_(activation=name), group="race") for name in ("ELU", "ReLU")]
    opened(app)
    assert sorted(app.query_params["run"]) == sorted(run.id for run in racers)


@pytest.mark.parametrize(("action", "words"), [("pause", "Pausing after this epoch"), ("stop", "Stopping")])
def test_what_was_asked_shows_until_it_is_done(app, made_run, action, words):
    run = made_run("running")
    run.ask(action=action)
    opened(app, run)
    assert any(words in text.value for text in app.markdown)
    assert not any("Training" in text.value for text in app.markdown)


@pytest.mark.parametrize(
    ("chosen", "opens"),
    [
        ({"source": "files"}, None),
        ({"source": "simulated"}, "B"),
        ({"source": "simulated", "subjects": "A"}, "A"),
        ({"source": "simulated", "subjects": ["A", "B"]}, None),
    ],
)
def test_without_a_run_in_the_address_the_latest_of_the_chosen_data_opens(app, made_run, chosen, opens):
    made = {name: made_run(subjects=(name,)) for name in ("A", "B")}
    for name, run in made.items():  # their ids may be of one second
        run.path.rename(run.path.with_name(f"2026010{1 + 'AB'.index(name)}-000000-eegnet-elu-deadbeef"))
    opened(app, **chosen)
    assert not app.exception
    wanted = opens and f"2026010{1 + 'AB'.index(opens)}-000000-eegnet-elu-deadbeef"
    assert app.query_params.get("run") in (wanted, [wanted])


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "Kept are the weights of epoch 1, chosen on validation."),
        ({"keep": "last"}, "Kept are the weights of epoch 3, the last."),
        ({"keep": "best_test"}, "Kept are the weights of epoch 2, the best on test, which is optimistic."),
    ],
)
def test_a_finished_run_tells_which_weights_were_kept_and_where_to_go_on(app, made_run, settings, told):
    run = made_run(accuracies=[0.6, 0.9, 0.7], **settings)
    opened(app, run)
    assert not app.exception
    assert told in [caption.value for caption in app.caption]
    links = {link.proto.label: link.proto for link in app.main.get("page_link")}
    for label in ("Classify with it", "Look inside"):
        assert f"network={run.id}" in links[label].query_string
        assert "source=simulated" in links[label].query_string
    assert f"run={run.id}" in links["Compare"].query_string
    assert any(label.startswith("Lesson 1: ") for label in links)


def test_a_run_that_has_not_finished_offers_no_next_steps(app, made_run):
    opened(app, made_run("stopped"))
    assert not any(link.proto.label == "Classify with it" for link in app.main.get("page_link"))


def test_which_weights_are_kept_is_chosen_in_words(app, tmp_path):
    opened(app, keep="last")
    keep = next(box for box in app.selectbox if box.key == "keep")
    assert (keep.value, set(keep.options)) == ("last", set(SCORES.values()))
    button(app, "Start").click().run()
    assert runs(tmp_path)[0].config.training.keep == "last"
