"""A value worked out by hand is the network's own, in every kind of layer; and what a layer sees and cannot learn."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from eegnets.activations import ACTIVATIONS
from eegnets.explain import LayerValues, layer_values, leaves
from eegnets.models import MODELS, build
from eegnets.units import Place, sights, silent_biases, work_out

N_CHANS, N_TIMES = 3, 200


def lived_in(name, activation="ELU"):
    """A network whose every number is its own: no batch norm as it was made, no bias of zero."""
    torch.manual_seed(0)
    model = build(name, n_chans=N_CHANS, n_times=N_TIMES, n_outputs=2, activation=activation).eval()
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                for numbers in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                    numbers.copy_(torch.rand_like(numbers) + 0.5)
            if type(layer).__name__ == "Maxout":
                for numbers in layer.parameters():
                    numbers.add_(0.3 * torch.randn_like(numbers))
    return model


def some_places(shape, rng, n=6):
    """The first value and the last, where a convolution reaches beyond the trial, and some between."""
    ends = [tuple(0 for _ in shape), tuple(size - 1 for size in shape)]
    return ends + [tuple(int(rng.integers(size)) for size in shape) for _ in range(n)]


@pytest.mark.parametrize(("name", "activation"), list(itertools.product(MODELS, ["ELU", "LeakyReLU", "Maxout"])))
def test_the_formula_gives_the_networks_own_value_in_every_layer(name, activation):
    model, rng = lived_in(name, activation), np.random.default_rng(1)
    values = layer_values(model, 10 * torch.randn(1, N_CHANS, N_TIMES, generator=torch.Generator().manual_seed(2)))
    for layer_name, layer in leaves(model).items():
        own = values[layer_name].after[0]
        for index in some_places(own.shape, rng):
            place = Place(*index) if len(index) == 3 else Place(index[0], 0, 0)
            working = work_out(layer, values[layer_name], place)
            scale = float(own.abs().max())
            assert working.value == pytest.approx(float(own[index]), rel=1e-5, abs=1e-5 * scale), layer_name
            if working.terms is not None:
                assert len(working.terms) == layer.weight[0].numel()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_has_its_value_and_its_formula(activation):
    layer = ACTIVATIONS[activation].make(2)
    x = torch.tensor([-1.5, 0.7]).view(1, 2, 1, 1)
    for unit in range(2):
        values = LayerValues(x, layer(x).detach())
        working = work_out(layer, values, Place(unit, 0, 0))
        assert working.value == pytest.approx(float(values.after[0, unit, 0, 0]), rel=1e-6)
        assert working.formula == ACTIVATIONS[activation].formula


@pytest.mark.parametrize("name", MODELS)
def test_the_terms_lie_at_the_samples_that_the_value_depends_on(name):
    """What a value depends on is what has a gradient; and its middle is where the layer's place in time says."""
    model = lived_in(name, "Sigmoid").double()  # a bend that is nowhere flat
    for layer in model.modules():
        if isinstance(layer, nn.MaxPool2d):  # of a maximum, one alone has a gradient: the mean sees the same samples
            layer.forward = nn.AvgPool2d(layer.kernel_size).forward
    for layer_name, sight in sights(model).items():
        X = torch.randn(1, N_CHANS, N_TIMES, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        X.requires_grad_()
        kept = {}
        hook = leaves(model)[layer_name].register_forward_hook(lambda _, __, output, kept=kept: kept.update(out=output))
        model(X)
        hook.remove()
        middle = kept["out"].shape[-1] // 2
        (slope,) = torch.autograd.grad(kept["out"][0, 0, 0, middle], X)
        touched = np.flatnonzero(slope[0].abs().sum(dim=0).numpy())
        centre = sight.first + middle * sight.step
        assert touched.min() == max(0, centre - (sight.width - 1) / 2), layer_name
        assert touched.max() == min(N_TIMES - 1, centre + (sight.width - 1) / 2), layer_name


@pytest.mark.parametrize("name", MODELS)
def test_the_biases_without_a_gradient_are_those_that_are_named(name):
    model = lived_in(name).double().train()
    X = 10 * torch.randn(8, N_CHANS, N_TIMES, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    nn.functional.cross_entropy(model(X), torch.arange(8) % 2).backward()
    silent = {
        layer_name
        for layer_name, layer in leaves(model).items()
        if getattr(layer, "bias", None) is not None and layer.bias.grad.abs().max() < 1e-12
    }
    assert silent == set(silent_biases(model))
    assert ("firstconv.1" in silent) == (name == "EEGNet")
