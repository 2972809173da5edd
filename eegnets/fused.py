"""The networks of `models`, computed faster: the same logits, gradients and running statistics, to the last digits.

Until the first activation both networks are linear in the trial, so that part is ONE convolution over all channels:
its filters follow from the layers' own parameters, its batch statistics from the products of samples some lags apart,
and autograd carries the exact gradients back. `windows` computes it, `passes` what stands between the products.
`models` stays the truth that the tests hold this to.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from eegnets.models import DeepConvNet, EEGNet
from eegnets.passes import (
    KEPT,
    BentSums,
    LargerOfTwo,
    LargerOfTwoNormed,
    Reduce,
    ReducedProduct,
    bent_sums,
    by_hand,
    dropout_factors,
)
from eegnets.windows import Moments, Prepared, Toeplitz, convolved, lag_products, moments, rows

DEVICES = ("cpu", "cuda")  # Apple's graphics cards do not have the float64 that the statistics need
LARGEST_FILTER = 1650  # channels × taps; beyond it the statistics of joint filters take the time that these save
MOST_KEPT = 2**28  # bytes of lag products that are kept for all trials; beyond it each batch's are computed anew
# What never falls as its input grows may follow the pooling, on half of the values: the largest stays the largest.
MONOTONE = (nn.ELU, nn.ReLU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.SELU, nn.Softplus)


def prepare(model: nn.Module, X: Tensor) -> Tensor | Prepared:
    """Trials (n_trials, n_chans, n_times) with all that `logits` would else compute anew for every training batch."""
    if not applies(model, X):
        return X
    n_taps = _in_time(model).kernel_size[1]
    size = len(X) * model.n_chans**2 * n_taps * torch.float64.itemsize
    return X if size > MOST_KEPT else Prepared(X, lag_products(X, n_taps))


def logits(model: nn.Module, X: Tensor | Prepared) -> Tensor:
    """What `model(X)` gives and does to the running statistics; where anything is unusual, `model(X)` itself.

    X: µV, (batch, n_chans, n_times), or of `prepare`. Dropout draws from PyTorch's stream as the model does, but other
    numbers. Large products are in bfloat16 where autocast says so, all else in X's own precision.
    """
    trials = X.X if isinstance(X, Prepared) else X
    if not applies(model, trials):
        return model(trials)
    in_time = _in_time(model)
    n_taps, padding = in_time.kernel_size[1], in_time.padding[1]
    device = trials.device.type
    short = torch.is_autocast_enabled(device)
    cut = rows(trials, n_taps, padding, torch.get_autocast_dtype(device) if short else trials.dtype)
    found = None
    if model.training:
        batch = X if isinstance(X, Prepared) else Prepared(X, lag_products(X, n_taps))
        found = moments(batch, n_taps, padding)
    return FUSED[type(model)](model, trials, cut, found)


def applies(model: nn.Module, X: Tensor) -> bool:
    """Whether there is a faster way for these trials: the network `fits`, and nobody watches a layer."""
    if not fits(model) or X.shape[1:] != (model.n_chans, model.n_times) or X.requires_grad:
        return False
    return X.device.type in DEVICES and X.dtype in (torch.float32, torch.float64) and not _touched(model)


def fits(model: nn.Module) -> bool:
    """Whether there is a faster way for a network: one of FUSED as it was built, of few channels, on one of DEVICES."""
    if type(model) not in FUSED or next(model.parameters()).device.type not in DEVICES:
        return False
    if isinstance(model, EEGNet) and type(model.separableConv[0]) is not nn.Conv2d:
        return False
    n_taps = _in_time(model).kernel_size[1]
    return 2 < n_taps <= model.n_times and model.n_chans * n_taps <= LARGEST_FILTER


def _in_time(model: nn.Module) -> nn.Conv2d:
    return model.firstconv[0] if isinstance(model, EEGNet) else model.conv0  # type: ignore[return-value, index]


def _touched(model: nn.Module) -> bool:
    """Whether somebody listens at a layer or has frozen one."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return any(
        layer.training != model.training or any(getattr(layer, name) for name in hooks) for layer in model.modules()
    )


def _eegnet(model: EEGNet, X: Tensor, cut: Tensor, found: Moments | None) -> Tensor:
    (in_time, norm), (in_space, joint_norm, bend, pool, drop) = model.firstconv, model.depthwiseConv
    n_out = X.shape[2] + 2 * in_time.padding[1] - in_time.kernel_size[1] + 1
    taps = in_time.weight.double().flatten(1)  # (F1, n_taps)
    scale, shift = _filter_norm(norm, taps, found, len(X) * n_out)
    mix = in_space.weight.double().view(len(taps), -1, model.n_chans)  # (F1, D, n_chans)
    joint = (mix[..., None] * (taps * scale[:, None])[:, None, None]).flatten(0, 1)  # (F1 * D, n_chans, n_taps)
    added = (mix.sum(2) * shift[:, None]).flatten()  # (F1 * D,)
    matrix = Toeplitz.apply(*_joint_norm(joint_norm, joint, added, found, len(X) * n_out), cut.dtype)
    sums = BentSums(bend, pool.kernel_size[1], n_out // pool.kernel_size[1])
    out = _bent_sums_of_product(cut, matrix, len(joint), sums, drop)  # (batch, n_times // 4, F1 * D)
    convolution, norm, bend, pool, drop = model.separableConv
    out = _normed(convolution, norm, out)
    sums = BentSums(bend, pool.kernel_size[1], out.shape[1] // pool.kernel_size[1])
    out = bent_sums(sums, out, _factors(drop, sums, out, out.shape[2]))  # (batch, n_times // 32, F2)
    return model.classify(out.transpose(1, 2).flatten(1)).to(X.dtype)


def _deepconvnet(model: DeepConvNet, X: Tensor, cut: Tensor, found: Moments | None) -> Tensor:
    in_space, norm, *_ = model.conv1
    n_out = X.shape[2] - model.conv0.kernel_size[1] + 1
    taps = model.conv0.weight.double().flatten(1)  # (25, 5)
    mix = in_space.weight.double().squeeze(3)  # (25, 25, n_chans)
    joint = torch.einsum("oic,ik->ock", mix, taps)
    added = in_space.bias.double() + mix.sum(2) @ model.conv0.bias.double()
    matrix = Toeplitz.apply(*_joint_norm(norm, joint, added, found, len(X) * n_out), cut.dtype)
    bend, larger, drop = model.conv1[2], LargerOfTwo(n_out // 2), model.conv1[4]
    if isinstance(bend, MONOTONE):
        out = _bent(bend, ReducedProduct.apply(cut, matrix, len(joint), larger, None), drop)
    else:
        out = _larger(_bent(bend, _product(cut, matrix, len(joint))), larger, drop)
    for convolution, norm, bend, _pool, drop in (model.conv2, model.conv3, model.conv4):
        if model.training and isinstance(bend, MONOTONE):
            out = _bent(bend, _pooled_norm(convolution, norm, out), drop)
        else:
            out = _pooled(bend, _normed(convolution, norm, out), drop)
    return model.classify(out.transpose(1, 2).flatten(1)).to(X.dtype)


FUSED: dict[type[nn.Module], Callable[..., Tensor]] = {EEGNet: _eegnet, DeepConvNet: _deepconvnet}


def _product(cut: Tensor, matrix: Tensor, n_maps: int) -> Tensor:
    """(batch, n_windows * STEP, n_maps), of which the end may lie beyond the trial."""
    return (cut @ matrix).view(len(cut), -1, n_maps).to(KEPT.get(cut.dtype, cut.dtype))


def _bent_sums_of_product(cut: Tensor, matrix: Tensor, n_maps: int, sums: BentSums, drop: nn.Dropout) -> Tensor:
    factors = _factors(drop, sums, cut, n_maps)
    if by_hand(sums.bend):
        return ReducedProduct.apply(cut, matrix, n_maps, sums, factors)
    return bent_sums(sums, _product(cut, matrix, n_maps), factors)


def _factors(drop: nn.Dropout, sums: BentSums, X: Tensor, n_maps: int) -> Tensor | None:
    """Of dropout, and of the mean that the sums are for."""
    return dropout_factors(drop, (len(X), sums.size, n_maps), X, 1 / sums.n)


def _pooled(bend: nn.Module, X: Tensor, drop: nn.Dropout) -> Tensor:
    """Activation and max pooling by two, in the cheaper order, and dropout."""
    larger = LargerOfTwo(X.shape[1] // 2)
    if isinstance(bend, MONOTONE):
        return _bent(bend, Reduce.apply(X, larger, None), drop)
    return _larger(_bent(bend, X), larger, drop)


def _larger(X: Tensor, larger: LargerOfTwo, drop: nn.Dropout) -> Tensor:
    return Reduce.apply(X, larger, dropout_factors(drop, (len(X), larger.size, X.shape[2]), X))


def _bent(bend: nn.Module, X: Tensor, drop: nn.Dropout | None = None) -> Tensor:
    """An activation of maps, which may be overwritten, and dropout."""
    factors = drop and dropout_factors(drop, X.shape, X)
    return bent_sums(BentSums(bend, 1, X.shape[1]), X, factors)


def _normed(convolution: nn.Conv2d, norm: nn.BatchNorm2d, X: Tensor) -> Tensor:
    """A convolution in time and its normalisation, which in evaluation is taken into the filters."""
    if norm.training:
        return _maps(norm(_convolved(convolution, X)))
    scale, shift = _scale_and_shift(norm, norm.running_mean, norm.running_var)
    if convolution.bias is not None:
        shift = shift + scale * convolution.bias
    return _maps(_convolved(convolution, X, convolution.weight * scale[:, None, None, None], shift))


def _pooled_norm(convolution: nn.Conv2d, norm: nn.BatchNorm2d, X: Tensor) -> Tensor:
    """A convolution in time, its normalisation and max pooling by two; filters of negative scale are turned around.

    The convolution's bias is taken out by the normalisation, so its gradient is exactly nothing.
    """
    side = 1 - 2 * (norm.weight < 0).to(norm.weight)
    out = _maps(_convolved(convolution, X, convolution.weight * side[:, None, None, None], None))
    shift = norm.bias + 0 * convolution.bias
    larger, mean, variance = LargerOfTwoNormed.apply(out, norm.weight * side, shift, norm.eps)
    _keep(norm, mean * side + convolution.bias.detach(), variance, out.shape[0] * out.shape[1])
    return larger


def _convolved(convolution: nn.Conv2d, X: Tensor, *parameters: Tensor | None) -> Tensor:
    """(batch, n_times, n_in) → (batch, n_out, 1, …), channels last, with the layer's own parameters or others.

    On a graphics card as one product of windows: for float32 with all its digits NVIDIA's library chooses Fourier
    transforms, which take ten times as long.
    """
    weight, bias = parameters or (convolution.weight, convolution.bias)
    if X.is_cuda:
        image = convolved(X, weight.squeeze(2), bias, convolution.padding[1]).transpose(1, 2).unsqueeze(2)
    else:
        image = functional.conv2d(X.transpose(1, 2).unsqueeze(2), weight, bias, padding=convolution.padding)
    return image.to(X.dtype)


def _maps(image: Tensor) -> Tensor:
    """(batch, n_maps, 1, n_times) → (batch, n_times, n_maps), the same memory."""
    return image.squeeze(2).transpose(1, 2)


def _filter_norm(norm: nn.BatchNorm2d, taps: Tensor, found: Moments | None, n_places: int) -> tuple[Tensor, Tensor]:
    """Scale and shift of the normalisation behind filters in time (n_filters, n_taps), which all channels share."""
    if found is None:
        return _scale_and_shift(norm, norm.running_mean.double(), norm.running_var.double())
    mean = taps @ found.mean.mean(0)
    second = found.second.diagonal(dim1=0, dim2=2).mean(2)  # (n_taps, n_taps), over the channels
    variance = (((taps @ second) * taps).sum(1) - mean**2).clamp(min=0)
    _keep(norm, mean, variance, n_places * len(found.mean))
    return _scale_and_shift(norm, mean, variance)


def _joint_norm(
    norm: nn.BatchNorm2d, joint: Tensor, added: Tensor, found: Moments | None, n_places: int
) -> tuple[Tensor, Tensor]:
    """Joint filters (n_filters, n_chans, n_taps) and what they add, with the normalisation behind them taken in."""
    if found is None:
        mean, variance = norm.running_mean.double(), norm.running_var.double()
    else:
        flat, middle = joint.flatten(1), found.mean.flatten()
        covariance = found.second.flatten(2).flatten(0, 1) - middle[:, None] * middle
        mean = flat @ middle + added
        variance = ((flat @ covariance) * flat).sum(1).clamp(min=0)  # of flat trials, rounding may make it less
        _keep(norm, mean, variance, n_places)
    scale, shift = _scale_and_shift(norm, mean, variance)
    return joint * scale[:, None, None], added * scale + shift


def _scale_and_shift(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
    scale = norm.weight.to(variance.dtype) / (variance + norm.eps).sqrt()
    return scale, norm.bias.to(variance.dtype) - scale * mean


@torch.no_grad()
def _keep(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, n: int) -> None:
    """Move the running statistics as PyTorch does, which takes the variance for a sample's."""
    norm.num_batches_tracked += 1
    norm.running_mean.lerp_(mean.to(norm.running_mean), norm.momentum)
    norm.running_var.lerp_((variance * n / (n - 1)).to(norm.running_var), norm.momentum)
