"""What stands between large products, in as few passes over memory as it takes: activation, pooling, norm, dropout.

All of it on (batch, n_times, n_maps), the way in which channels-last convolutions leave their maps in memory. A map of
a whole batch is larger than the memory beside the processor, so passes cost more than arithmetic: what can be done
to a few trials at a time is done there, and what a gradient will need is kept as the number that multiplies it.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

KEPT = {torch.bfloat16: torch.float32, torch.float16: torch.float32}  # the numbers in which short products go on
PART = 16  # trials whose maps stay beside the processor from one pass to the next


class Reduction(Protocol):
    """Makes fewer numbers of maps, and knows its own gradient."""

    size: int  # how many are left of a trial's samples

    def forward(self, X: Tensor, out: Tensor) -> Tensor:
        """Write the result into `out`; returns what `backward` needs. X may be overwritten."""

    def backward(self, kept: Tensor, gradient: Tensor, found: Tensor) -> None:
        """Write the gradient to X into `found`, of X's shape."""


def _elu(bend: nn.Module, X: Tensor, slope: Tensor) -> float:
    """max(x, 0) + min(eˣ, 1) - 1: PyTorch's own takes expm1, four times as long as exp."""
    torch.exp(X, out=slope).clamp_max_(1)
    X.relu_().add_(slope)
    return -1.0


def _relu(bend: nn.Module, X: Tensor, slope: Tensor) -> float:
    torch.gt(X, 0, out=slope)
    X.relu_()
    return 0.0


def _leaky_relu(bend: nn.Module, X: Tensor, slope: Tensor) -> float:
    torch.gt(X, 0, out=slope).mul_(1 - bend.negative_slope).add_(bend.negative_slope)
    X.mul_(slope)
    return 0.0


def _sigmoid(bend: nn.Module, X: Tensor, slope: Tensor) -> float:
    torch.square(X.sigmoid_(), out=slope).sub_(X).neg_()
    return 0.0


def _tanh(bend: nn.Module, X: Tensor, slope: Tensor) -> float:
    torch.square(X.tanh_(), out=slope).neg_().add_(1)
    return 0.0


# Activations written by hand: X becomes their values above a floor, which is returned, and the slope is filled.
SLOPES: dict[type[nn.Module], Callable[[nn.Module, Tensor, Tensor], float]] = {
    nn.ELU: _elu,
    nn.ReLU: _relu,
    nn.LeakyReLU: _leaky_relu,
    nn.Sigmoid: _sigmoid,
    nn.Tanh: _tanh,
}


def by_hand(bend: nn.Module) -> bool:
    """Whether an activation is in SLOPES, with the settings for which it stands there."""
    return type(bend) in SLOPES and getattr(bend, "alpha", 1) == 1


class BentSums(NamedTuple):
    """Sums of an activation over every `n` samples: (batch, n_times, n_maps) → (batch, size, n_maps).

    Of single samples (n 1) all are taken: the size is n_times.
    """

    bend: nn.Module
    n: int
    size: int

    def forward(self, X: Tensor, out: Tensor) -> Tensor:
        """The sums; what is kept is the activation's slope at every sample of them."""
        groups = self.groups(X)
        slope = X.new_empty(groups.shape)
        floor = SLOPES[type(self.bend)](self.bend, groups, slope)
        if self.n == 1:
            torch.add(X, floor, out=out)
        else:
            torch.sum(groups, 2, out=out).add_(self.n * floor)
        return slope

    def backward(self, kept: Tensor, gradient: Tensor, found: Tensor) -> None:
        """To every sample of a sum its slope's share; nothing to those beyond the last sum."""
        torch.mul(kept, gradient[:, :, None], out=self.groups(found))
        found[:, self.n * self.size :] = 0

    def groups(self, X: Tensor) -> Tensor:
        """(batch, size, n, n_maps), the same memory."""
        return X[:, : self.n * self.size].unflatten(1, (self.size, self.n))


class LargerOfTwo(NamedTuple):
    """The larger of every two samples that follow each other: (batch, n_times, n_maps) → (batch, size, n_maps)."""

    size: int

    def forward(self, X: Tensor, out: Tensor) -> Tensor:
        """The larger; kept is 1 where that is the first (of two that are alike, too, as PyTorch has it), else 0."""
        first, second = self.pairs(X)
        torch.maximum(first, second, out=out)
        # As a number: to multiply by a truth takes longer.
        return torch.ge(first, second, out=X.new_empty(first.shape))

    def backward(self, kept: Tensor, gradient: Tensor, found: Tensor) -> None:
        """To whichever was larger; nothing to those beyond the last pair."""
        first, second = self.pairs(found)
        torch.mul(gradient, kept, out=first)
        torch.sub(gradient, first, out=second)
        found[:, 2 * self.size :] = 0

    def pairs(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Every first and every second of two samples, the same memory."""
        return X[:, 0 : 2 * self.size : 2], X[:, 1 : 2 * self.size : 2]


class Reduce(torch.autograd.Function):
    """A reduction of maps (batch, n_times, n_maps), which may be overwritten, and the factors of dropout behind it."""

    @staticmethod
    def forward(ctx: Any, X: Tensor, reduction: Reduction, factors: Tensor | None) -> Tensor:
        """(batch, reduction's size, n_maps)."""
        out = X.new_empty(len(X), reduction.size, X.shape[2])
        keeps = []
        for part, into, factor in _parts(X, out, factors):
            keeps += [reduction.forward(part, into)] * ctx.needs_input_grad[0]
            _scale(into, factor)
        ctx.save_for_backward(factors, *keeps)
        ctx.shape, ctx.reduction = X.shape, reduction
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """To X."""
        factors, *keeps = ctx.saved_tensors
        found = gradient.new_empty(ctx.shape)
        for kept, (into, share, factor) in zip(keeps, _parts(found, gradient, factors), strict=True):
            ctx.reduction.backward(kept, _scaled(share, factor), into)
        return found, None, None


class ReducedProduct(torch.autograd.Function):
    """The same of rows (batch, n_rows, n_columns) times a matrix, whose columns are n_places × n_maps.

    What is kept for the gradient is all that ever exists of a whole batch. The product has as many digits as the rows;
    all else is float32 where these are bfloat16, but for the matrix and its gradient.
    """

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, matrix: Tensor, n_maps: int, reduction: Reduction, factors: Tensor | None
    ) -> Tensor:
        """(batch, reduction's size, n_maps)."""
        product, maps = _workspace(rows, matrix)
        out = maps.new_empty(len(rows), reduction.size, n_maps)
        keeps = []
        for part, into, factor in _parts(rows, out, factors):
            n = part.shape[0] * part.shape[1]
            torch.mm(part.flatten(0, 1), matrix, out=product[:n])
            X = maps[:n] if product is maps else maps[:n].copy_(product[:n])
            kept = reduction.forward(X.view(len(part), -1, n_maps), into)
            keeps += [kept] * ctx.needs_input_grad[1]
            _scale(into, factor)
        ctx.save_for_backward(rows, matrix, factors, *keeps)
        ctx.n_maps, ctx.reduction = n_maps, reduction
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor, None, None, None]:
        """To the matrix."""
        rows, matrix, factors, *keeps = ctx.saved_tensors
        product, maps = _workspace(rows, matrix)
        found = maps.new_zeros(matrix.shape)
        for kept, (part, share, factor) in zip(keeps, _parts(rows, gradient, factors), strict=True):
            n, flat = part.shape[0] * part.shape[1], part.flatten(0, 1)
            ctx.reduction.backward(kept, _scaled(share, factor), maps[:n].view(len(part), -1, ctx.n_maps))
            if product is maps:
                found.addmm_(flat.T, maps[:n])
            else:
                found += flat.T @ product[:n].copy_(maps[:n])
        return None, found, None, None, None


def _workspace(rows: Tensor, matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Memory for the product of a part, and for the numbers in which it goes on: the same, or float32."""
    product = rows.new_empty(min(_part(rows), len(rows)) * rows.shape[1], matrix.shape[1])
    return product, torch.empty_like(product, dtype=KEPT[rows.dtype]) if rows.dtype in KEPT else product


def _parts(X: Tensor, Y: Tensor, factors: Tensor | None) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
    """A few trials of each at a time."""
    n = _part(X)
    each = itertools.repeat(None) if factors is None else factors.split(n)
    return zip(X.split(n), Y.split(n), each, strict=False)


def _part(X: Tensor) -> int:
    """How many trials at a time: a graphics card is fastest with all."""
    return PART if X.device.type == "cpu" else max(1, len(X))


def _scale(X: Tensor, factor: Tensor | None) -> None:
    if factor is not None:
        X.mul_(factor)


def _scaled(X: Tensor, factor: Tensor | None) -> Tensor:
    return X if factor is None else X * factor


def bent_sums(how: BentSums, X: Tensor, factors: Tensor | None) -> Tensor:
    """Sums of an activation of maps, which may be overwritten, and the factors of dropout behind them."""
    if by_hand(how.bend):
        return Reduce.apply(X, how, factors)
    values = how.bend(X.transpose(1, 2)).transpose(1, 2)  # it may have parameters for each map
    return _scaled(how.groups(values).sum(2), factors)


def dropout_factors(drop: nn.Dropout, shape: Sequence[int], X: Tensor, share: float = 1.0) -> Tensor | None:
    """What to multiply maps of X by: 0 or `share` / (1 - p), by chance; in evaluation `share`, or None where that is 1.

    Out of random bytes where p is a multiple of 1/256: a draw gives eight, and one comparison writes the numbers.
    """
    dtype = KEPT.get(X.dtype, X.dtype)
    if not drop.training:
        return None if share == 1 else X.new_full((), share, dtype=dtype).expand(*shape)
    factors, threshold = X.new_empty(*shape, dtype=dtype), drop.p * 256
    if not threshold.is_integer() or drop.p == 1:
        return drop(factors.fill_(share))
    draws = X.new_empty(-(-factors.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
    torch.ge(draws.view(torch.uint8)[: factors.numel()].view(factors.shape), int(threshold), out=factors)
    return factors.mul_(share / (1 - drop.p))


class LargerOfTwoNormed(torch.autograd.Function):
    """Batch normalisation and then `LargerOfTwo`, in the cheaper order, for scales that are not negative.

    Takes X (batch, n_times, n_maps), which is overwritten, scale and shift (n_maps,) and eps; returns (batch,
    n_times // 2, n_maps), and the mean and variance of X.
    """

    @staticmethod
    def forward(ctx: Any, X: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        """Two passes for mean and variance, each a product with ones; then half of the values are normalised."""
        n = X.shape[0] * X.shape[1]
        mean = _sums(X) / n
        X.sub_(mean)
        variance = _sums(X, X) / n
        larger = LargerOfTwo(X.shape[1] // 2)
        out, spread = X.new_empty(len(X), larger.size, X.shape[2]), (variance + eps).rsqrt()
        is_first = larger.forward(X, out)
        ctx.save_for_backward(X, out, is_first, weight, spread)
        ctx.mark_non_differentiable(mean, variance)
        return torch.addcmul(bias, out, weight * spread), mean, variance

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_unused: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """To X, whose every value moved the mean and the variance, and to scale and shift; takes the place of X."""
        X, out, is_first, weight, spread = ctx.saved_tensors
        to_bias, to_weight = _sums(gradient), _sums(gradient, out) * spread
        n, scale, larger = X.shape[0] * X.shape[1], weight * spread, LargerOfTwo(out.shape[1])
        less, each = -scale * to_bias / n, -scale * spread * to_weight / n
        for part, share, first in _parts(X, gradient, is_first):
            part.mul_(each).add_(less)
            direct = share * scale
            to_first = direct * first
            for half, more in zip(larger.pairs(part), (to_first, direct.sub_(to_first)), strict=True):
                half.add_(more)
        return X, to_weight, to_bias, None


def _sums(X: Tensor, Y: Tensor | None = None) -> Tensor:
    """Sums over trials and times of X or of X times Y, by map, as products with ones: half of the time of `sum`."""
    if Y is not None:
        return sum(_sums(x * y) for x, y in zip(X.split(_part(X)), Y.split(_part(X)), strict=True))
    flat = X.reshape(-1, X.shape[2])
    with torch.autocast(X.device.type, enabled=False):  # statistics keep all digits
        return (flat.new_ones(1, len(flat)) @ flat)[0]
