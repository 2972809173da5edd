"""What is seen inside a network is what it computes."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

from eegnets.activations import ACTIVATIONS
from eegnets.explain import (
    bend,
    bend_curves,
    bends,
    flat_share,
    flat_shares,
    histogram,
    layer_values,
    leaves,
    settle,
)
from eegnets.models import MODELS, build
from eegnets.units import sights


@pytest.fixture(params=list(MODELS))
def model(request):
    torch.manual_seed(0)
    return build(request.param, n_chans=3, n_times=200, n_outputs=2, activation="LeakyReLU")


def test_every_layers_values_lead_to_the_networks_answer(model):
    X = torch.randn(4, 3, 200)
    values = layer_values(model, X)
    assert list(values) == list(leaves(model))
    with torch.no_grad():
        for name, layer in leaves(model).items():
            torch.testing.assert_close(layer.eval()(values[name].before), values[name].after)
        torch.testing.assert_close(list(values.values())[-1].after, model.eval()(X))


def test_looking_leaves_the_network_as_it_was(model):
    model.train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    layer_values(model, torch.randn(4, 3, 200))
    assert model.training
    assert not any(layer._forward_hooks for layer in model.modules())
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0)


def test_the_bends_are_the_activations_alone(model):
    assert {type(layer).__name__ for layer in bends(model).values()} == {"LeakyReLU"}
    assert len(bends(model)) == (2 if type(model).__name__ == "EEGNet" else 4)


def test_two_who_look_at_one_network_at_once_see_their_own_trials(model):
    trials = [torch.full((1, 3, 200), float(i + 1)) for i in range(2)]
    seen = {}

    def look(i):
        for _ in range(20):
            values = layer_values(model, trials[i])
            seen.setdefault(i, []).append(next(iter(values.values())).before.flatten()[0].item())

    threads = [threading.Thread(target=look, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen[0]) == {1.0}
    assert set(seen[1]) == {2.0}


INPUTS = np.random.default_rng(0).normal(0, 2, (5, 400)).astype(np.float32)


def learned_maxout():
    """A Maxout whose five channels have learned five pairs of lines."""
    layer = ACTIVATIONS["Maxout"].make(5)
    with torch.no_grad():
        for p in layer.parameters():
            p.add_(torch.randn(5, generator=torch.Generator().manual_seed(len(p) + int(p[0] * 10))))
    return layer


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_what_a_layer_does_is_its_formula_and_its_slope_the_derivative(name):
    found = bend(ACTIVATIONS[name].make(5), INPUTS)
    np.testing.assert_array_equal(found.before, INPUTS)
    np.testing.assert_allclose(found.after, ACTIVATIONS[name].function(INPUTS), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.slope, ACTIVATIONS[name].derivative(INPUTS), rtol=1e-4, atol=1e-6)


def test_a_learned_maxout_is_taken_with_what_each_channel_has_learned():
    layer = learned_maxout()
    found, curves = bend(layer, INPUTS), bend_curves(layer, 5, INPUTS[0])
    for channel in range(5):
        lines = {line: float(getattr(layer, line)[channel].detach()) for line in ("w1", "b1", "w2", "b2")}
        slope = ACTIVATIONS["Maxout"].derivative(INPUTS[channel], **lines)
        np.testing.assert_allclose(found.slope[channel], slope, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(
            curves.after[channel], ACTIVATIONS["Maxout"].function(INPUTS[0], **lines), rtol=1e-4, atol=1e-5
        )
    assert len(curves.after) == 5


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_layer_whose_maps_agree_has_one_curve(name):
    assert bend_curves(ACTIVATIONS[name].make(5), 5, INPUTS[0]).after.shape == (1, 400)


def test_the_gradient_that_a_network_passes_on_is_that_times_the_slope(model):
    """In a whole network: what reaches a layer's inputs is what reaches its outputs, times the slope shown."""
    name, layer = next(iter(bends(model).items()))
    kept = {}

    def keep(layer, inputs, output):
        inputs[0].retain_grad()
        output.retain_grad()
        kept["in"], kept["out"] = inputs[0], output

    hook = layer.register_forward_hook(keep)
    X = torch.randn(1, 3, 200)
    model.eval()(X)[0, 0].backward()
    hook.remove()
    values = layer_values(model, X)[name].before[0].flatten(1).numpy()
    expected = kept["out"].grad[0].flatten(1).numpy() * bend(layer, values).slope
    np.testing.assert_allclose(kept["in"].grad[0].flatten(1).numpy(), expected, rtol=1e-5, atol=1e-9)


def test_relu_flattens_exactly_its_inputs_that_are_not_positive():
    inputs = INPUTS.copy()
    inputs[0, :50] = 0
    slope = bend(ACTIVATIONS["ReLU"].make(5), inputs).slope
    assert flat_share(slope) == flat_share(slope, 0) == (inputs <= 0).mean()


def test_leaky_relu_flattens_nothing_and_elu_nothing_that_is_moderate():
    assert flat_share(bend(ACTIVATIONS["LeakyReLU"].make(5), INPUTS).slope) == 0
    assert flat_share(bend(ACTIVATIONS["ELU"].make(5), np.clip(INPUTS, -5, 5)).slope) == 0
    assert flat_share(bend(ACTIVATIONS["ELU"].make(5), np.full((1, 4), -6.0)).slope) == 1


def test_the_share_of_tanh_is_that_beyond_its_bounds():
    edge = np.arctanh(np.sqrt(1 - 0.005))
    share = flat_share(bend(ACTIVATIONS["Tanh"].make(5), INPUTS).slope)
    assert share == pytest.approx((np.abs(INPUTS) > edge).mean())
    assert 0 < share < 0.2


def test_all_activations_are_asked_on_the_same_inputs():
    shares = flat_shares(INPUTS, negative_slope=0.0).set_index("activation")
    assert list(shares.index) == list(ACTIVATIONS)
    assert shares.loc["LeakyReLU", "flat"] == shares.loc["ReLU", "flat"] == (INPUTS <= 0).mean()
    assert (shares["zero"] <= shares["flat"]).all()


@pytest.mark.parametrize("values", [INPUTS, INPUTS * 1e-3, INPUTS + 100, np.zeros((2, 3)), np.array([[5.0]])])
def test_a_histogram_holds_every_value_once_with_an_edge_at_zero(values):
    table = histogram(values)
    assert table["share"].sum() == pytest.approx(1)
    assert (table["start"] <= values.max()).all()
    below = table.loc[table["stop"] <= 1e-12, "share"].sum()
    if values.min() < 0 < values.max():
        assert below == pytest.approx((values < 0).mean())


@pytest.mark.parametrize("place", [0, 1])
def test_a_value_lies_in_the_middle_of_the_samples_that_it_looks_at(model, place):
    """The samples that can move a value are those with a gradient; poolings take all of theirs here."""
    smooth = type(model)(3, 200, 2, activation="Softplus").eval()
    for block in smooth.children():
        for i, layer in enumerate(block.children()):
            if isinstance(layer, nn.MaxPool2d):
                block[i] = nn.AvgPool2d(layer.kernel_size)
    name, layer = list(bends(smooth).items())[place]
    kept = {}
    layer.register_forward_hook(lambda layer, inputs, output: kept.update(before=inputs[0]))
    X = torch.randn(1, 3, 200, requires_grad=True)
    smooth(X)
    before = kept["before"][0, :, 0]  # (n_maps, n_values)
    times = sights(smooth)[name].times(before.shape[1], sfreq=10.0)
    for value in (before.shape[1] // 2, before.shape[1] // 2 + 1):
        (slopes,) = torch.autograd.grad(before[:, value].sum(), X, retain_graph=True)
        reached = torch.nonzero(slopes[0].abs().sum(dim=0)).flatten()
        assert times[value] == pytest.approx((reached[0] + reached[-1]).item() / 2 / 10.0)


def test_a_settled_network_passes_its_batch_on_with_mean_zero_and_variance_one(model):
    X = 50 * torch.randn(16, 3, 200) + 20
    momenta = [layer.momentum for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    settle(model.train(), X)
    assert not any(layer.training for layer in model.modules())
    assert [layer.momentum for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)] == momenta
    first = next(iter(bends(model)))
    values = layer_values(model, X)[first].before
    assert values.mean(dim=(0, 2, 3)).abs().max() < 1e-4
    np.testing.assert_allclose(values.var(dim=(0, 2, 3), unbiased=True).numpy(), 1, rtol=1e-2)  # batch norm's eps
