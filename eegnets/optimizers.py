"""The optimisers that a config can name: PyTorch's own, without its compiler."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from eegnets.config import TrainingConfig, lookup
from eegnets.translation import N_


def uncompiled(kind: type[torch.optim.Optimizer]) -> type[torch.optim.Optimizer]:
    """The same optimiser, whose first call does not import PyTorch's compiler to tell it not to compile that call.

    The import takes 0.8 s and 70 MB of every process that trains, and nothing is compiled here.
    """
    wrapped = dict(inspect.getmembers(kind, lambda member: hasattr(member, "__wrapped__")))
    methods = {name: inspect.unwrap(method) for name, method in wrapped.items()}
    return type(kind.__name__, (kind,), methods | {"step": torch.no_grad()(methods["step"])})


OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    kind.__name__: uncompiled(kind)
    for kind in (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD, torch.optim.RMSprop)
}


def build(
    parameters: Iterable[nn.Parameter], config: TrainingConfig, *, at_once: bool, recorded: bool
) -> torch.optim.Optimizer:
    """The optimiser that a config names.

    at_once: for all weights in one go, where it can. recorded: to be recorded on a graphics card.
    """
    make = lookup(OPTIMIZERS, N_("optimiser"), config.optimizer)
    extra: dict[str, Any] = {"momentum": config.momentum} if config.optimizer == "SGD" else {}
    known = inspect.signature(make).parameters
    if "fused" in known and at_once:
        extra["fused"] = True
    if "capturable" in known and recorded:
        extra["capturable"] = True
    return make(parameters, lr=config.learning_rate, weight_decay=config.weight_decay, **extra)
