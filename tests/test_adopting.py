"""Weights from elsewhere as a run: the same answers, and refused where they are for other trials."""

import numpy as np
import pytest
import torch

from eegnets import models
from eegnets.adopting import adopt
from eegnets.classification import Classifier
from eegnets.config import DataConfig
from eegnets.run_folder import Run
from eegnets.runs import RunStore, describe
from eegnets.weights import WeightsError


@pytest.fixture
def stored(tmp_path):
    """A file with the weights of a small EEGNet for the tiny world's trials, and that network."""
    torch.manual_seed(0)
    sizes = {"F1": 4, "F2": 6, "kernel_length": 16, "separable_length": 8}
    model = models.build("EEGNet", n_chans=2, n_times=128, n_outputs=2, activation="ReLU", **sizes).eval()
    torch.save(model.state_dict(), tmp_path / "theirs.pt")
    return tmp_path / "theirs.pt", model


def test_an_adopted_network_answers_as_it_did_where_it_came_from(stored, tiny_trials, tmp_path):
    path, model = stored
    run = adopt(path, "ReLU", DataConfig("simulated"), tiny_trials, RunStore(tmp_path / "runs"))
    assert (describe(run)["state"], describe(run)["name"], run.history()) == ("finished", "theirs.pt", [])
    found = Classifier(run).answers(tiny_trials)[list(tiny_trials.class_names)].to_numpy()
    with torch.inference_mode():
        wanted = model(torch.from_numpy(tiny_trials.X)).softmax(1).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_a_network_for_other_trials_is_refused_and_leaves_nothing(stored, tiny_trials, tmp_path):
    from dataclasses import replace

    store = RunStore(tmp_path / "runs")
    three = replace(tiny_trials, X=np.repeat(tiny_trials.X, [2, 1], axis=1), ch_names=("C3", "Cz", "C4"))
    with pytest.raises(WeightsError, match=r"for 2 channels, .* the data in the sidebar have 3,"):
        adopt(stored[0], "ReLU", DataConfig("simulated"), three, store)
    with pytest.raises(WeightsError, match="do not fit EEGNet with Maxout"):
        adopt(stored[0], "Maxout", DataConfig("simulated"), tiny_trials, store)
    assert store.runs() == []


def test_nobody_sees_an_adopted_run_before_it_is_whole(stored, tiny_trials, tmp_path, monkeypatch):
    store, seen = RunStore(tmp_path / "runs"), []
    finish = Run.finish
    monkeypatch.setattr(Run, "finish", lambda run, *how: seen.append(store.runs()) or finish(run, *how))
    adopt(stored[0], "ReLU", DataConfig("simulated"), tiny_trials, store)
    assert seen == [[]]
    assert len(store.runs()) == 1
