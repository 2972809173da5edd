"""Evaluation mode forgotten: against the network's own answers in each mode, and what must not change."""

import copy

import numpy as np
import pytest
import torch
from recordings import noise, recording
from torch import nn

from eegnets import modes
from eegnets.evaluation import accuracy, probabilities
from eegnets.models import build
from eegnets.modes import MODES, PASSES, by_mode

EVALUATION, DROPOUT, BATCH, TRAINING = MODES


@pytest.fixture
def network():
    """A network that has seen other trials than those it is asked about, so that its running statistics are off."""
    torch.manual_seed(0)
    model = build("EEGNet", n_chans=2, n_times=750, n_outputs=2)
    with torch.no_grad():
        model(torch.from_numpy(3 * noise(16, seed=5) + 1))
    return model.eval()


def test_in_evaluation_mode_every_pass_is_the_networks_own_answer(network):
    trials = recording(noise(50))
    table = by_mode(network, trials, 16)
    rows = table[table["mode"] == EVALUATION]
    right = accuracy(trials.y, probabilities(network, trials.X).argmax(axis=1))
    assert rows["accuracy"].tolist() == [pytest.approx(right)] * PASSES
    assert set(rows["unsteady"]) == {0}


def test_all_trials_at_once_by_their_own_statistics_are_answered_alike_in_every_pass(network):
    trials = recording(noise(50))
    table = by_mode(network, trials, 50)
    rows = table[table["mode"] == BATCH]
    other = copy.deepcopy(network)
    for layer in other.modules():
        layer.training = isinstance(layer, nn.BatchNorm2d)
    with torch.no_grad():
        right = accuracy(trials.y, other(torch.from_numpy(trials.X)).argmax(1).numpy())
    assert rows["accuracy"].tolist() == [pytest.approx(right)] * PASSES
    assert right != table.loc[table["mode"] == EVALUATION, "accuracy"].iloc[0]


def test_dropout_alone_makes_answers_unsteady_and_without_it_they_are_not():
    torch.manual_seed(0)
    trials = recording(noise(50))
    for p, unsteady in ((0.0, False), (0.5, True)):
        table = by_mode(build("EEGNet", n_chans=2, n_times=750, n_outputs=2, dropout=p), trials, 50)
        shares = table.groupby("mode")["unsteady"].first()
        assert [bool(shares[mode] > 0) for mode in (DROPOUT, TRAINING)] == [unsteady, unsteady]


def test_the_network_stays_as_it_is_and_the_seed_says_what_is_drawn(network):
    trials = recording(noise(50))
    before = copy.deepcopy(network.state_dict())
    tables = [by_mode(network, trials, 16, seed) for seed in (0, 0, 1)]
    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])
    assert not any(layer.training for layer in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_trials_of_unknown_class_are_left_out_and_of_many_some_are_drawn(network, monkeypatch):
    trials = recording(noise(30), y=np.arange(30) % 3 - 1)
    assert set(by_mode(network, trials, 16)["trials"]) == {20}
    monkeypatch.setattr(modes, "AT_MOST", 25)
    assert set(by_mode(network, recording(noise(30)), 16)["trials"]) == {25}
