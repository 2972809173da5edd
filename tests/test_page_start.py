"""The page Start, as a user meets it."""

import numpy as np

from eegnets.glossary import WORDS
from eegnets.runs import RunStore
from eegnets.sources import SOURCES
from eegnets.sources.files import store
from eegnets.sources.physionet_mi import ALL_RUNS, _path


def test_the_first_screen_shows_a_trial_and_every_source(app):
    app.run()
    assert not app.exception
    assert app.title[0].value == "EEGNets Explorer"
    assert app.main.get("vega_lite_chart") or app.main.get("arrow_vega_lite_chart")
    shown = " ".join(element.value for element in app.markdown)
    for source in SOURCES.values():
        assert source.title in shown


def test_the_trial_slider_tells_what_was_imagined(app):
    app.run()
    words = []
    for number in (1, 2, 3, 4, 5, 6, 7, 8):
        app.slider(key="trial").set_value(number).run()
        words += [caption.value for caption in app.caption if "Imagined" in caption.value]
    assert not app.exception
    assert {"left hand" in word for word in words} == {True, False}


def test_train_your_first_network_submits_a_run_of_thirty_epochs_and_opens_it(app, tmp_path):
    app.run()
    next(button for button in app.button if button.label == "Train your first network").click().run()
    assert not app.exception
    (run,) = RunStore(tmp_path / "runs").runs()
    assert run.config.training.epochs == 30
    assert run.config.data.source == "simulated"
    assert app.title[0].value == "Train"
    assert app.query_params["run"] in (run.id, [run.id])


def test_a_source_that_is_not_here_offers_itself_and_starts_nothing(app):
    app.query_params["source"] = "graz-iiib"
    app.run()
    assert not app.exception
    start = next(button for button in app.button if button.label == "Train your first network")
    assert start.disabled
    assert any("Get it" in button.label for button in app.button)


def test_without_the_chosen_trials_lessons_networks_and_the_list_of_data_are_there_all_the_same(app):
    app.query_params["source"] = "course-npz"
    app.run()
    assert not app.exception
    assert {"Lessons", "Trained networks", "Data"} <= {header.value for header in app.header}
    shown = " ".join(element.value for element in app.markdown)
    for source in SOURCES.values():
        assert source.title in shown


def test_a_name_is_chosen_once_and_stands_beside_ones_runs(app):
    app.run()
    app.text_input[0].set_value("Ada")
    next(found for found in app.button if found.label == "Use this name").click().run()
    assert not app.exception
    next(found for found in app.button if found.label == "Train your first network").click().run()
    assert not app.exception
    assert any("Ada · waits" in caption.value for caption in app.sidebar.caption)


def test_the_language_goes_along_with_the_first_network(app):
    app.query_params["lang"] = "zh-TW"
    app.run()
    next(found for found in app.button if found.proto.type == "primary").click().run()
    assert not app.exception
    assert app.query_params["lang"] in ("zh-TW", ["zh-TW"])
    assert "run" in app.query_params


def test_nothing_in_the_sidebar_moves_when_a_run_begins_or_ends(app, made_run):
    """A button that moves while it is clicked does not hear it, and another one may."""

    def above_what_runs():
        told = [getattr(node, "label", None) or getattr(node, "value", None) for node in app.run().sidebar]
        return told[: next(i for i, words in enumerate(told) if str(words).startswith("Running now"))]

    at_rest = above_what_runs()
    made_run("running")
    assert above_what_runs() == at_rest
    assert {"Share this view", "Use this name", "Language · 語言"} <= set(at_rest)


def test_nobody_is_asked_to_sign_in_where_that_is_not_set_up(app):
    app.run()
    assert [button.label for button in app.button if button.label in ("Sign in", "Sign out")] == []


def test_a_shipped_network_is_a_link_once_its_trials_are_here(app):
    app.run()
    offered = {link.proto.label: link.proto.disabled for link in app.main.get("page_link")}
    assert {source: {off for label, off in offered.items() if f"on {source}:" in label} for source in SOURCES} == {
        source: ({False} if source == "simulated" else {True} if source == "graz-iiib" else set()) for source in SOURCES
    }


def test_words_that_come_up_are_explained(app):
    app.run()
    told = next(text.value for text in app.markdown if "**Epoch, batch**" in text.value)
    assert all(f"**{word}**: {about}" in told for word, about in WORDS.items())


def test_where_there_are_no_files_of_ones_own_the_way_to_import_is_shown(app):
    app.query_params["source"] = "files"
    app.run()
    assert not app.exception
    assert any("There are no trials of “Your own files” here yet." in box.value for box in app.error)
    for place in (app.main, app.sidebar):
        assert any(link.proto.label == "Import" for link in place.get("page_link"))
        assert any("the page Import" in caption.value for caption in place.caption)


def test_of_recordings_that_are_here_in_part_the_rest_is_offered(app, tmp_path):
    folder = tmp_path / "data" / "graz-iiib"
    folder.mkdir(parents=True)
    for name in ("O3VR.gdf", "true_labels_O3VR.txt"):
        (folder / name).touch()
    for run in ALL_RUNS:
        (path := _path(tmp_path / "data", "S001", run)).parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    app.run()
    assert not app.exception
    offered = {button.key: button.label for button in app.main.button}
    assert offered["get_graz-iiib_start"] == "Get the rest"
    assert offered["get_physionet-mi_start"] == "Get more people"
    assert "get_simulated_start" not in offered


def test_a_file_of_one_trial_is_shown_without_a_slider(app, tmp_path, tiny_trials):
    store(tiny_trials.take(np.array([0])), "one", tmp_path / "data")
    app.query_params["source"] = "files"
    app.run()
    assert not app.exception
    assert not app.slider
    assert any("Subject one" in caption.value for caption in app.caption)
