"""The page Classify, as a user meets it."""

import io
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from visiting import visit

from eegnets import experiment, sources
from eegnets.config import DataConfig, RunConfig
from eegnets.runs import RunStore
from eegnets.statistics import judged
from eegnets.ui import classifying, state
from eegnets.ui.outcomes import outcome


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished run of one epoch on one simulated person."""
    store = RunStore(tmp_path_factory.mktemp("trained") / "runs")
    run = store.create(RunConfig().with_(subjects=("A",), epochs=1, batch_size=256, threads=1))
    threads = torch.get_num_threads()
    experiment.execute(run)
    torch.set_num_threads(threads)
    return run


@pytest.fixture
def network(tmp_path, trained):
    """A copy of it in the folder that the app looks at."""
    shutil.copytree(trained.path, tmp_path / "runs" / trained.id)
    return RunStore(tmp_path / "runs").get(trained.id)


def opened(app, **params):
    return visit(app, "classify", **{"subjects": "A"} | params)


def test_a_network_answers_with_the_very_predictions_that_its_run_stored(app, network):
    opened(app, network=network.id, view="All trials")
    assert not app.exception
    shown = app.dataframe[0].value
    stored = network.predictions()
    np.testing.assert_array_equal(shown[stored.columns[3:]], stored[stored.columns[3:]])
    right = (stored[stored.columns[3:]].to_numpy().argmax(axis=1) == (stored["label"] == stored.columns[4])).mean()
    assert any(f"accuracy {right:.1%}" in text.value for text in app.markdown)


@pytest.mark.parametrize(("names", "said"), [(("left fist", "right fist"), "accuracy"), (("feet", "tongue"), "Of no")])
def test_classes_of_other_names_are_told_and_judged_under_the_networks(app, network, monkeypatch, names, said):
    renamed = replace(sources.load(sources.check(network.config.data)), class_names=names)
    monkeypatch.setattr(state, "trials", lambda data: renamed)
    for view in ("All trials", "Quiz", "One trial"):
        opened(app, network=network.id, view=view)
        assert not app.exception
        assert any(f"The classes of these data are {names[0]}, {names[1]}" in text.value for text in app.caption)
    opened(app, network=network.id, view="All trials")
    assert any(said in text.value for text in [*app.markdown, *app.info])


def test_what_forgetting_evaluation_mode_costs_is_measured_on_request(app, network):
    opened(app, network=network.id, view="All trials")
    assert not any("Forgotten:" in text.value for text in app.markdown)
    app.toggle(key="modes").set_value(True).run()
    assert not app.exception
    (told,) = (text.value for text in app.markdown if "Forgotten:" in text.value)
    assert told.startswith("Of 400 trials in evaluation mode")
    opened(app, network=network.id, view="One trial")
    assert not any("evaluation mode" in text.value for text in [*app.header, *app.markdown])


def test_what_a_network_makes_of_each_person_is_its_own_score_and_one_on_other_trials(trained):
    found = outcome("people", trained).by_person
    assert set(found) == {"A", "B"}
    own = judged(trained.predictions(), ("left hand", "right hand"))["correct"].mean()
    assert found["A"] == pytest.approx(own)
    assert 0 < found["B"] < 1
    assert outcome("best-epoch", trained).by_person == {}


def test_a_network_that_is_not_here_is_told_before_another_answers(app, network):
    opened(app, network="20260101-000000-eegnet-elu-deadbeef")
    assert not app.exception
    assert any("20260101-000000-eegnet-elu-deadbeef is not here" in box.value for box in app.warning)
    opened(app, network=network.id)
    assert not any("is not here" in box.value for box in app.warning)


@pytest.mark.parametrize("page", ["classify", "network", "activations"])
def test_a_run_has_its_own_name_in_the_menu_of_networks_and_the_address_its_id(app, network, page):
    network.annotate(name="My *first* network")
    visit(app, page, subjects="A", network=network.id)
    assert not app.exception
    menu = app.selectbox(key="network")
    assert menu.value == network.id
    assert {"My *first* network", "EEGNet ELU (simulated)"} <= set(menu.options)


def test_what_a_named_network_answers_is_told_under_its_name(app, network):
    network.annotate(name="My *first* network")
    opened(app, network=network.id, view="All trials")
    assert any(r"**My \*first\* network on the test trials" in text.value for text in app.markdown)
    opened(app, network=network.id, view="One trial")
    assert "My *first* network" in app.get("vega_lite_chart")[1].proto.spec


def test_networks_that_could_be_asked_are_not_loaded_for_it(app, network, monkeypatch):
    from eegnets.classification import Classifier

    classifying.classifier.clear()  # what other tests have asked
    loaded, load = [], Classifier.__init__
    monkeypatch.setattr(Classifier, "__init__", lambda self, run: loaded.append(run.id) or load(self, run))
    opened(app, network=network.id, view="All trials")
    assert len(app.selectbox(key="network").options) > 2
    assert loaded == [network.id]


def test_the_verdict_is_that_of_the_trial_that_is_open(app, network):
    opened(app, network=network.id)
    table = app.dataframe[0].value
    wrong = int(np.flatnonzero(~table["correct"])[0]) + 1
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


def test_networks_that_are_deleted_while_their_answers_are_drawn_break_nothing(app, network, monkeypatch):
    other = network.path.with_name(f"{network.id}-twin")
    shutil.copytree(network.path, other)
    draw = classifying.show

    def deletes_first(chart, **how):
        shutil.rmtree(network.path, ignore_errors=True)
        shutil.rmtree(other, ignore_errors=True)
        draw(chart, **how)

    monkeypatch.setattr(classifying, "show", deletes_first)
    opened(app, network=network.id)
    assert not app.exception
    app.number_input(key="answer").set_value(2).run()
    assert not app.exception


def test_a_cell_of_the_confusion_matrix_lists_its_trials(app, network):
    opened(app, network=network.id, view="All trials", cell="left hand → right hand")
    assert not app.exception
    stored = network.predictions()
    answer = stored.columns[3:].to_numpy()[stored[stored.columns[3:]].to_numpy().argmax(axis=1)]
    wanted = stored[(stored["label"] == "left hand") & (answer == "right hand")]
    shown = app.dataframe[-1].value
    assert shown["trial"].tolist() == wanted["trial"].tolist()
    assert (shown.index == wanted.index).all()  # the place that opens a trial


def test_a_link_to_a_cell_fits_both_languages(app, network):
    opened(app, network=network.id, view="All trials", cell="left hand → right hand", lang="zh-TW")
    assert not app.exception
    assert [option.content for option in app.segmented_control(key="view").proto.options][1] == "所有試次"
    assert "".join(app.query_params["view"]) == "All trials"
    assert "".join(app.query_params["cell"]) == "left hand → right hand"
    some = len(app.dataframe[-1].value)
    app.session_state["cell"] = None  # as a click beside the matrix's cells does
    app.run()
    assert not app.exception
    assert "cell" not in app.query_params
    assert len(app.dataframe[-1].value) == 540 > some


def guess(app, key):
    next(button for button in app.button if button.key == key).click().run()
    assert not app.exception


def test_the_quiz_hides_the_class_until_the_reader_has_answered(app, network):
    from eegnets.quiz import order

    opened(app, network=network.id, view="Quiz", order="7")
    assert not app.exception
    stored = network.predictions()
    truth = stored["label"].iloc[order((stored["label"] == "right hand").to_numpy().astype(int), 7)].tolist()
    hidden = [chart.proto.spec for chart in app.get("vega_lite_chart")]
    assert hidden
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


@pytest.fixture(scope="module")
def test_trials():
    """Six simulated test trials of a person, whole."""
    trials = sources.load(sources.check(DataConfig("simulated", ("A",)))).of_split("test")
    return trials.take(np.isfinite(trials.X).all(axis=(1, 2))).take(np.arange(6))


def dropped(app, network, **files):
    opened(app, network=network.id, view="Your files")
    assert any("Drop files above" in box.value for box in app.info)
    named = [(name.replace("_", "."), content, "application/octet-stream") for name, content in files.items()]
    next(found for found in app.file_uploader if "classify" in found.label).set_value(named).run()
    assert not app.exception
    return app


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def csv(trials):
    """Trials as a table: a row a sample, a column a channel."""
    parts = [
        pd.DataFrame(X.T, columns=list(trials.ch_names)).assign(
            trial=i, time=trials.times, label=trials.class_names[label]
        )
        for i, (X, label) in enumerate(zip(trials.X, trials.y, strict=True))
    ]
    return pd.concat(parts).to_csv(index=False).encode()


def answers_to(app):
    return app.dataframe[-1].value


def test_the_scores_stand_beside_what_one_gets_without_a_network(app, network):
    for part, told in (("test", True), ("train", False)):
        opened(app, network=network.id, view="All trials", part=part)
        assert not app.exception
        words = [caption.value for caption in app.caption if "Without a network" in caption.value]
        assert bool(words) is told


def test_a_file_with_an_offset_is_told_and_answered_once_it_is_mended(app, network, test_trials):
    dropped(app, network, lifted_npz=npz(X=test_trials.X + 50))
    assert any("level: C3 lies +" in box.value for box in app.warning)
    next(found for found in app.button if found.label == "Do these repairs").click().run()
    assert not app.exception
    got = answers_to(app)[["left hand", "right hand"]]
    stored = network.predictions().set_index("trial").loc[test_trials.number, ["left hand", "right hand"]]
    np.testing.assert_allclose(got, stored, atol=0.1)


def test_files_dropped_on_the_page_are_answered_as_the_same_trials_are_there(app, network, test_trials):
    dropped(app, network, one_npz=npz(X=test_trials.X), two_csv=csv(test_trials))
    shown = answers_to(app)
    assert shown["subject"].tolist() == ["one.npz"] * 6 + ["two.csv"] * 6
    stored = network.predictions().set_index("trial").loc[test_trials.number, ["left hand", "right hand"]]
    for name in ("one.npz", "two.csv"):
        got = shown[shown["subject"] == name][["left hand", "right hand"]]
        np.testing.assert_allclose(got, stored, atol=1e-4)
    labels = [test_trials.class_names[label] for label in test_trials.y]
    assert shown["label"].tolist() == [""] * 6 + labels


def test_a_trial_of_unknown_class_is_neither_right_nor_wrong(app, network, test_trials):
    dropped(app, network, one_npz=npz(X=test_trials.X[:1]), two_csv=csv(test_trials))
    assert answers_to(app)["correct"].isna().tolist() == [True] + [False] * 6
    assert any("7 trials answered" in text.value for text in app.markdown)


def test_labels_that_have_no_class_yet_are_told(app, network, test_trials):
    dropped(app, network, one_npz=npz(X=test_trials.X[:1], y=test_trials.y[:1]))
    assert any("**1 trial answered:**" in text.value for text in app.markdown)
    (note,) = [box.value for box in app.info]
    assert note.startswith(f"`y` has {test_trials.y[0]}: say above")


def test_what_does_not_fit_is_told_and_mended_only_when_asked_for(app, network, test_trials):
    X = np.repeat(test_trials.X[:, [1, 0, 0]], 2, axis=2)[..., :1400]  # 5.6 s at 250 Hz
    parts = [pd.DataFrame(one.T, columns=["C4", "Cz", "C3"]).assign(trial=i) for i, one in enumerate(X)]
    table = pd.concat(parts).assign(time=np.tile(np.arange(1400) / 250, 6))
    dropped(app, network, mine_csv=table.to_csv(index=False).encode())
    told = " ".join(box.value for box in app.warning)
    assert "take C3, C4, in this order" in told
    assert "250 Hz where the network takes 125 Hz" in told
    assert "5.6 s where the network takes 6 s" in told
    assert app.dataframe[-1].value["fits"].tolist() == ["no"]
    next(button for button in app.button if button.label == "Do these repairs").click().run()
    assert not app.exception
    assert len(answers_to(app)) == 6
    assert any("no longer as it was recorded" in box.value for box in app.info)
    next(button for button in app.button if button.label == "Leave the files as they are").click().run()
    assert app.dataframe[-1].value["fits"].tolist() == ["no"]


def test_a_bad_file_beside_a_good_one_is_told_and_the_good_one_answered(app, network, test_trials):
    dropped(app, network, good_npy=npy(test_trials.X), bad_npz=b"PK no zip", one_csv=b"a,b\n1,x\n")
    assert {word for word in ("bad.npz", "one.csv") for box in app.error if word in box.value} == {"bad.npz", "one.csv"}
    assert answers_to(app)["subject"].tolist() == ["good.npy"] * 6


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


class Bomb:
    def __reduce__(self):
        return (open, ("exploded", "w"))


def objects():
    file = io.BytesIO()
    np.save(file, np.array([Bomb()] * 3, dtype=object), allow_pickle=True)
    return file.getvalue()


def zip_bomb():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", b"\0" * 3_000_000)
    return file.getvalue()


HOSTILE = {
    "objects.npy": objects,
    "bomb.npz": zip_bomb,
    "zeros.npy": lambda: npy(np.zeros((4, 2, 750))),
    "text.npy": lambda: b"hello",
    "../../<b>up</b>.npz": lambda: b"PK",
}


def test_hostile_files_are_refused_in_words_and_never_run(app, network, monkeypatch, tmp_path):
    monkeypatch.setattr("eegnets.sources.array_file.MAX_BYTES", 1_000_000)
    opened(app, network=network.id, view="Your files")
    files = [(name, make(), "application/octet-stream") for name, make in HOSTILE.items()]
    uploader = next(found for found in app.file_uploader if "classify" in found.label)
    uploader.set_value(files).run()
    assert not app.exception
    told = " ".join(box.value for box in app.error)
    assert all(name.split("/")[-1] in told for name in ("objects.npy", "bomb.npz", "zeros.npy", "text.npy"))
    assert not (tmp_path.parent / "up.npz").exists()
    assert not Path("exploded").exists()


def test_weights_from_elsewhere_are_asked_like_any_other(app, network):
    opened(app, network=network.id)
    uploader = next(found for found in app.file_uploader if "Weights" in found.label)
    uploader.set_value([("theirs.safetensors", network.weights_path.read_bytes(), "application/octet-stream")])
    app.selectbox(key="weights_bend").set_value("ELU")
    next(button for button in app.button if button.label == "Bring it in").click().run()
    assert not app.exception
    assert app.selectbox(key="network").value not in (network.id, None)
    app.button_group(key="view").set_value("All trials").run()
    stored = network.predictions()
    np.testing.assert_allclose(app.dataframe[-1].value[stored.columns[3:]], stored[stored.columns[3:]], atol=1e-6)
