"""A run from its config to its result: what is decided, built, written and in which order, and how it may fail."""

import errno
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from scipy.special import softmax

from eegnets import experiment, models
from eegnets.config import DataConfig, InputError, ModelConfig, RunConfig, TrainingConfig
from eegnets.run_folder import RunError
from eegnets.runs import RunStore
from eegnets.sources import SourceError
from eegnets.training import Diverged, fit
from eegnets.trials import split

DIVERGES = {"optimizer": "SGD", "learning_rate": 100.0, "weight_decay": 10.0, "epochs": 50}
every_network = pytest.mark.parametrize("name", models.MODELS)
every_choice = pytest.mark.parametrize("keep", TrainingConfig.table()["keep"].choices)


@pytest.fixture
def trials(tiny_trials):
    """The tiny trials with a gap, which every run here reads."""
    tiny_trials.X[3, 0, 5:9] = np.nan
    return tiny_trials


@pytest.fixture(autouse=True)
def _small_world(monkeypatch, trials):
    monkeypatch.setattr("eegnets.sources.load", lambda config: trials)


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


def config(**settings):
    return RunConfig().with_(device="cpu", threads=1, batch_size=8, epochs=3).with_(**settings)


def stored(run, name):
    """A JSON file of a run folder; what JSON does not know (NaN) is an error."""
    return json.loads((run.path / name).read_text(), parse_constant=pytest.fail)


# Prepare


def test_prepare_decides_whatever_was_left_open():
    ready = experiment.prepare(RunConfig())
    assert ready.data.subjects == ("A", "B")
    assert ready.data.options
    assert ready.training.threads == torch.get_num_threads()
    assert experiment.prepare(ready) == ready


def test_prepare_changes_nothing_that_was_chosen():
    chosen = RunConfig(DataConfig(subjects=("B",), options={"difficulty": 0.5})).with_(threads=3, device="cpu", seed=7)
    ready = experiment.prepare(chosen)
    assert (ready.model, ready.training) == (chosen.model, chosen.training)
    assert (ready.data.subjects, ready.data.options["difficulty"]) == (("B",), 0.5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "RELU"}, "unknown activation 'RELU'.*Did you mean 'ReLU'"),
        ({"source": "grazz"}, "unknown source 'grazz'"),
        ({"subjects": ("C",)}, "unknown subject of simulated 'C'; choose from A, B"),
    ],
)
def test_prepare_refuses_what_no_registry_has(settings, message):
    with pytest.raises(InputError, match=message):
        experiment.prepare(RunConfig().with_(**settings))


def test_prepare_refuses_data_and_devices_that_are_not_here(monkeypatch, tmp_path):
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path))
    with pytest.raises(SourceError, match="There are no trials of"):
        experiment.prepare(RunConfig().with_(source="graz-iiib"))
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InputError, match="'cuda' is not on this machine"):
        experiment.prepare(RunConfig().with_(device="cuda"))


# Build


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@every_network
def test_the_same_seed_builds_the_same_weights_whatever_was_drawn_before(trials, name):
    first, other = (experiment.build(ModelConfig(name), trials, seed) for seed in (3, 4))
    torch.rand(5)
    before = torch.get_rng_state()
    again = experiment.build(ModelConfig(name), trials, 3)
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))
    assert torch.equal(torch.get_rng_state(), before)


@every_network
def test_the_network_is_that_of_the_config_for_these_trials(trials, name):
    settings = ModelConfig(name, "LeakyReLU", negative_slope=0.3, dropout=0.125)
    model = experiment.build(settings, replace(trials, class_names=("left", "right", "feet")), 0)
    assert type(model) is models.MODELS[name]
    assert (model.n_chans, model.n_times, model.n_outputs) == (2, 128, 3)
    assert {m.negative_slope for m in model.modules() if isinstance(m, torch.nn.LeakyReLU)} == {0.3}
    assert {m.p for m in model.modules() if isinstance(m, torch.nn.Dropout)} == {0.125}
    model = experiment.build(ModelConfig(name, "ELU", alpha=0.5), trials, 0)
    assert {m.alpha for m in model.modules() if isinstance(m, torch.nn.ELU)} == {0.5}


# Execute


@pytest.fixture
def written(monkeypatch):
    """The files that were put in place, in order: name, and the state that the run was in from then on."""
    found, plain = [], os.replace

    def replaced(source, target, **keywords):
        plain(source, target, **keywords)
        status = Path(target).with_name("status.json")
        found.append((Path(target).name, json.loads(status.read_text())["state"] if status.exists() else None))

    monkeypatch.setattr("os.replace", replaced)
    return found


def test_config_comes_first_and_the_result_last_but_for_the_state(store, written):
    experiment.execute(store.create(config()))
    assert written[:2] == [("config.json", None), ("status.json", "queued")]
    assert written[-1] == ("status.json", "finished")
    files = [entry for entry in written[2:-1] if entry[0] != "status.json"]  # the heartbeat's
    assert files.pop(0) == ("conditions.json", "running")
    assert files[-2:] == [("predictions.csv", "running"), ("result.json", "running")]
    assert {name for name, _ in files[:-2]} == {"model.safetensors", "resume.pt", "underway.json"}
    assert {state for _, state in files[:-2]} == {"running"}


def test_a_finished_run_holds_the_files_that_are_promised_and_no_others(store):
    run = store.create(config())
    result = experiment.execute(run)
    visible = {path.name for path in run.path.iterdir() if not path.name.startswith(".")}
    assert visible == {
        *("config.json", "status.json", "conditions.json"),
        *("history.jsonl", "model.safetensors", "predictions.csv", "result.json"),
    }
    assert not list(run.path.glob(".*partial*"))
    assert stored(run, "result.json") == result == run.result()
    met = stored(run, "conditions.json")
    assert met["device"] == "cpu"
    assert met["trials"]["test"] == len(run.predictions())
    assert result["last"] == run.history()[-1]
    assert result["seconds"] == sum(record["seconds"] for record in run.history())


def test_the_folder_is_whole_at_the_end_of_every_epoch(store):
    run = store.create(config())

    def look(record):
        lines = (run.path / "history.jsonl").read_text().splitlines()
        assert json.loads(lines[-1]) == vars(record)
        assert [json.loads(line)["epoch"] for line in lines] == list(range(1, record.epoch + 1))
        assert torch.load(run.resume_path, weights_only=True)["epoch"] == record.epoch
        assert run.status.state == "running"
        assert run.weights_path.exists()
        assert run.result() is None

    experiment.execute(run, look)
    assert len(run.history()) == 3


@pytest.mark.parametrize(("pulse", "every"), [(0.0, 1), (3600.0, 10**6)])
def test_how_far_an_epoch_has_come_is_told_from_its_first_batch_and_not_too_often(store, monkeypatch, pulse, every):
    run, told = store.create(config()), []
    monkeypatch.setattr(run, "note_underway", told.append)
    monkeypatch.setattr(experiment, "PULSE", pulse)
    experiment.execute(run)
    n, size = told[0]["trials"], run.config.training.batch_size
    batches = [(epoch, min(seen + size, n)) for epoch in (1, 2, 3) for seen in range(0, n, size)]
    assert [(record["epoch"], record["seen"]) for record in told] == batches[::every]


def test_what_is_told_of_an_epoch_in_work_is_that_of_the_next_and_goes_with_the_run(store):
    run, seen = store.create(config()), []
    experiment.execute(run, lambda record: seen.append((run.underway(record.epoch - 1), run.underway(record.epoch))))
    first, after = seen[0]
    assert (first["epoch"], after) == (1, None)
    assert 0 < first["seen"] <= first["trials"]
    assert not (run.path / "underway.json").exists()


TOLD = {"epoch": 1, "seen": 8, "trials": 20, "train_loss": 0.7, "train_accuracy": 0.5}


@pytest.mark.parametrize("change", [{"seen": -1}, {"seen": 21}, {"trials": 0}, {"train_loss": None}, {"epoch": "1"}])
def test_what_is_no_note_of_an_epoch_in_work_is_none(store, change):
    run = store.create(config())
    run.note_underway(TOLD)
    assert run.underway(0) == TOLD
    run.note_underway(TOLD | change)
    assert run.underway(0) is None
    (run.path / "underway.json").write_text("{")
    assert run.underway(0) is None


@pytest.mark.parametrize(
    "settings", [{"name": "DeepConvNet"}, {"seed": 5, "validation": 0.4}, {"max_norm": True, "learning_rate": 0.3}]
)
def test_a_run_is_split_build_and_fit_put_together(store, trials, settings):
    asked = config(**settings)
    run = store.create(asked)
    experiment.execute(run)
    folds = split(trials, asked.training.validation, asked.training.seed)
    model = experiment.build(asked.model, trials, asked.training.seed)
    by_hand = [asdict(record) for record in fit(model, *folds, asked.training, max_norm=asked.model.max_norm)]
    for record, other in zip(run.history(), by_hand, strict=True):
        assert record | {"seconds": 0} == other | {"seconds": 0}


def test_the_config_as_it_was_decided_is_what_is_run(store):
    used = []
    experiment.execute(store.create(config(threads=2)), lambda record: used.append(torch.get_num_threads()))
    assert used == [2, 2, 2]


def spoil_after(run, epoch):
    """A watcher that lets a network forget what it learned after `epoch`, so that the last epoch is not the best."""
    return lambda record: run.ask(learning_rate=100.0) if record.epoch == epoch else None


def executed(store, keep):
    run = store.create(config(keep=keep, epochs=12, learning_rate=0.01))
    result = experiment.execute(run, spoil_after(run, 10))
    return run, result


@every_choice
def test_the_weights_kept_are_those_of_the_epoch_asked_for(store, keep):
    run, result = executed(store, keep)
    with safe_open(run.weights_path, "pt") as file:
        assert int(file.metadata()["epoch"]) == result[keep]["epoch"]
    assert result["last"]["epoch"] == 12
    assert max(result[best]["epoch"] for best in ("best_validation", "best_test")) <= 10


@every_choice
def test_predictions_are_what_the_kept_weights_say_and_score_what_the_result_says(store, trials, keep):
    run, result = executed(store, keep)
    table = pd.read_csv(run.path / "predictions.csv", dtype={"subject": str})
    assert list(table) == ["trial", "subject", "label", "left hand", "right hand"]
    test = split(trials, 0.2, 0).test
    assert table["trial"].tolist() == test.number.tolist()
    assert table["subject"].tolist() == test.subject.tolist()
    assert table["label"].tolist() == [trials.class_names[label] for label in test.y]
    model = models.build("EEGNet", n_chans=2, n_times=128, n_outputs=2)
    with safe_open(run.weights_path, "pt") as file:
        model.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 - no mapping
    with torch.no_grad():
        logits = model.eval()(torch.from_numpy(test.X)).numpy()
    given = table[["left hand", "right hand"]].to_numpy()
    np.testing.assert_allclose(given, softmax(logits.astype(float), axis=1), rtol=1e-4, atol=1e-7)
    assert np.mean(given.argmax(axis=1) == test.y) == result[keep]["test_accuracy"]


def test_the_weights_repeat_the_config_and_tell_what_trials_they_take(store):
    run = store.create(config())
    experiment.execute(run)
    with safe_open(run.weights_path, "pt") as file:
        about = file.metadata()
    assert json.loads(about["config"]) == stored(run, "config.json")
    assert json.loads(about["trials"]) == {
        "n_chans": 2,
        "n_times": 128,
        "sfreq": 64.0,
        "ch_names": ["C3", "C4"],
        "class_names": ["left hand", "right hand"],
    }


def test_without_validation_the_last_weights_are_kept(store):
    run = store.create(config(validation=0.0))
    result = experiment.execute(run)
    assert result["best_validation"] is None
    with safe_open(run.weights_path, "pt") as file:
        assert file.metadata()["epoch"] == "3"


def test_without_test_trials_there_are_no_predictions(store, trials, monkeypatch):
    monkeypatch.setattr("eegnets.sources.load", lambda config: trials.of_split("train"))
    run = store.create(config())
    result = experiment.execute(run)
    assert result["best_test"] is None
    assert run.predictions() is None
    assert run.status.state == "finished"


# Failing


def failed(run):
    """The words of a run that failed; checks that its folder says so and is whole."""
    result = stored(run, "result.json")
    assert run.status.state == result["status"] == "failed"
    assert len(run.history()) == (result["last"] or {"epoch": 0})["epoch"]
    assert run.predictions() is None
    assert not list(run.path.glob(".*partial*"))
    return run.status.message


def test_a_run_that_diverges_fails_with_the_remedy_and_keeps_what_was_before(store):
    run = store.create(config(**DIVERGES))
    with pytest.raises(Diverged) as ended:
        experiment.execute(run)
    assert failed(run) == str(ended.value)
    assert "try a learning rate of 10 instead of 100" in str(ended.value)
    assert all(np.isfinite(record["test_loss"]) for record in run.history())


def test_trials_that_cannot_be_learned_from_fail_in_words_before_any_epoch(store, trials, monkeypatch):
    one_class = trials.take(trials.y == 0)
    monkeypatch.setattr("eegnets.sources.load", lambda config: one_class)
    run = store.create(config())
    with pytest.raises(InputError, match="1 class"):
        experiment.execute(run)
    assert "left hand" in failed(run)
    assert run.history() == []


def test_an_error_of_our_own_is_told_by_its_kind_and_leaves_the_run_free(store):
    def stumble(record):
        raise ZeroDivisionError("by zero")

    run = store.create(config())
    with pytest.raises(ZeroDivisionError):
        experiment.execute(run, stumble)
    assert failed(run) == "ZeroDivisionError: by zero"
    run.requeue()
    assert experiment.execute(run)["status"] == "finished"


@pytest.fixture
def full_disk(monkeypatch):
    """A disk that is full whenever a file of that name (None: any) is put in place."""
    plain = os.replace

    def fills_at(wanted):
        def replaced(source, target, **keywords):
            if wanted in (Path(target).name, None):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            plain(source, target, **keywords)

        monkeypatch.setattr("os.replace", replaced)

    return fills_at


@pytest.mark.parametrize("name", ["model.safetensors", "resume.pt", "predictions.csv"])
def test_a_full_disk_fails_the_run_in_words_and_leaves_no_half_written_file(store, full_disk, name):
    run = store.create(config())
    full_disk(name)
    with pytest.raises(RunError, match=rf"run {run.id} cannot be written \(No space left on device\); free some space"):
        experiment.execute(run)
    assert "No space left on device" in failed(run)
    assert not (run.path / name).exists()


def test_a_line_of_the_history_is_written_whole_or_not_at_all(store, monkeypatch):
    run, plain = store.create(config()), Path.open

    class Full:
        """A file that takes a few characters of what is written, then none."""

        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, text):
            self.file.write(text[:20])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def open_(path, mode="r", *arguments, **keywords):
        file = plain(path, mode, *arguments, **keywords)
        return Full(file) if path.name == "history.jsonl" and mode == "a" and path.stat().st_size else file

    monkeypatch.setattr(Path, "open", open_)
    with pytest.raises(RunError, match="No space left"):
        experiment.execute(run)
    failed(run)
    assert [json.loads(line)["epoch"] for line in (run.path / "history.jsonl").read_text().splitlines()] == [1]


def test_a_disk_that_stays_full_leaves_a_run_that_can_go_on(store, full_disk, monkeypatch):
    run = store.create(config())
    with pytest.raises(RunError, match="No space left"):
        experiment.execute(run, lambda record: full_disk(None))
    assert run.result() is None
    assert len(run.history()) in (1, 2)
    monkeypatch.undo()
    assert stored(run, "status.json")["state"] == "running", "without heartbeats it will read interrupted"
    run.requeue()
    assert stored(run, "config.json")
