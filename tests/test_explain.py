"""What is seen inside a network is what it computes."""

import pytest
import torch

from eegnets.explain import bends, layer_values, leaves
from eegnets.models import MODELS, build


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
