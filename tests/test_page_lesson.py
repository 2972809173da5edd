"""A lesson on the page that its link opens, as a user meets it."""

from types import SimpleNamespace

import pytest
from visiting import visit

from eegnets.config import InputError
from eegnets.lessons import LESSONS, address
from eegnets.runs import RunStore


def opened(app, name, *runs, **params):
    app.query_params.update(address(name) | params)
    if runs:
        app.query_params["run"] = [run.id for run in runs]
    return app.switch_page(f"pages/{LESSONS[name].page}.py").run()


def leave(app):
    """As a click in the menu does: nothing of the address goes along."""
    for name in [*app.query_params]:
        del app.query_params[name]


def words(app):
    return " ".join(element.value for element in app.markdown)


def made(made_run, name, state="finished", **changes):
    return [
        made_run(
            state, **{LESSONS[name].varied: value, "seed": seed} | LESSONS[name].settings | {"epochs": 3} | changes
        )
        for value in LESSONS[name].values
        for seed in (0, 1)
    ]


@pytest.mark.parametrize("name", list(LESSONS))
def test_its_link_opens_the_page_prepared_and_one_button_starts_all_runs(app, tmp_path, name):
    opened(app, name, **{f"{name}-epochs": "2"})
    assert not app.exception
    assert not app.error
    lesson = LESSONS[name]
    assert lesson.title in words(app)
    assert lesson.question in words(app)
    assert words(app).count("not yet") == 2
    app.button(key="start_lesson").click().run()
    assert not app.exception
    runs = RunStore(tmp_path / "runs").runs()
    assert len(runs) == len(lesson.configs(runs[0].config.data))
    assert {run.config.training.epochs for run in runs} == {2}
    assert {run.config.data.subjects for run in runs} == (set(lesson.values) if name == "people" else {("A",)})
    assert sorted(app.query_params["run"]) == sorted(run.id for run in runs)
    assert all(bool(run.about().get("in_step")) == lesson.in_step for run in runs)


def test_the_lesson_of_the_race_has_it_first_on_its_page(app):
    opened(app, "activations")
    with_lesson = [header.value for header in app.header]
    app.button(key="close_lesson").click().run()
    assert with_lesson.index("Race") < with_lesson.index("What it does to this trial")
    headers = [header.value for header in app.header]
    assert headers.index("Race") > headers.index("What it does to this trial")


def test_a_link_fills_the_controls_of_its_page(app):
    opened(app, "activations")
    assert app.number_input(key="epochs").value == 12
    assert app.button_group(key="seeds").value in (3, [3])
    assert sorted(app.button_group(key="racers").value) == ["ELU", "LeakyReLU", "ReLU"]


def test_a_run_from_before_is_not_taken_for_the_lessons(app, made_run):
    made(made_run, "weight-decay")
    app.query_params.update(address("weight-decay"))
    visit(app, "train")
    app.run()
    assert not app.exception
    assert words(app).count("not yet") == 2
    assert "run" not in app.query_params


def test_while_it_trains_the_box_tells_how_far_and_no_answer(app, made_run):
    runs = made(made_run, "weight-decay", "queued")
    opened(app, "weight-decay", *runs)
    assert not app.exception
    assert any("of 18 epochs in 6 runs" in bar.proto.text for bar in app.get("progress"))
    assert "The answer, computed" not in words(app)
    assert words(app).count("not yet") == 1


def test_when_all_have_ended_the_box_answers(app, made_run):
    opened(app, "weight-decay", *made(made_run, "weight-decay"))
    assert not app.exception
    assert "not yet" not in words(app)
    answer = words(app).split("The answer, computed from these runs")[1]
    assert "All 6 runs reached their last epoch" in answer
    assert "**Test accuracy (per cent)** after epoch 3" in answer
    assert "over 2 seeds" in answer


def test_a_lesson_that_is_answered_can_be_taken_along_with_ones_own_words(app, made_run, monkeypatch):
    sheets = []
    monkeypatch.setattr("eegnets.worksheet.worksheet", lambda *about: sheets.append(about) or "sheet")
    opened(app, "weight-decay", *made(made_run, "weight-decay"))
    app.text_area(key="weight-decay-words").set_value("It shortens them.")
    app.checkbox(key="weight-decay-2").check().run()
    assert not app.exception
    name, _experiment, _data, answer, looked, words, _who = sheets[-1]
    assert (name, words, list(looked.values())) == ("weight-decay", "It shortens them.", [False, True, False])
    assert any("In short" in sentence for sentence in answer)
    assert "Take this lesson along" in {button.proto.label for button in app.get("download_button")}


def test_runs_that_are_not_the_lessons_are_not_taken_for_its_answer(app, made_run):
    opened(app, "learning-rate", *[made_run(activation=name) for name in ("ReLU", "Tanh")])
    assert not app.exception
    assert words(app).count("not yet") == 2
    assert "The answer, computed" not in words(app)


def test_a_run_that_failed_is_told_with_its_reason(app, made_run):
    runs = made(made_run, "learning-rate")
    broken = made_run("failed", epochs=1, learning_rate=0.1, seed=2, message="Training diverged in epoch 2.")
    opened(app, "learning-rate", *runs, broken)
    assert not app.exception
    assert "seed 2: failed after epoch 1. Training diverged in epoch 2." in words(app)


def test_what_has_been_looked_at_is_ticked_in_the_address(app):
    opened(app, "best-epoch", **{"best-epoch-2": "true"})
    ticks = [box.value for box in app.checkbox if (box.key or "").startswith("best-epoch-")]
    assert ticks == [False, True, False]


def test_an_unknown_lesson_is_told_and_the_page_is_shown(app):
    app.query_params["lesson"] = "nothing"
    app.run()
    assert not app.exception
    assert any("unknown lesson 'nothing'" in box.value for box in app.warning)
    assert app.title[0].value == "EEGNets Explorer"


def test_closing_the_box_leaves_the_page(app):
    opened(app, "best-epoch")
    app.button(key="close_lesson").click().run()
    assert not app.exception
    assert "lesson" not in app.query_params
    assert LESSONS["best-epoch"].question not in words(app)
    assert "subjects" not in app.query_params  # the lesson's choice of data has gone with it


def test_a_lesson_that_was_left_has_a_way_back_until_it_is_closed(app):
    opened(app, "weight-decay")
    leave(app)
    app.switch_page("pages/trials.py").run()
    links = [link.proto.label for link in app.get("page_link")]
    assert "Back to the lesson: What weight decay does" in links
    app.button(key="close_lesson").click().run()
    assert not app.exception
    assert not any("Back to the lesson" in link.proto.label for link in app.get("page_link"))


def test_ones_own_experiment_is_found_again_when_a_lesson_is_opened_anew(app, tmp_path):
    opened(app, "weight-decay")
    app.button(key="start_lesson").click().run()
    begun = {run.id for run in RunStore(tmp_path / "runs").runs()}
    for lesson, found in (("learning-rate", set()), ("weight-decay", begun)):
        leave(app)
        app.switch_page("pages/start.py").run()
        opened(app, lesson)
        assert words(app).count("not yet") == (1 if found else 2)
        assert found <= set(app.query_params.get("run", []))


def test_an_experiment_that_is_refused_is_told_and_the_page_stays(app, monkeypatch):
    opened(app, "weight-decay")

    def refused(*_arguments, **_keywords):
        raise InputError("too many runs")

    monkeypatch.setattr("eegnets.ui.teaching.runner", lambda: SimpleNamespace(submit_group=refused))
    app.button(key="start_lesson").click().run()
    assert [box.value for box in app.error] == ["too many runs"]
    assert LESSONS["weight-decay"].look[0] in {box.label for box in app.checkbox}
    assert app.title[0].value == "Compare"


def test_a_link_to_a_lesson_alone_opens_its_page(app):
    app.query_params["lesson"] = "weight-decay"
    app.run()
    assert not app.exception
    assert LESSONS["weight-decay"].question in words(app)
    assert app.title[0].value == "Compare"


def test_the_choice_of_data_from_before_a_lesson_comes_back_after_it(app):
    app.query_params["subjects"] = ["B"]
    app.run()
    app.query_params.update(address("weight-decay"))
    app.switch_page("pages/train.py").run()
    assert app.query_params["subjects"] in ("A", ["A"])
    app.button(key="close_lesson").click().run()
    assert not app.exception
    assert app.query_params["subjects"] in ("B", ["B"])


def test_a_run_that_is_gone_is_told_once(app):
    app.query_params.update(address("activations") | {"run": "20200101-000000-gone"})
    app.switch_page("pages/activations.py").run()
    assert not app.exception
    assert sum("is not here: it was deleted" in box.value for box in app.warning) == 1


def test_the_first_page_lists_all_lessons(app):
    app.run()
    links = {link.proto.label for link in app.get("page_link")}
    assert {lesson.title for lesson in LESSONS.values()} <= links


def test_without_weights_nothing_is_said_of_the_first_layer(app, made_run):
    runs = [made_run(seed=seed) for seed in (0, 1)]
    runs[1].save_weights(b"no weights at all")
    opened(app, "first-layer", *runs)
    assert not app.exception
    assert "No trained network is left to look into" in words(app)
    assert app.title[0].value == "Network"
