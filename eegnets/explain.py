"""What a network does inside: the values that each layer makes of a trial, and how an activation bends them."""

import copy
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from eegnets.activations import ACTIVATIONS, FLAT, flat


class LayerValues(NamedTuple):
    """What went into a layer and what came out of it, both float (n_trials, …) without gradients."""

    before: Tensor
    after: Tensor


def layer_values(model: nn.Module, X: Tensor) -> dict[str, LayerValues]:
    """Dotted layer name -> its values for trials X (n_trials, n_chans, n_times) in µV, in the order of passing.

    In evaluation mode, on a copy: others may ask the same network at this moment, and would pass through its hooks.
    """
    model = copy.deepcopy(model).eval()
    found: dict[str, LayerValues] = {}

    def keep(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor, name: str) -> None:
        found[name] = LayerValues(inputs[0].detach().clone(), output.detach().clone())

    for name, layer in leaves(model).items():
        layer.register_forward_hook(partial(keep, name=name))
    with torch.no_grad():
        model(X)
    return found


def leaves(model: nn.Module) -> dict[str, nn.Module]:
    """Dotted name -> layer, for every layer that has none within."""
    return {name: layer for name, layer in model.named_modules() if not list(layer.children())}


def bends(model: nn.Module) -> dict[str, nn.Module]:
    """Dotted name -> activation layer, in the order in which a trial passes them."""
    return {name: layer for name, layer in leaves(model).items() if type(layer).__name__ in ACTIVATIONS}


class Bent(NamedTuple):
    """What an activation does with some values: what goes in, what comes out, and its slope there, all of one shape."""

    before: np.ndarray
    after: np.ndarray
    slope: np.ndarray


def bend(layer: nn.Module, before: np.ndarray) -> Bent:
    """What an activation layer does with `before` (n_maps, n_values): one row for each of its channels.

    The slope is autograd's on the layer itself, so that it is what training uses, with what the layer has learned.
    """
    inputs = torch.as_tensor(before, dtype=torch.float32)[None]
    with torch.no_grad():
        output = layer(inputs)
    return Bent(inputs[0].numpy(), output[0].numpy(), slopes(layer, inputs)[0].numpy())


def slopes(layer: nn.Module, inputs: Tensor) -> Tensor:
    """The derivative of an activation layer's every output with respect to its own input, of the shape of `inputs`."""
    inputs = inputs.detach().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(layer(inputs).sum(), inputs)[0]


def bend_curves(layer: nn.Module, n_maps: int, x: np.ndarray) -> Bent:
    """The layer's curve for each of its channels over the same inputs x (n,): each (n_maps, n), or (1, n) if all agree.

    Only an activation that learns, such as Maxout, has curves that differ.
    """
    found = bend(layer, np.tile(x, (n_maps, 1)))
    alike = np.allclose(found.after, found.after[:1], atol=1e-5)  # the last digits differ by the place in memory
    return Bent(*(part[:1] for part in found)) if alike else found


def flat_share(slope: np.ndarray, threshold: float = FLAT) -> float:
    """Share of the values, 0..1, at which the slope is nearer to zero than `threshold`; with 0, exactly zero."""
    return float(flat(slope, threshold).mean())


def flat_shares(before: np.ndarray, **parameters: float) -> pd.DataFrame:
    """How much of the same inputs (n_maps, n_values) each activation would flatten, a new one in the layer's place.

    Rows of activation, zero (share at which its slope is exactly zero) and flat (share at which it is below FLAT).
    `parameters` go to the activations that have them.
    """
    rows = []
    for name, entry in ACTIVATIONS.items():
        slope = bend(entry.make(len(before), **entry.pick(parameters)), before).slope
        rows.append((name, flat_share(slope, 0), flat_share(slope)))
    return pd.DataFrame(rows, columns=["activation", "zero", "flat"])


def histogram(values: np.ndarray, about: int = 50) -> pd.DataFrame:
    """How often values fall where: rows of start, stop, share (0..1); about so many bins, one edge at zero."""
    low, high = float(values.min()), float(values.max())
    width = max(high - low, 1e-6) / about
    first, last = np.floor(low / width), np.floor(high / width) + 1
    edges = width * np.arange(first, last + 1)
    counts, _ = np.histogram(values, np.append(edges[:-1], max(edges[-1], high)))
    return pd.DataFrame({"start": edges[:-1], "stop": edges[1:], "share": counts / values.size})


def settle(model: nn.Module, X: Tensor) -> nn.Module:
    """Let a new network's batch norms take the mean and variance of trials X, as its first batch of training would.

    Before, they would pass on the trials' µV as they are. Leaves the network in evaluation mode and returns it.
    """
    model.eval()  # no dropout
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0  # nothing of before is kept
        norm.train()
    with torch.no_grad():
        model(X)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return model.eval()
