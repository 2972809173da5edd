"""What a network does inside: the values that each layer makes of a trial."""

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from eegnets.activations import ACTIVATIONS
from eegnets.models import eval_mode


class LayerValues(NamedTuple):
    """What went into a layer and what came out of it, both float (n_trials, …) without gradients."""

    before: Tensor
    after: Tensor


def layer_values(model: nn.Module, X: Tensor) -> dict[str, LayerValues]:
    """Dotted layer name -> its values for trials X (n_trials, n_chans, n_times) in µV, in the order of passing.

    In evaluation mode; the network is left as it was found.
    """
    found: dict[str, LayerValues] = {}

    def keep(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor, name: str) -> None:
        found[name] = LayerValues(inputs[0].detach().clone(), output.detach().clone())

    hooks = [layer.register_forward_hook(partial(keep, name=name)) for name, layer in leaves(model).items()]
    try:
        with eval_mode(model), torch.no_grad():
            model(X)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def leaves(model: nn.Module) -> dict[str, nn.Module]:
    """Dotted name -> layer, for every layer that has none within."""
    return {name: layer for name, layer in model.named_modules() if not list(layer.children())}


def bends(model: nn.Module) -> dict[str, nn.Module]:
    """Dotted name -> activation layer, in the order in which a trial passes them."""
    return {name: layer for name, layer in leaves(model).items() if type(layer).__name__ in ACTIVATIONS}
