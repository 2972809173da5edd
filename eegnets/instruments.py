"""What is read off a network while it learns: silent units, the slope of its bends, the size of gradients and weights.

Read on a fixed handful of training trials (the probe), in evaluation mode, so that nothing about the training changes.
"""

import math
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from eegnets.explain import bends, layer_values, leaves, slopes
from eegnets.models import eval_mode
from eegnets.training import Fold, to_device
from eegnets.trials import Trials

MOST, SHARE = 32, 16  # trials at most, and one of 16: reading them takes a few per cent of an epoch


def probe(train: Trials, device: torch.device) -> Fold:
    """A few training trials of every class alike, evenly spread over the recording."""
    per_class = max(1, min(MOST, len(train) // SHARE) // len(train.class_names))
    members = [np.flatnonzero(train.y == label) for label in range(len(train.class_names))]
    spread = [rows[np.linspace(0, len(rows) - 1, min(per_class, len(rows))).astype(int)] for rows in members]
    return to_device(train.take(np.sort(np.concatenate(spread))), device)


def read(model: nn.Module, fold: Fold) -> dict[str, Any]:
    """All instruments at this moment, as plain numbers (None for one that is not finite).

    bends: activation layer -> silent (share of its units, one a feature map, whose slope is 0 at every sample of every
    probe trial), flat (share of all values where the slope is 0), slope (mean), input_mean, input_std.
    layers: layer with weights -> gradient and weights (L2 norms over its parameters), the gradient being that of the
    mean cross-entropy over the probe, in nats.
    seconds: what the reading took.
    """
    started = time.perf_counter()
    values = layer_values(model, fold.X)
    found = {
        "bends": {name: _bend(layer, values[name].before) for name, layer in bends(model).items()},
        "layers": _norms(model, fold),
    }
    return {**found, "seconds": time.perf_counter() - started}


def _bend(layer: nn.Module, inputs: Tensor) -> dict[str, float | None]:
    flat = (slope := slopes(layer, inputs)) == 0
    silent = flat.movedim(1, 0).flatten(1).all(1)  # of each map, over trials and samples
    figures = {"silent": silent.float().mean(), "flat": flat.float().mean(), "slope": slope.mean()}
    figures |= {"input_mean": inputs.mean(), "input_std": inputs.std()}
    return {name: _plain(figure) for name, figure in figures.items()}


def _norms(model: nn.Module, fold: Fold) -> dict[str, dict[str, float | None]]:
    learning = {name: list(layer.parameters()) for name, layer in leaves(model).items()}
    learning = {name: parameters for name, parameters in learning.items() if parameters}
    flat = [parameter for parameters in learning.values() for parameter in parameters]
    with eval_mode(model), torch.enable_grad():
        loss = functional.cross_entropy(model(fold.X), fold.y)
        gradients = iter(torch.autograd.grad(loss, flat))
    return {
        name: {"gradient": _length([next(gradients) for _ in parameters]), "weights": _length(parameters)}
        for name, parameters in learning.items()
    }


def _length(tensors: list[Tensor]) -> float | None:
    return _plain(torch.stack([tensor.detach().norm() for tensor in tensors]).norm())


def _plain(figure: Tensor) -> float | None:
    value = figure.item()
    return value if math.isfinite(value) else None
