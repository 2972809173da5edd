"""braindecode's EEGNet, built here by its own names: its weights in our EEGNet compute the same."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from eegnets import weights
from eegnets.config import InputError


class MaxNorm(nn.Module):
    """As braindecode shortens a filter in space while it computes."""

    def forward(self, weight):
        return weight.renorm(p=2, dim=0, maxnorm=1.0)


class Renormed(nn.Conv2d):
    """As braindecode did it before parametrizations: the stored weight itself is shortened when it is used."""

    def forward(self, X):
        return nn.functional.conv2d(X, self.weight.renorm(p=2, dim=0, maxnorm=1.0), groups=self.groups)


def theirs(n_chans=2, n_times=750, n_outputs=2, F1=8, D=2, F2=16, kernel_length=64, depth_length=16, old=False):
    """EEGNet after braindecode/models/eegnet.py, with learned-looking weights and statistics."""
    torch.manual_seed(0)
    n = F1 * D
    space = (Renormed if old else nn.Conv2d)(F1, n, (n_chans, 1), bias=False, groups=F1)
    nn.init.normal_(space.weight)  # longer than 1: the constraint acts
    if not old:
        parametrize.register_parametrization(space, "weight", MaxNorm())

    def norm(size):
        made = nn.BatchNorm2d(size, momentum=0.01, eps=1e-3)
        for values, low in ((made.weight, 0.5), (made.bias, -1), (made.running_mean, -1), (made.running_var, 1e-3)):
            nn.init.uniform_(values, low, 1.5)
        return made

    net = nn.Sequential()
    net.add_module("conv_temporal", nn.Conv2d(1, F1, (1, kernel_length), bias=False, padding=(0, kernel_length // 2)))
    net.add_module("bnorm_temporal", norm(F1))
    net.add_module("conv_spatial", space)
    net.add_module("bnorm_1", norm(n))
    for name, layer in (("elu_1", nn.ELU()), ("pool_1", nn.AvgPool2d((1, 4))), ("drop_1", nn.Dropout(0.25))):
        net.add_module(name, layer)
    padding = (0, depth_length // 2)
    net.add_module("conv_separable_depth", nn.Conv2d(n, n, (1, depth_length), bias=False, groups=n, padding=padding))
    net.add_module("conv_separable_point", nn.Conv2d(n, F2, (1, 1), bias=False))
    net.add_module("bnorm_2", norm(F2))
    for name, layer in (("elu_2", nn.ELU()), ("pool_2", nn.AvgPool2d((1, 8))), ("drop_2", nn.Dropout(0.25))):
        net.add_module(name, layer)
    left = net(torch.zeros(1, 1, n_chans, n_times)).shape[3]
    last = nn.Conv2d(F2, n_outputs, (1, left))
    if old:
        net.add_module("conv_classifier", last)
    else:
        net.add_module("final_layer", nn.Sequential())
        net.final_layer.add_module("conv_classifier", last)
    return net.eval()


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize(
    "sizes",
    [{}, {"n_chans": 22, "n_times": 1000, "n_outputs": 4}, {"F1": 4, "D": 3, "F2": 7, "kernel_length": 51},
     {"depth_length": 15}],
)  # fmt: skip
def test_weights_of_braindecodes_eegnet_classify_identically(sizes, old, tmp_path):
    net = theirs(old=old, **sizes)
    torch.save(net.state_dict(), tmp_path / "theirs.pt")
    found = weights.recognise(weights.read(tmp_path / "theirs.pt"))
    n_chans, n_outputs = sizes.get("n_chans", 2), sizes.get("n_outputs", 2)
    assert (found.network, found.n_chans, found.n_outputs) == ("EEGNet", n_chans, n_outputs)
    n_times = sizes.get("n_times", 750)
    X = 3 * torch.randn(5, n_chans, n_times)
    ours = weights.load(replace(found, n_times=n_times), "ELU").double()
    with torch.inference_mode():
        wanted = net.double()(X.double()[:, None])[:, :, 0, 0]
        torch.testing.assert_close(ours(X.double()), wanted, rtol=1e-5, atol=1e-5)


def test_what_the_weights_do_not_tell_is_refused_with_the_reason():
    state = dict(theirs().state_dict())
    constrained = {key.replace("conv_classifier", "linearconstraint"): value for key, value in state.items()}
    with pytest.raises(InputError, match="dense layer with a constraint"):
        weights.recognise(constrained)
    del state["bnorm_1.running_var"]
    with pytest.raises(InputError, match=r"lacks 'bnorm_1.running_var'"):
        weights.recognise(state)


@pytest.mark.parametrize(
    "parts",
    [
        {"conv_separable_depth": (1, 1, 1, 2**20), "conv_separable_point": (2**20, 1, 1, 1)},
        {"conv_separable_depth": (1, 2**12, 2**12, 1)},
        {"final_layer.conv_classifier": ()},
    ],
)
def test_parts_that_do_not_go_together_are_refused_before_they_are_multiplied(parts):
    odd = {f"{name}.weight": torch.zeros(()).expand(shape) for name, shape in parts.items()}
    with pytest.raises(InputError, match="do not go together"):
        weights.recognise(theirs().state_dict() | odd)
