"""Where a network looked: against networks whose answer is known by hand, and against one that learned nothing."""

import tracemalloc

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import nn

from eegnets import models
from eegnets.saliency import integrated_gradients, lead, log_odds, occlusion, rank_correlation, unlearned
from eegnets.ui.attributing import WORK, least_step, verdict


class Linear(nn.Module):
    """Logits that are weighted sums of all samples: every map of it is known."""

    def __init__(self, n_chans, n_times):
        super().__init__()
        self.weigh = nn.Linear(n_chans * n_times, 2)

    def forward(self, X):
        return self.weigh(X.flatten(1))


@pytest.fixture
def linear():
    torch.manual_seed(0)
    return Linear(2, 60)


@pytest.fixture
def X():
    return np.random.default_rng(0).standard_normal((2, 60)).astype(np.float32)


def between(linear, target, other):
    """What a sample of 1 µV adds to the first logit beyond the second."""
    weights = linear.weigh.weight.detach()
    return (weights[target] - weights[other]).view(2, 60).numpy()


def learned(network, activation="ELU"):
    """A network whose weights and running statistics are not the first ones."""
    torch.manual_seed(1)
    model = models.build(network, n_chans=2, n_times=128, n_outputs=2, activation=activation)
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(2):
        model(5 * torch.randn(16, 2, 128)).square().sum().backward()
        optimiser.step()
    return model.eval()


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_log_odds_are_those_of_the_probability(classes):
    logits = 3 * torch.randn(20, classes, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    p = logits.softmax(dim=1)
    for target in range(classes):
        torch.testing.assert_close(log_odds(logits, target), torch.log(p[:, target] / (1 - p[:, target])))


def test_what_is_for_one_of_two_classes_is_against_the_other():
    model = learned("EEGNet")
    X = np.random.default_rng(0).standard_normal((2, 128)).astype(np.float32)
    np.testing.assert_allclose(integrated_gradients(model, X, 0), -integrated_gradients(model, X, 1), atol=1e-5)


def test_gradients_of_a_linear_network_are_weight_times_sample(linear, X):
    weights = between(linear, 1, 0)
    np.testing.assert_allclose(integrated_gradients(linear, X, 1), weights * X, rtol=1e-4, atol=1e-6)


def test_covering_takes_from_a_linear_network_what_the_stretch_gave(linear, X):
    found = occlusion(linear, X, 0, width=10, step=5)
    gave = between(linear, 0, 1) * X
    assert found.starts.tolist() == list(range(0, 51, 5))
    sums = np.stack([gave[:, start : start + 10].sum(axis=1) for start in found.starts], axis=1)
    np.testing.assert_allclose(found.drops, sums, atol=1e-5)


def test_many_channels_are_covered_a_batch_at_a_time():
    class Level(nn.Module):
        def forward(self, X):
            level = X[:, 3].mean(dim=1)
            return torch.stack([level, torch.zeros_like(level)], dim=1)

    X = np.random.default_rng(0).standard_normal((16, 400)).astype(np.float32)
    tracemalloc.start()
    found = occlusion(Level(), X, 0, width=10, step=4)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.drops.size * X.nbytes > 40e6  # what all covered trials together would take
    assert most < 20e6
    sums = [X[3, start : start + 10].sum() / 400 for start in found.starts]
    np.testing.assert_allclose(found.drops[3], sums, atol=1e-5)
    assert not found.drops[np.arange(16) != 3].any()


@pytest.mark.parametrize(
    ("shape", "step", "most"), [((2, 750), 4, 256), ((2, 200), 1, 256), ((64, 2000), 500, 3), ((2, 300_000), 50_000, 1)]
)
def test_as_many_covered_trials_go_through_at_once_as_their_size_allows(shape, step, most):
    sizes = []

    class Counting(nn.Module):
        def forward(self, X):
            sizes.append(len(X))
            return X[:, :2, 0]

    occlusion(Counting(), np.zeros(shape, np.float32), 0, width=step, step=step)
    assert max(sizes) == most


def test_large_trials_are_covered_in_longer_steps_and_the_courses_as_ever():
    assert least_step(2, 750) == least_step(3, 1000) == 1
    for n_chans, n_times in ((64, 2000), (2, 60_000)):
        step = least_step(n_chans, n_times)
        assert 1 < step < n_times
        assert n_chans * n_times * n_chans * (n_times // step) <= WORK
    assert least_step(64, 60_000) == 60_000


def test_a_window_chosen_for_small_trials_grows_with_larger_ones():
    def choose():
        from types import SimpleNamespace

        import streamlit as st

        from eegnets.ui.attributing import _width

        n_chans, n_times = st.number_input("channels", 1, value=2), st.number_input("samples", 1, value=750)
        st.text(_width(SimpleNamespace(n_chans=n_chans, n_times=n_times, sfreq=125.0)))

    app = AppTest.from_function(choose).run()
    assert app.text[0].value == "31"
    app.slider[0].set_value(0.1).run()
    assert app.text[0].value == "12"
    for n_chans, n_times in ((64, 2000), (64, 60_000), (2, 20), (2, 750)):
        app.number_input[0].set_value(n_chans)
        app.number_input[1].set_value(n_times).run()
        assert not app.exception
        assert int(app.text[0].value) >= least_step(n_chans, n_times)
    app = AppTest.from_function(choose)
    app.query_params["cover"] = "0.1"
    app.run()
    app.number_input[0].set_value(64)
    app.number_input[1].set_value(2000).run()
    assert not app.exception
    assert int(app.text[0].value) >= least_step(64, 2000)


def test_a_window_longer_than_the_trial_covers_the_whole_channel(linear, X):
    found = occlusion(linear, X, 0, width=999, step=1)
    assert (found.width, found.drops.shape) == (60, (2, 1))


@pytest.mark.parametrize("network", models.MODELS)
@pytest.mark.parametrize("target", [0, 1])
def test_the_saliency_of_all_samples_is_the_lead_over_a_flat_trial(network, target):
    """The completeness of integrated gradients."""
    model = learned(network)
    for seed in range(3):
        X = 5 * np.random.default_rng(seed).standard_normal((2, 128)).astype(np.float32)
        trial, flat = lead(model, X, target)
        with torch.inference_mode():
            probability = float(model(torch.from_numpy(X[None])).softmax(dim=1)[0, target])
            assert 1 / (1 + np.exp(-trial)) == pytest.approx(probability, abs=1e-5)
        total = integrated_gradients(model, X, target, steps=64).sum()
        assert total == pytest.approx(trial - flat, abs=0.001 + 0.001 * abs(trial - flat))


@pytest.mark.parametrize("network", models.MODELS)
def test_an_unlearned_network_is_the_one_that_training_begins_with(network):
    model = learned(network, "Maxout")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.random.get_rng_state()
    fresh = unlearned(model, seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    torch.manual_seed(3)
    first = models.build(network, n_chans=2, n_times=128, n_outputs=2, activation="Maxout").state_dict()
    assert all(torch.equal(value, first[name]) for name, value in fresh.state_dict().items())


def test_rank_correlation_knows_order_and_no_sign():
    a = np.array([[1.0, -2.0, 3.0], [-4.0, 5.0, 6.0]])
    assert rank_correlation(a, -(a**3)) == pytest.approx(1)
    assert rank_correlation(a, 1 / a) == pytest.approx(-1)
    assert np.isnan(rank_correlation(a, np.ones_like(a)))
    rng = np.random.default_rng(0)
    assert abs(rank_correlation(rng.standard_normal((2, 5000)), rng.standard_normal((2, 5000)))) < 0.03


@pytest.mark.parametrize(
    ("alike", "words"),
    [(0.1, "weights matter"), (0.5, "with care"), (0.9, "says little"), (float("nan"), "nothing can")],
)
def test_the_correlation_is_told_in_words(alike, words):
    assert words in verdict(alike)
