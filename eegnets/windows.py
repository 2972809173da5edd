"""Filters over whole trials as one product of matrices, and the statistics of what they give, without computing it.

A trial is cut into overlapping windows; all windows times a Toeplitz matrix of the filters is the convolution, in the
form that processors do best. Mean and covariance of the samples under a filter follow from the products of samples
some lags apart, which are summed once for each trial: a batch then adds up its trials' sums.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

STEP = 16  # samples from window to window: the longer, the more zeros in the matrix; the shorter, the more windows
BIASES = 2  # rows for what is added: its value, and what of it is lost where the matrix has few digits
AT_ONCE = 256  # trials that are held with twice the digits


@dataclass(frozen=True)
class Prepared:
    """Trials X (n_trials, n_chans, n_times) with their `lag_products`; an index takes some of the trials."""

    X: Tensor
    lags: Tensor

    def __getitem__(self, trials: Tensor) -> "Prepared":
        return Prepared(self.X[trials], self.lags[trials])

    def __len__(self) -> int:
        return len(self.X)


class Moments(NamedTuple):
    """Of the samples under a filter, over all its places in all trials: float64.

    mean (n_chans, n_taps); second (n_chans, n_taps, n_chans, n_taps): means of products.
    """

    mean: Tensor
    second: Tensor


def convolved(X: Tensor, filters: Tensor, bias: Tensor | None, padding: int) -> Tensor:
    """Maps (batch, n_times, n_in) under filters (n_out, n_in, n_taps), with `padding` zeros at both ends, as a product.

    Returns (batch, n_times + 2 * padding - n_taps + 1, n_out).
    """
    windows = functional.pad(X, (0, 0, padding, padding)).unfold(1, filters.shape[2], 1)
    return functional.linear(windows.flatten(2), filters.flatten(1), bias)


def lag_products(X: Tensor, n_taps: int) -> Tensor:
    """Sum over t of x_a[t] x_b[t + lag] for all channels a, b and lags from 0 to n_taps - 1, by trial.

    Takes (n_trials, n_chans, n_times), returns float64 (n_trials, n_chans, n_chans, n_taps).
    """
    return torch.cat([_lag_products(trials.double(), n_taps) for trials in X.split(AT_ONCE)])


def _lag_products(X: Tensor, n_taps: int) -> Tensor:
    n_times = X.shape[2]
    return torch.stack([X[..., : n_times - lag] @ X[..., lag:].mT for lag in range(n_taps)], 3)


def moments(batch: Prepared, n_taps: int, padding: int) -> Moments:
    """Mean and second moments under a filter of `n_taps` samples over trials with `padding` zeros at both ends.

    All places that touch a trial, less those beyond the padding: these touch only the `edge` samples at either end,
    and their products are sums along the diagonals of the products of those samples.
    """
    X, edge = batch.X, n_taps - 1 - padding
    ends = torch.stack([X[..., :edge], X[..., X.shape[2] - edge :].flip(2)]).double()  # (2, batch, n_chans, edge)
    flat = ends.flatten(2)
    outer = (flat.mT @ flat).unflatten(1, (-1, edge)).unflatten(3, (-1, edge)).transpose(2, 3)
    left, right = functional.pad(_along_diagonals(outer), (padding + 1, 0, padding + 1, 0))
    later = batch.lags.sum(0)
    lags = torch.cat([later.flip(2)[..., :-1].transpose(0, 1), later], 2)  # earlier is later with the channels swapped
    everywhere = lags.unfold(2, n_taps, 1).flip(2)  # (n_chans, n_chans, n_taps, n_taps)
    products = everywhere - left - right.flip(2, 3)
    left, right = functional.pad(ends.sum(1).cumsum(2), (padding + 1, 0))
    sums = X.sum((0, 2), dtype=torch.float64)[:, None] - left - right.flip(1)
    places = len(X) * (X.shape[2] + 2 * padding - n_taps + 1)
    return Moments(sums / places, products.transpose(1, 2) / places)


def _along_diagonals(products: Tensor) -> Tensor:
    """Cumulative sums down every diagonal of the last two axes, (…, n, n).

    Rows padded to 2n and read as rows of 2n - 1 begin one later each time, so that diagonals stand upright.
    """
    n = products.shape[-1]
    upright = functional.pad(products.flip(-2), (0, n)).flatten(-2)[..., :-n].unflatten(-1, (n, 2 * n - 1))
    sums = upright.flip(-2).cumsum(-2).flip(-2).flatten(-2)
    return functional.pad(sums, (0, n)).unflatten(-1, (n, 2 * n))[..., :n].flip(-2)


def rows(X: Tensor, n_taps: int, padding: int, dtype: torch.dtype) -> Tensor:
    """Windows of STEP + n_taps - 1 samples, STEP apart, a row each, behind which stand the ones for what is added.

    Takes (batch, n_chans, n_times), returns (batch, n_windows, n_chans * width + BIASES); the last window may reach
    beyond the trial, where zeros are.
    """
    n_windows, width = -(-(X.shape[2] + 2 * padding - n_taps + 1) // STEP), STEP + n_taps - 1
    padded = functional.pad(X.to(dtype), (padding, n_windows * STEP + n_taps - 1 - X.shape[2] - padding))
    found = torch.ones((len(X), n_windows, X.shape[1] * width + BIASES), dtype=dtype, device=X.device)
    windows = padded.unfold(2, width, STEP).transpose(1, 2)  # (batch, n_windows, n_chans, width)
    found[..., :-BIASES].unflatten(2, (-1, width)).copy_(windows)
    return found


class Toeplitz(torch.autograd.Function):
    """Filters (n_filters, n_chans, n_taps) and what they add as a matrix by which `rows` are multiplied.

    The product of a row holds all filters at STEP places that follow each other, (STEP, n_filters).
    """

    @staticmethod
    def forward(ctx: Any, filters: Tensor, added: Tensor, dtype: torch.dtype) -> Tensor:
        """(n_chans * (STEP + n_taps - 1) + BIASES, STEP * n_filters)."""
        n_filters, n_chans, n_taps = ctx.shape = filters.shape
        n_rows = n_chans * (STEP + n_taps - 1) + BIASES
        matrix = filters.new_zeros((n_rows, STEP * n_filters), dtype=dtype)
        _band(matrix, ctx.shape).copy_(filters.permute(1, 2, 0)[:, :, None])
        high = added.to(dtype)
        matrix[-BIASES:] = torch.stack([high, added - high]).repeat(1, STEP)
        return matrix

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        """To the filters and to what is added."""
        filters = _band(gradient.contiguous(), ctx.shape).sum(2, dtype=torch.float64).permute(2, 0, 1)
        return filters, gradient[-1].view(STEP, -1).sum(0, dtype=torch.float64), None


def _band(matrix: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Where tap k of channel c acts on place s of a window, in all filters: (n_chans, n_taps, STEP, n_filters)."""
    n_filters, n_chans, n_taps = shape
    row = STEP * n_filters
    return matrix.as_strided((n_chans, n_taps, STEP, n_filters), ((STEP + n_taps - 1) * row, row, row + n_filters, 1))
