"""The networks of `models`, computed faster: the same logits, gradients and running statistics, to the last digits.

Until the first activation both networks are linear in the trial, so that part is ONE convolution over all channels:
its filters follow from the layers' own parameters, its batch statistics from the products of samples some lags apart,
and autograd carries the exact gradients back. It is computed as overlapping windows times a Toeplitz matrix, one large
product of the kind that processors do best. `models` stays the truth that the tests hold this to.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from eegnets.models import DeepConvNet, EEGNet

STEP = 16  # samples from window to window: the longer, the more zeros in the matrix; the shorter, the more windows
LARGEST_FILTER = 256  # channels × taps; beyond it, filters in time and then in space are less work than joint ones
# What never falls as its input grows may follow the pooling, on half of the values: the largest stays the largest.
MONOTONE = (nn.ELU, nn.ReLU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.SELU, nn.Softplus)


class Windows(NamedTuple):
    """A batch cut into windows that begin STEP samples apart, each long enough for STEP places of a filter.

    rows: (batch, n_windows, n_chans * (STEP + n_taps - 1)). n_out: places of a filter in a trial; the last window may
    reach past them. mean (n_chans, n_taps), covariance (n_chans, n_taps, n_chans, n_taps): float64, of the samples
    under a filter over all its places; empty in evaluation.
    """

    rows: Tensor
    n_out: int
    mean: Tensor
    covariance: Tensor


def logits(model: nn.Module, X: Tensor) -> Tensor:
    """What `model(X)` gives and does to the running statistics; where anything is unusual, `model(X)` itself.

    X: µV, (batch, n_chans, n_times). Dropout draws from PyTorch's stream as the model does, but other numbers.
    """
    return FUSED[type(model)](model, X) if applies(model, X) else model(X)


def applies(model: nn.Module, X: Tensor) -> bool:
    """Whether there is a faster way: a network of FUSED, few channels, on the processor, watched by nobody."""
    if type(model) not in FUSED or X.shape[1:] != (model.n_chans, model.n_times) or X.requires_grad:
        return False
    computable = X.device.type == "cpu" and X.dtype in (torch.float32, torch.float64)
    return computable and model.n_chans * _in_time(model).kernel_size[1] <= LARGEST_FILTER and not _touched(model)


def _in_time(model: nn.Module) -> nn.Conv2d:
    return model.firstconv[0] if isinstance(model, EEGNet) else model.conv0  # type: ignore[return-value, index]


def _touched(model: nn.Module) -> bool:
    """Whether somebody listens at a layer or has frozen one."""
    return any(
        layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks or layer.training != model.training
        for layer in model.modules()
    )


def _eegnet(model: EEGNet, X: Tensor) -> Tensor:
    (in_time, norm), (in_space, joint_norm, bend, pool, drop) = model.firstconv, model.depthwiseConv
    cut = _windows(X, in_time.kernel_size[1], in_time.padding[1], model.training)
    taps = in_time.weight.double().flatten(1)  # (F1, n_taps)
    scale, shift = _filter_norm(norm, cut, taps, len(X))
    mix = in_space.weight.double().view(len(taps), -1, model.n_chans)  # (F1, D, n_chans)
    joint = torch.einsum("fdc,fk,f->fdck", mix, taps, scale).flatten(0, 1)  # (F1 * D, n_chans, n_taps)
    added = (mix.sum(2) * shift[:, None]).flatten()  # (F1 * D,)
    out = _convolve(cut, *_joint_norm(joint_norm, cut, joint, added, len(X)))
    out = _drop(
        drop, _first(_average(bend, pool.kernel_size[1], out), cut.n_out // 4)
    )  # (batch, F1 * D, 1, n_times // 4)
    out = _drop(model.separableConv[4], model.separableConv[:4](out))
    return model.classify(out.flatten(1))


def _deepconvnet(model: DeepConvNet, X: Tensor) -> Tensor:
    in_space, norm, *_ = model.conv1
    cut = _windows(X, model.conv0.kernel_size[1], 0, model.training)
    taps, mix = (
        model.conv0.weight.double().flatten(1),
        in_space.weight.double().squeeze(3),
    )  # (25, 5), (25, 25, n_chans)
    joint = torch.einsum("oic,ik->ock", mix, taps)
    added = in_space.bias.double() + mix.sum(2) @ model.conv0.bias.double()
    out = _convolve(cut, *_joint_norm(norm, cut, joint, added, len(X)))
    out = _drop(model.conv1[4], _first(_pooled(model.conv1, out), cut.n_out // 2))
    for block in (model.conv2, model.conv3, model.conv4):
        out = _drop(block[4], _pooled(block, block[:2](out)))
    return model.classify(out.flatten(1))


FUSED: dict[type[nn.Module], Callable[..., Tensor]] = {EEGNet: _eegnet, DeepConvNet: _deepconvnet}


def _pooled(block: nn.Sequential, out: Tensor) -> Tensor:
    """The block's activation and max pooling, in the cheaper order."""
    bend, pool = block[2], block[3]
    return bend(pool(out)) if isinstance(bend, MONOTONE) else pool(bend(out))


def _average(bend: nn.Module, n: int, out: Tensor) -> Tensor:
    """Activation and mean of every `n` samples: each `n` a small trial of its own, as is fastest to add."""
    each = out.squeeze(2).transpose(1, 2).reshape(-1, n, out.shape[1]).transpose(1, 2)  # (batch * n_means, channels, n)
    means = bend(each).sum(2) / n
    return means.view(len(out), -1, out.shape[1]).transpose(1, 2).unsqueeze(2)


def _first(out: Tensor, n: int) -> Tensor:
    """The first `n` samples, sliced so that the gradient comes back channels last as well."""
    return out.squeeze(2).transpose(1, 2)[:, :n].transpose(1, 2).unsqueeze(2)


def _drop(drop: nn.Dropout, X: Tensor) -> Tensor:
    """Dropout out of random bytes: a share that is a multiple of 1/256 needs no more, and a draw gives eight."""
    threshold = drop.p * 256
    if not drop.training or not threshold.is_integer():
        return drop(X)
    draws = torch.empty(-(-X.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
    kept = (draws.view(torch.uint8)[: X.numel()] >= int(threshold)).to(X.dtype).div_(1 - drop.p)
    return X * kept.view(X.shape[0], X.shape[2], X.shape[3], X.shape[1]).permute(0, 3, 1, 2)


def _windows(X: Tensor, n_taps: int, padding: int, training: bool) -> Windows:
    n_out = X.shape[2] + 2 * padding - n_taps + 1
    n_windows = -(-n_out // STEP)
    width = STEP + n_taps - 1
    padded = functional.pad(X, (padding, n_windows * STEP + n_taps - 1 - X.shape[2] - padding))
    rows = padded.unfold(2, width, STEP).transpose(1, 2).flatten(2)  # (batch, n_windows, n_chans * width)
    if not training:
        return Windows(rows, n_out, rows.new_empty(0), rows.new_empty(0))
    past = padded[..., n_out - 1 :].unfold(2, n_taps, 1)[:, :, 1:]  # (batch, n_chans, at most STEP - 1, n_taps)
    return Windows(rows, n_out, *_moments(rows, past, len(X) * n_out, n_taps))


def _moments(rows: Tensor, past: Tensor, n: int, n_taps: int) -> tuple[Tensor, Tensor]:
    """Mean and covariance of the samples under a filter, over the `n` places in the windows but not in `past`.

    A window's products of all its samples hold those of its STEP places along the diagonal.
    """
    n_chans = past.shape[1]
    rows, past = rows.double().flatten(0, 1), past.double().transpose(1, 2).flatten(2).flatten(0, 1)
    sums = rows.sum(0).view(n_chans, -1).unfold(1, n_taps, 1).sum(1)
    sums = sums - past.sum(0).view(n_chans, n_taps)
    products = (rows.T @ rows).view(n_chans, rows.shape[1] // n_chans, n_chans, -1)
    places = [products[:, i : i + n_taps, :, i : i + n_taps] for i in range(STEP)]
    products = sum(places) - (past.T @ past).view(n_chans, n_taps, n_chans, n_taps)
    mean = sums / n
    return mean, products / n - mean[:, :, None, None] * mean


def _filter_norm(norm: nn.BatchNorm2d, cut: Windows, taps: Tensor, n_trials: int) -> tuple[Tensor, Tensor]:
    """Scale and shift of the normalisation behind filters in time (n_filters, n_taps), which all channels share."""
    if not norm.training:
        return _scale_and_shift(norm, norm.running_mean.double(), norm.running_var.double())
    means = taps @ cut.mean.T  # (n_filters, n_chans)
    within = torch.einsum("fk,ckcl,fl->fc", taps, cut.covariance, taps)
    mean, variance = means.mean(1), (within + means**2).mean(1) - means.mean(1) ** 2
    _keep(norm, mean, variance, n_trials * cut.n_out * means.shape[1])
    return _scale_and_shift(norm, mean, variance)


def _joint_norm(
    norm: nn.BatchNorm2d, cut: Windows, joint: Tensor, added: Tensor, n_trials: int
) -> tuple[Tensor, Tensor]:
    """Joint filters (n_filters, n_chans, n_taps) and what they add, with the normalisation behind them taken in."""
    if not norm.training:
        mean, variance = norm.running_mean.double(), norm.running_var.double()
    else:
        mean = torch.einsum("fck,ck->f", joint, cut.mean) + added
        flat = joint.flatten(1)
        variance = ((flat @ cut.covariance.flatten(2).flatten(0, 1)) * flat).sum(1)
        _keep(norm, mean, variance, n_trials * cut.n_out)
    scale, shift = _scale_and_shift(norm, mean, variance)
    return joint * scale[:, None, None], added * scale + shift


def _scale_and_shift(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
    scale = norm.weight.double() / (variance + norm.eps).sqrt()
    return scale, norm.bias.double() - scale * mean


@torch.no_grad()
def _keep(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, n: int) -> None:
    """Move the running statistics as PyTorch does, which takes the variance for a sample's."""
    norm.num_batches_tracked += 1
    norm.running_mean.lerp_(mean.to(norm.running_mean), norm.momentum)
    norm.running_var.lerp_((variance * n / (n - 1)).to(norm.running_var), norm.momentum)


def _convolve(cut: Windows, weight: Tensor, bias: Tensor) -> Tensor:
    """Every filter at every place: (batch, n_filters, 1, n_windows * STEP), channels last; the end may be cut off."""
    n_filters, n_chans, n_taps = weight.shape
    width = STEP + n_taps - 1
    # A row of width + 1 repeated and read as rows of width begins one later each time: the filter moves on.
    row = functional.pad(weight.to(cut.rows.dtype).permute(1, 2, 0), (0, 0, 0, STEP))
    matrix = row.repeat(1, STEP, 1)[:, : STEP * width].view(n_chans, STEP, width, n_filters)
    matrix = matrix.transpose(1, 2).reshape(n_chans * width, STEP * n_filters)
    # The bias is one more row, against a column of ones: adding it would be another pass, and one for its gradient.
    matrix = torch.cat([matrix, bias.to(matrix).repeat(1, STEP)])
    product = functional.pad(cut.rows.flatten(0, 1), (0, 1), value=1.0) @ matrix
    return product.view(len(cut.rows), -1, n_filters).transpose(1, 2).unsqueeze(2)
