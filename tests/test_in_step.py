"""Runs that take turns: none gets far ahead, and each ends as if it had been alone."""

import pytest
import torch

from eegnets import experiment
from eegnets.config import RunConfig
from eegnets.runs import RunStore
from eegnets.trials import split

EPOCHS = 4
BENDS = ("ELU", "ReLU", "LeakyReLU")


@pytest.fixture
def store(tmp_path, monkeypatch, tiny_trials):
    monkeypatch.setattr("eegnets.sources.load", lambda config: tiny_trials.filled(tiny_trials.channel_means()))
    monkeypatch.setattr(experiment, "TURN", 0.0)
    threads = torch.get_num_threads()
    yield RunStore(tmp_path / "runs")
    torch.set_num_threads(threads)


def config(activation):
    return RunConfig().with_(activation=activation, epochs=EPOCHS, batch_size=8, threads=1, device="cpu")


def figures(run):
    return [{key: value for key, value in record.items() if key != "seconds"} for record in run.history()]


def queued(runs):
    waiting = [run for run in runs if run.status.state == "queued"]
    return sorted(waiting, key=lambda run: run.status.heartbeat)


def test_none_gets_ahead_and_who_else_races_makes_no_difference(store):
    race = [store.create(config(name), group="race", in_step=True) for name in BENDS]
    while waiting := queued(race):
        experiment.execute(waiting[0])
        done = [len(run.history()) for run in race]
        assert max(done) - min(done) <= 1
    for run in race:
        alone = store.create(run.config)
        experiment.execute(alone)
        assert figures(run) == figures(alone)
        assert run.status.state == "finished"


def test_runs_of_another_group_are_not_waited_for(store):
    mine = store.create(config("ELU"), group="mine", in_step=True)
    store.create(config("ELU"), group="other", in_step=True)
    assert experiment.execute(mine)["status"] == "finished"


def test_who_stops_or_pauses_holds_nobody_up(store):
    race = [store.create(config(name), group="race", in_step=True) for name in BENDS]
    race[0].pause()
    race[1].stop()
    assert experiment.execute(race[2])["status"] == "finished"
    assert [run.status.state for run in race] == ["paused", "stopped", "finished"]


@pytest.mark.parametrize("name", ["EEGNet", "DeepConvNet"])
def test_all_racers_begin_with_the_same_weights_and_the_same_batch(monkeypatch, tiny_trials, name):
    folds = split(tiny_trials, 0.2, 0)
    seen = {}
    for activation in BENDS:
        model = experiment.build(config(activation).with_(name=name).model, folds.train, 7)
        weights = {key: tensor.clone() for key, tensor in model.state_dict().items()}
        batches = []
        training = config(activation).training.with_(engine="plain", epochs=1, seed=7)
        model.register_forward_pre_hook(lambda _, inputs, batches=batches: batches.append(inputs[0].clone()))
        list(experiment.training.fit(model, *folds, training))
        seen[activation] = weights, batches[0]
    weights, batch = seen.pop(BENDS[0])
    for other, first in seen.values():
        assert other.keys() == weights.keys()
        assert all(torch.equal(other[key], weights[key]) for key in weights)
        assert torch.equal(first, batch)


def test_a_damaged_run_in_the_queue_breaks_no_race(store):
    mine, other, foreign = (store.create(config(name), group="race", in_step=True) for name in BENDS)
    (other.path / "history.jsonl").write_text("{]\n{}\n")
    (foreign.path / "config.json").write_text('{"format": 99}')
    assert experiment.execute(mine)["status"] == "finished"
