"""The page Trials, as a user meets it."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from eegnets.quality import FLAGS
from eegnets.signals import BANDS
from eegnets.sources import SOURCES


@pytest.fixture(scope="module")
def some_of_few(tiny_world):
    """The tiny world's trials of some people, the very same each time: what is drawn of them is drawn once."""
    X = tiny_world.X.copy()
    X[2, 0, 40:50] = np.nan
    X[4] *= 4
    return cache(replace(tiny_world, X=X).of_subjects)


@pytest.fixture
def few(load_instead, some_of_few):
    """The app's data are the tiny world's, whatever is chosen; trial 3 misses some samples and trial 5 is large."""
    load_instead(lambda config: some_of_few(config.subjects))
    return some_of_few(())


def opened(app, **params):
    for name, value in params.items():
        app.query_params[name] = value
    app.switch_page("pages/trials.py").run()
    assert not app.exception
    return app


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def waveform(app):
    """The title of the first chart, which tells which trial it draws."""
    return titles(app)[0]


def titles(app):
    import json

    specs = [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]
    return [spec["title"]["text"] if isinstance(spec["title"], dict) else spec["title"] for spec in specs]


def test_the_page_shows_the_trial_its_spectrum_maps_averages_and_counts(app, few):
    opened(app)
    assert waveform(app) == "Subject A, trial 1 (train): left hand"
    shown = titles(app)
    for channel in few.ch_names:
        assert {f"Spectrum, {channel}", f"Voltage, {channel}"} <= set(shown)
        assert {f"{channel}, {name}" for name in few.class_names} <= set(shown)
    assert "Trials by class, subject and split" in shown


def test_the_page_works_on_the_data_that_are_always_there(app):
    opened(app, subjects=["B"], data_difficulty="0")
    assert app.number_input(key="trial").max == 1080
    assert waveform(app).startswith("Subject B, trial 1 ")


def test_next_and_previous_go_round(app, few):
    opened(app)
    press(app, "Next")
    assert (app.number_input(key="trial").value, waveform(app)) == (2, "Subject A, trial 2 (train): right hand")
    press(app, "Previous")
    press(app, "Previous")
    assert (app.number_input(key="trial").value, waveform(app)) == (40, "Subject B, trial 20 (test): right hand")
    press(app, "Next")
    assert app.number_input(key="trial").value == 1


def test_the_arrow_keys_step(app, few):
    opened(app)
    keys = {button.label: button.proto.shortcut for button in app.button}
    assert (keys["Previous"].lower(), keys["Next"].lower()) == ("left", "right")


@pytest.mark.parametrize(
    ("picked", "rows"),
    [
        ({"split": ["test"]}, 16),
        ({"class": ["left hand"]}, 20),
        ({"split": ["test"], "class": ["right hand"]}, 8),
        ({"split": ["train", "test"]}, 40),
        ({"flag": ["missing"]}, 1),
        ({"flag": ["missing", "large"]}, 2),
    ],
)
def test_a_filter_narrows_the_list_and_the_steps(app, few, picked, rows):
    opened(app)
    for key, values in picked.items():
        app.button_group(key=key).set_value(values)
    app.run()
    assert not app.exception
    table = app.dataframe[0].value
    assert len(table) == rows == app.number_input(key="trial").max
    for key in ("split", "class"):
        assert set(table[key]) <= set(picked.get(key, table[key]))


def test_a_filter_begins_at_its_first_trial_and_its_row(app, few):
    opened(app, trial="10")
    app.button_group(key="split").set_value(["test"]).run()
    assert app.session_state.table["selection"]["rows"] == [0]
    assert (app.number_input(key="trial").value, waveform(app)) == (1, "Subject A, trial 13 (test): left hand")


def test_the_address_opens_a_trial(app, few):
    opened(app, trial="3", split=["test"], **{"class": ["right hand"]})
    assert waveform(app) == "Subject A, trial 18 (test): right hand"


def test_where_nothing_is_like_that_the_page_says_what_to_do(app, few):
    opened(app, flag=["mains"])
    assert any("Take a filter off" in box.value for box in app.info)
    app.button_group(key="flag").set_value([]).run()
    assert not app.exception
    assert waveform(app).startswith("Subject A, trial 1 ")


@pytest.mark.parametrize("trial", ["41", "0", "-3", "many"])
def test_a_trial_that_is_not_there_gives_the_first(app, few, trial):
    opened(app, trial=trial)
    assert waveform(app).startswith("Subject A, trial 1 ")


def test_fewer_people_with_a_late_trial_open_do_not_break_the_page(app, few):
    opened(app, trial="35")
    app.button_group(key="subjects").set_value(["B"]).run()
    assert not app.exception
    assert waveform(app).startswith("Subject B, trial 1 ")


def test_the_table_has_a_column_for_every_flag(app, few):
    table = opened(app).dataframe[0].value
    assert set(FLAGS) <= set(table.columns)
    assert table["missing"].tolist() == [i == 2 for i in range(40)]
    assert table["large"].iloc[4]


def test_missing_samples_are_counted_above_the_trial(app, few):
    import json

    opened(app, trial="3")
    spec = json.loads(app.get("vega_lite_chart")[0].proto.spec)
    assert "10" in spec["title"]["subtitle"]


@pytest.mark.parametrize(("what", "words"), [("mu", "Mu power, 8–13 Hz"), ("beta", "Beta power, 15–26 Hz")])
def test_the_average_is_of_voltage_or_of_a_rhythm(app, few, what, words):
    opened(app, average=what)
    assert {f"{words}, C3", f"{words}, C4"} <= set(titles(app))


def test_a_baseline_that_holds_nothing_is_told_in_words(app, few):
    opened(app)
    app.slider(key="baseline").set_value((0.0, 0.1)).run()
    assert not app.exception
    assert any("choose a longer one" in box.value for box in app.error)
    assert waveform(app).startswith("Subject A, trial 1 ")


def test_of_many_channels_two_are_drawn_until_others_are_picked(app, few, load_instead):
    wide = replace(few, X=np.repeat(few.X, 3, axis=1), ch_names=("C5", "C3", "C1", "C2", "C4", "C6"))
    load_instead(lambda config: wide)
    opened(app)
    assert {"Spectrum, C5", "Spectrum, C3"} <= set(titles(app))
    assert "Spectrum, C4" not in titles(app)
    app.button_group(key="channels").set_value(["C4"]).run()
    assert not app.exception
    assert [words for words in titles(app) if words.startswith("Spectrum")] == ["Spectrum, C4"]


def test_trials_without_a_known_class_are_shown_for_themselves(app, few, load_instead):
    load_instead(lambda config: replace(few, y=np.full(40, -1)))
    opened(app)
    assert waveform(app) == "Subject A, trial 1 (train): class unknown"
    assert any("nothing to compare" in box.value for box in app.info)


def test_a_trial_can_be_sent_to_classify_by_its_address(app, few):
    from urllib.parse import parse_qs

    opened(app, trial="33")  # of 40: person B's 13th, the first of their test trials
    (link,) = [found for found in app.get("page_link") if found.proto.label == "Classify this trial"]
    wanted = {"source": ["simulated"], "subjects": ["B"], "part": ["test"], "answer": ["1"]}
    assert parse_qs(link.proto.query_string) | wanted == parse_qs(link.proto.query_string)
    assert link.proto.page == "classify"


@pytest.mark.parametrize(
    ("sfreq", "n_times", "average"),
    [(50.0, 128, "beta"), (8.0, 128, "mu"), (4.0, 128, "voltage"), (64.0, 24, "mu"), (64.0, 1, "beta")],
)
def test_what_cannot_be_measured_of_odd_trials_is_told_where_it_would_stand(
    app, load_instead, tiny_trials, sfreq, n_times, average
):
    odd = replace(tiny_trials, X=tiny_trials.X[..., :n_times], sfreq=sfreq, windows={})
    load_instead(lambda config: odd)
    opened(app, average=average)
    told = [chart.proto.alt for chart in app.get("vega_lite_chart")]
    assert "split" in told[-1]  # how many there are: the page is there to its end
    assert any("over time by class, C3" in words for words in told) == (
        average == "voltage" or BANDS[average][1] < sfreq / 2
    )


@pytest.mark.parametrize("page", ["trials", "classify"])
@pytest.mark.parametrize(("source", "told"), [("simulated", False), ("graz-iiib", True)])
def test_where_the_marks_are_not_the_signals_a_page_says_so(
    app, load_instead, tiny_trials, monkeypatch, page, source, told
):
    load_instead(lambda config: tiny_trials)
    monkeypatch.setattr(type(SOURCES["simulated"]), "caution", SOURCES[source].caution)
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    assert any("ahead of the marks" in box.value for box in app.caption) == told
