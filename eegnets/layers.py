"""PyTorch layers of our own; a room apart, so that listing the activations does not import torch."""

import torch
from torch import nn


class Maxout(nn.Module):
    """The larger of two straight lines, learned for each channel: max(w1 x + b1, w2 x + b2).

    Takes (batch, n_channels, ...) of any further shape and keeps it; four parameters a channel, all channels
    starting from the same two lines. Goodfellow et al. (2013) take the larger of whole linear maps; this is the
    pointwise form, which stands where any other activation stands.
    """

    def __init__(self, n_channels: int, w1: float, b1: float, w2: float, b2: float) -> None:
        super().__init__()
        self.starts = float(w1), float(b1), float(w2), float(b2)
        self.w1, self.b1, self.w2, self.b2 = (nn.Parameter(torch.empty(n_channels)) for _ in self.starts)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Put all channels back to the two lines that they started from."""
        with torch.no_grad():
            for p, start in zip((self.w1, self.b1, self.w2, self.b2), self.starts, strict=True):
                p.fill_(start)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """The bent values, of the shape of X; where both lines meet, each takes half of the gradient."""
        spread = (-1,) + (1,) * (X.ndim - 2)
        w1, b1, w2, b2 = (p.view(spread) for p in (self.w1, self.b1, self.w2, self.b2))
        return torch.maximum(w1 * X + b1, w2 * X + b2)

    def extra_repr(self) -> str:
        """The number of channels."""
        return f"{len(self.w1)}"


class Dropout(nn.Dropout):
    """PyTorch's dropout, printed as in the lab report: newer versions add `inplace`."""

    def extra_repr(self) -> str:
        """The probability alone."""
        return f"p={self.p}"


class BatchNorm2d(nn.BatchNorm2d):
    """PyTorch's batch normalisation, printed as in the lab report: newer versions add `bias`."""

    def extra_repr(self) -> str:
        """Channels and options, without `bias`."""
        options = ("eps", "momentum", "affine", "track_running_stats")
        return ", ".join([str(self.num_features), *(f"{name}={getattr(self, name)}" for name in options)])
