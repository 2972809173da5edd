"""What a trained network answers: the stored predictions, and scores."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from eegnets import cli, experiment, sources
from eegnets.classification import Classifier
from eegnets.config import DataConfig, InputError, RunConfig
from eegnets.runs import RunStore, shipped
from eegnets.weights import WeightsError

PERSON = DataConfig("simulated", ("A",))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two epochs on one simulated person."""
    store = RunStore(tmp_path_factory.mktemp("classified") / "runs")
    made = store.create(RunConfig(PERSON).with_(epochs=2, batch_size=256, threads=1))
    threads = torch.get_num_threads()
    experiment.execute(made)
    torch.set_num_threads(threads)
    return made


@pytest.fixture(scope="module")
def trials():
    return sources.load(sources.check(PERSON))


def command(run, *arguments):
    return cli.main(["classify", run.id, "--runs", str(run.path.parent), *arguments])


def test_answers_are_the_stored_predictions_to_the_last_digit(run, trials):
    classifier = Classifier(run)
    pd.testing.assert_frame_equal(
        classifier.answers(classifier.fold(trials, "test")), run.predictions(), check_exact=True, check_dtype=False
    )


def test_the_training_split_is_all_of_it(run, trials):
    assert len(Classifier(run).fold(trials, "train")) == (trials.split == "train").sum()


def test_trials_of_a_split_come_as_recorded_with_those_of_unknown_class(run, trials):
    hidden = replace(trials, y=np.where(np.arange(len(trials)) % 7 == 0, -1, trials.y))
    for part in ("train", "test"):
        fold = Classifier(run).fold(hidden, part)
        np.testing.assert_array_equal(fold.number, trials.number[trials.split == part])
        assert not np.isnan(fold.X).any()


@pytest.mark.parametrize(
    ("names", "known"), [(("left fist", "right fist"), True), (("right hand", "left hand"), True), (("a", "b"), False)]
)
def test_data_that_call_their_classes_otherwise_are_judged_under_the_networks_names(run, trials, names, known):
    network = Classifier(run)
    usual = network.answers(network.fold(trials, "test"))
    found = network.answers(network.fold(replace(trials, class_names=names), "test"))
    expected = {"left hand": names[0], "right hand": names[1]}
    labels = usual["label"] if names[0] != "right hand" else usual["label"].map(expected)
    assert found["label"].tolist() == (labels.tolist() if known else [""] * len(usual))
    np.testing.assert_array_equal(found[["left hand", "right hand"]], usual[["left hand", "right hand"]])


def test_trials_of_another_shape_are_refused_with_the_repair(run, tiny_trials):
    with pytest.raises(InputError, match="samples a trial: 128 where the network takes 750"):
        Classifier(run).fold(tiny_trials, "test")


def test_a_run_without_weights_is_told(tmp_path):
    with pytest.raises(WeightsError, match="has no weights yet"):
        Classifier(RunStore(tmp_path).create(RunConfig(PERSON)))


def test_the_command_writes_what_the_run_stored(run, tmp_path, capsys):
    path = tmp_path / "new" / "out.csv"
    assert command(run, "--source", "simulated", "--subjects", "A", "--csv", str(path)) == 0
    assert path.read_bytes() == (run.path / "predictions.csv").read_bytes()
    accuracy = run.result()["last"]["test_accuracy"], run.result()["best_validation"]["test_accuracy"]
    assert any(f"540 trials: accuracy {found:.3f}" in capsys.readouterr().err for found in accuracy[1:])


def test_the_command_prints_scores_and_answers_as_json(run, capsys):
    assert command(run, "--source", "simulated", "--subjects", "A", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert len(printed["answers"]) == printed["scores"]["n"] == 540
    assert np.trace(printed["scores"]["confusion"]) == round(printed["scores"]["accuracy"] * 540)


@pytest.mark.parametrize("turned", [False, True])
def test_a_file_of_trials_is_answered_however_it_lies(run, trials, tmp_path, capsys, turned):
    X = trials.of_split("test").X[:6]
    np.save(tmp_path / "mine.npy", X.transpose(0, 2, 1) if turned else X)
    assert command(run, "--file", str(tmp_path / "mine.npy"), "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["scores"] is None
    assert [answer["trial"] for answer in printed["answers"]] == [1, 2, 3, 4, 5, 6]


def test_a_file_of_another_rate_and_montage_is_answered_only_where_fit_is_asked_for(run, trials, tmp_path, capsys):
    X = trials.of_split("test").X[:4][:, [0, 1, 1], :700]
    np.save(tmp_path / "mine.npy", X)
    assert command(run, "--file", str(tmp_path / "mine.npy")) == 2
    told = capsys.readouterr().err
    assert "3 are here" in told
    assert "5.6 s where the network takes 6 s" in told
    assert command(run, "--file", str(tmp_path / "mine.npy"), "--fit", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["answers"]) == 4


def test_a_tables_own_labels_are_used(run, trials, tmp_path, capsys):
    test = trials.of_split("test").take(np.arange(4))
    table = pd.DataFrame(test.X.transpose(0, 2, 1).reshape(-1, 2), columns=list(test.ch_names))
    places = {"trial": np.repeat(np.arange(4), test.n_times), "time": np.tile(test.times, 4)}
    labels = np.repeat([test.class_names[c] for c in test.y[:3]] + ["feet"], test.n_times)
    table.assign(**places, label=labels).to_csv(tmp_path / "mine.csv", index=False)
    assert command(run, "--file", str(tmp_path / "mine.csv"), "--json") == 0
    answers = json.loads(capsys.readouterr().out)["answers"]
    assert [answer["label"] for answer in answers] == [test.class_names[c] for c in test.y[:3]] + [""]


@pytest.mark.parametrize("unit", [1e-6, 1 / 3600])
def test_times_that_are_not_in_seconds_are_told(run, trials, tmp_path, capsys, unit):
    one = trials.of_split("test").take(np.array([0]))
    table = pd.DataFrame(one.X[0].T, columns=list(one.ch_names))
    table.assign(trial=0, time=one.times * unit).to_csv(tmp_path / "mine.csv", index=False)
    assert command(run, "--file", str(tmp_path / "mine.csv"), "--fit") == 2
    assert "is the time in the file in seconds?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--source", "simulated", "--split", "all"), "unknown split"),
        (("--source", "nowhere"), "unknown source"),
        (("--source", "simulated", "--fit"), "--fit does nothing with --source"),
        (("--file", "absent.npy", "--split", "test"), "--split does nothing with --file"),
        (("--file", "absent.npy", "--subjects", "A"), "--subjects does nothing with --file"),
        (("--file", "absent.npy", "--option", "difficulty=1"), "--option does nothing with --file"),
        (("--file", "absent.npy"), "absent.npy"),
        (("--source", "simulated", "--subjects", "A", "--csv", f"{__file__}/out.csv"), "cannot be written"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(run, capsys, arguments, words):
    assert command(run, *arguments) == 2
    assert words in capsys.readouterr().err


def test_an_unknown_run_is_told_with_those_that_there_are(run, capsys):
    assert cli.main(["classify", "nothing", "--runs", str(run.path.parent), "--source", "simulated"]) == 2
    assert run.id in capsys.readouterr().err


@pytest.mark.parametrize("checkpoint", [run.id for run in shipped().runs()])
def test_a_shipped_checkpoint_repeats_its_stored_predictions(checkpoint, request):
    run = shipped().get(checkpoint)
    if run.config.data.source != "simulated":
        request.getfixturevalue("data_root")
    classifier = Classifier(run)
    answers = classifier.answers(classifier.fold(sources.load(run.config.data), "test"))
    stored = run.predictions()
    pd.testing.assert_frame_equal(answers, stored, check_dtype=False, rtol=1e-5, atol=1e-6)
    names = list(classifier.shape.class_names)
    assert (answers[names].to_numpy().argmax(1) == stored[names].to_numpy().argmax(1)).all()
