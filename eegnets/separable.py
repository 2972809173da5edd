"""Full and depthwise-separable convolutions: their weights, counted in real modules, and the ratio between them."""

from functools import cache
from typing import NamedTuple

import torch
from torch import nn

from eegnets.models import EEGNet


class Counts(NamedTuple):
    """Weights of a full convolution, and of a depthwise one followed by a pointwise one that takes its place."""

    full: int
    depthwise: int
    pointwise: int

    @property
    def separable(self) -> int:
        """Weights of the two convolutions together."""
        return self.depthwise + self.pointwise

    @property
    def ratio(self) -> float:
        """Separable against full."""
        return self.separable / self.full


def separable(n_in: int, n_out: int, kernel_size: tuple[int, int]) -> nn.Sequential:
    """A convolution of each map by itself, and one that mixes the maps sample by sample; no biases.

    Chollet, "Xception: deep learning with depthwise separable convolutions", CVPR (2017).
    """
    return nn.Sequential(
        nn.Conv2d(n_in, n_in, kernel_size, padding="same", groups=n_in, bias=False),
        nn.Conv2d(n_in, n_out, 1, bias=False),
    )


@cache
def counts(n_in: int, n_out: int, kernel_size: tuple[int, int]) -> Counts:
    """Weights of both ways to make `n_out` maps of `n_in`, counted in modules that are built for it."""
    with torch.device("meta"):  # modules in all but memory
        full = nn.Conv2d(n_in, n_out, kernel_size, padding="same", bias=False)
        depthwise, pointwise = separable(n_in, n_out, kernel_size)
    return Counts(*(n_weights(layer) for layer in (full, depthwise, pointwise)))


def expected_ratio(n_out: int, kernel_size: tuple[int, int]) -> float:
    """The lab report's ratio, 1 / Nk + 1 / k² for a k × k kernel; 1 / Nk + 1 / k for one along time.

    Nk: the number of kernels, one a map that is made. Howard et al., "MobileNets", arXiv:1704.04861 (2017).
    """
    return 1 / n_out + 1 / (kernel_size[0] * kernel_size[1])


def truly_separable(model: EEGNet) -> EEGNet:
    """The same EEGNet, in place, with a separable convolution where its `separableConv` has a full one."""
    full = model.separableConv[0]
    model.separableConv[0] = separable(full.in_channels, full.out_channels, full.kernel_size)
    return model


def n_weights(model: nn.Module) -> int:
    """Everything in a network that is learned, counted."""
    return sum(p.numel() for p in model.parameters())
