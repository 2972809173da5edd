"""EEGNet and DeepConvNet as the lab report builds them, for any montage, trial length and number of classes.

Both take EEG in µV, float (batch, n_chans, n_times), and return logits (batch, n_outputs): the softmax is the loss's.
Layers are named after the lab report's listing, so that `print(EEGNet(2, 750, 2))` reads like it, line by line.
"""

import copy
import inspect
import itertools
import operator
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pandas as pd
import torch
from torch import nn

from eegnets.activations import ACTIVATIONS
from eegnets.config import InputError, ModelConfig, lookup, unknown
from eegnets.layers import BatchNorm2d, Dropout, Maxout
from eegnets.translation import _

RULES = ModelConfig.table()
NEGATIVE_SLOPE, ALPHA = RULES["negative_slope"].default, RULES["alpha"].default


class EEGNet(nn.Module):
    """EEGNet of Lawhern et al. (2018), J. Neural Eng. 15:056013, in the lab report's form.

    |               | ours (the lab report's)  | the paper's EEGNet-8,2      | why                                     |
    |---------------|--------------------------|-----------------------------|-----------------------------------------|
    | F1, D, F2     | 16, 2, 32                | 8, 2, 16                    | the report's listing                    |
    | first kernel  | 51 samples (of 125 Hz)   | 64 samples (of 128 Hz)      | the report's; odd, so the length stays  |
    | separableConv | one full convolution, 15 | depthwise, 16; then 1 × 1   | the report's; separable by name alone   |
    | dropout       | 0.25                     | 0.5; 0.25 across subjects   | the report's, which pools its subjects  |
    | max norm      | off; on request 2, dense | 1 for filters in space,     | neither in the report's listing nor in  |
    |               | layer 0.5                | 0.25 for the dense layer    | its code                                |

    Takes (batch, n_chans, n_times) µV, returns logits (batch, n_outputs). `kernel_length` samples make one of F1
    filters in time, each with D filters in space; F2 filters of `separable_length` samples follow. Raises InputError
    for sizes that cannot work, above all a trial too short to leave a feature.
    """

    default_dropout = 0.25

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        n_outputs: int,
        activation: str = "ELU",
        dropout: float | None = None,
        negative_slope: float = NEGATIVE_SLOPE,
        alpha: float = ALPHA,
        *,
        F1: int = 16,
        D: int = 2,
        F2: int = 32,
        kernel_length: int = 51,
        separable_length: int = 15,
    ) -> None:
        super().__init__()
        sizes = {"F1": F1, "D": D, "F2": F2, "kernel_length": kernel_length, "separable_length": separable_length}
        F1, D, F2, kernel_length, separable_length = (_whole(name, size) for name, size in sizes.items())
        self.n_chans, self.n_times, self.n_outputs = _sizes(n_chans, n_times, n_outputs)
        length = _length(
            "EEGNet",
            partial(self.length_out, kernel_length=kernel_length, separable_length=separable_length),
            self.n_times,
        )
        bend = _bend(activation, negative_slope, alpha)
        drop = _dropout(dropout, self.default_dropout)
        self.firstconv = nn.Sequential(
            nn.Conv2d(1, F1, (1, kernel_length), padding=(0, kernel_length // 2), bias=False),
            BatchNorm2d(F1),
        )
        self.depthwiseConv = nn.Sequential(
            nn.Conv2d(F1, F1 * D, (self.n_chans, 1), groups=F1, bias=False),
            BatchNorm2d(F1 * D),
            bend(F1 * D),
            nn.AvgPool2d((1, 4)),
            drop(),
        )
        self.separableConv = nn.Sequential(
            nn.Conv2d(F1 * D, F2, (1, separable_length), padding=(0, separable_length // 2), bias=False),
            BatchNorm2d(F2),
            bend(F2),
            nn.AvgPool2d((1, 8)),
            drop(),
        )
        self.classify = nn.Sequential(nn.Linear(F2 * length, self.n_outputs))

    @staticmethod
    def length_out(n_times: int, kernel_length: int = 51, separable_length: int = 15) -> int:
        """Samples left of `n_times` behind the last pooling; a kernel of even length adds a sample."""
        return ((n_times + 1 - kernel_length % 2) // 4 + 1 - separable_length % 2) // 8

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Logits (batch, n_outputs) of EEG in µV (batch, n_chans, n_times)."""
        out = _as_image(X, self.n_chans, self.n_times)  # (batch, 1, n_chans, n_times)
        out = self.firstconv(out)  # (batch, F1, n_chans, n_times)
        out = self.depthwiseConv(out)  # (batch, F1 * D, 1, n_times // 4)
        out = self.separableConv(out)  # (batch, F2, 1, n_times // 32)
        return self.classify(out.flatten(1))  # (batch, n_outputs)


class DeepConvNet(nn.Module):
    """DeepConvNet of Schirrmeister et al. (2017), Human Brain Mapping 38:5391, in the lab report's form.

    |             | ours (the lab report's)    | the paper's                 | why                                     |
    |-------------|----------------------------|-----------------------------|-----------------------------------------|
    | kernels     | 5 samples (of 125 Hz)      | 10 samples (of 250 Hz)      | half the rate, as Lawhern et al. (2018) |
    | max pooling | by 2                       | by 3                        | the same                                |
    | output      | dense, on the whole trial  | convolution, on many crops  | one trial, one answer                   |
    | dropout     | 0.5 behind each pooling    | 0.5 before each convolution | the report's; it thins out the dense    |
    |             |                            | but the first               | layer's input as well                   |
    | max norm    | off; on request 2, dense   | 2 and 0.5 in its authors'   | in the report's table, not in its code  |
    |             | layer 0.5                  | own code                    |                                         |

    Takes (batch, n_chans, n_times) µV, returns logits (batch, n_outputs). Convolutions are "valid": each in time takes
    4 samples off the trial. Raises InputError for sizes that cannot work, above all for too short a trial.
    """

    default_dropout = 0.5

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        n_outputs: int,
        activation: str = "ELU",
        dropout: float | None = None,
        negative_slope: float = NEGATIVE_SLOPE,
        alpha: float = ALPHA,
    ) -> None:
        super().__init__()
        self.n_chans, self.n_times, self.n_outputs = _sizes(n_chans, n_times, n_outputs)
        length = _length("DeepConvNet", self.length_out, self.n_times)
        bend = _bend(activation, negative_slope, alpha)
        drop = _dropout(dropout, self.default_dropout)

        def block(n_in: int, n_out: int, kernel_size: tuple[int, int]) -> nn.Sequential:
            convolution = nn.Conv2d(n_in, n_out, kernel_size)
            return nn.Sequential(convolution, BatchNorm2d(n_out), bend(n_out), nn.MaxPool2d((1, 2)), drop())

        self.conv0 = nn.Conv2d(1, 25, (1, 5))
        self.conv1 = block(25, 25, (self.n_chans, 1))
        self.conv2 = block(25, 50, (1, 5))
        self.conv3 = block(50, 100, (1, 5))
        self.conv4 = block(100, 200, (1, 5))
        self.classify = nn.Linear(200 * length, self.n_outputs)

    @staticmethod
    def length_out(n_times: int) -> int:
        """Samples left of `n_times` behind the last pooling."""
        length = n_times
        for _block in range(4):
            length = (length - 4) // 2
        return length

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Logits (batch, n_outputs) of EEG in µV (batch, n_chans, n_times)."""
        out = _as_image(X, self.n_chans, self.n_times)  # (batch, 1, n_chans, n_times)
        out = self.conv0(out)  # (batch, 25, n_chans, n_times - 4)
        out = self.conv1(out)  # (batch, 25, 1, (n_times - 4) // 2); each further block takes 4 away and halves
        out = self.conv2(out)  # (batch, 50, 1, …)
        out = self.conv3(out)  # (batch, 100, 1, …)
        out = self.conv4(out)  # (batch, 200, 1, …)
        return self.classify(out.flatten(1))  # (batch, n_outputs)


MODELS: dict[str, type[nn.Module]] = {"EEGNet": EEGNet, "DeepConvNet": DeepConvNet}


def build(
    name: str,
    *,
    n_chans: int,
    n_times: int,
    n_outputs: int,
    activation: str = "ELU",
    dropout: float | None = None,
    negative_slope: float = NEGATIVE_SLOPE,
    alpha: float = ALPHA,
    **options: int,
) -> nn.Module:
    """A new network of MODELS for trials of `n_chans` channels × `n_times` samples and `n_outputs` classes.

    `dropout` None takes the network's own; `options` are its sizes, which `model_options` lists. Raises InputError
    for a name that is not registered and a size or option that cannot work.
    """
    kind = lookup(MODELS, "network", name)
    sizes = model_options(name)
    for option in options:
        if option not in sizes:
            raise InputError(
                unknown(f"option of {name}", option, sizes) if sizes else f"{name} has no option {option!r}."
            )
    return kind(n_chans, n_times, n_outputs, activation, dropout, negative_slope, alpha, **options)


def model_options(name: str) -> dict[str, int]:
    """The sizes that a network of MODELS may be given, with their defaults."""
    parameters = inspect.signature(lookup(MODELS, "network", name)).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def apply_max_norm(model: nn.Module, convolution: float = 2.0, dense: float = 0.5) -> None:
    """Shrink, in place, each filter whose weights are longer (L2) than its limit; call it after every optimiser step.

    The limits are the lab report's table's: 2 for a convolution's filters, 0.5 for the last layer's units.
    Srivastava et al. (2014), JMLR 15:1929.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            limit = convolution if isinstance(layer, nn.Conv2d) else dense
            with torch.no_grad():
                layer.weight.copy_(torch.renorm(layer.weight, p=2, dim=0, maxnorm=limit))


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
    """Dropout off and batch statistics frozen within the block; each layer's mode is put back behind it."""
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for layer, training in modes:
            layer.training = training


def layer_table(model: nn.Module, n_chans: int | None = None, n_times: int | None = None) -> pd.DataFrame:
    """Every layer of a network in the order in which a trial passes it, measured by sending one trial through.

    Columns: layer (dotted name), kind, does (a sentence), shape (of its output, without the batch), parameters, and
    multiplications: those with a weight, for one trial (activations and poolings have none). `n_chans` and `n_times`
    are the model's own unless given.
    """
    rows: list[dict[str, Any]] = []

    def measure(layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor, name: str) -> None:
        rows.append({"layer": name, **_describe(layer, output)})

    model = copy.deepcopy(model).eval()  # others may ask the same network at this moment
    for name, layer in model.named_modules():
        if not list(layer.children()):
            layer.register_forward_hook(partial(measure, name=name))
    trial = next(model.parameters()).new_zeros(1, n_chans or model.n_chans, n_times or model.n_times)
    with torch.inference_mode():
        model(trial)
    return pd.DataFrame(rows)


def _describe(layer: nn.Module, output: torch.Tensor) -> dict[str, Any]:
    return {
        "kind": type(layer).__name__,
        "does": _sentence(layer),
        "shape": tuple(output.shape[1:]),
        "parameters": sum(p.numel() for p in layer.parameters()),
        "multiplications": output[0].numel() * _weights_per_value(layer),
    }


def _weights_per_value(layer: nn.Module) -> int:
    """Weights that go into one output value."""
    if isinstance(layer, nn.Conv2d | nn.Linear):
        return layer.weight[0].numel()
    if isinstance(layer, Maxout):
        return 2
    return int(isinstance(layer, nn.BatchNorm2d))  # its four numbers a channel come down to one scale and one shift


def _sentence(layer: nn.Module) -> str:
    if isinstance(layer, nn.Conv2d):
        return _convolution_sentence(layer)
    if isinstance(layer, nn.Linear):
        n_in, n_out = layer.in_features, layer.out_features
        return _("Weighs all {n_in} features into one score for each of {n_out} classes.", n_in=n_in, n_out=n_out)
    if isinstance(layer, nn.BatchNorm2d):
        return _("Brings each map to mean 0 and variance 1, then scales and shifts it as learned.")
    if isinstance(layer, nn.AvgPool2d):
        return _("Keeps the mean of every {n} samples, so the trial gets shorter.", n=layer.kernel_size[1])
    if isinstance(layer, nn.MaxPool2d):
        return _("Keeps the largest of every {n} samples, so the trial gets shorter.", n=layer.kernel_size[1])  # type: ignore[index]
    if isinstance(layer, nn.Dropout):
        return _("While learning, silences {p:.0%} of the values at random; otherwise does nothing.", p=layer.p)
    known = ACTIVATIONS.get(type(layer).__name__)
    return re.split(r"(?<=[.]) |(?<=。)", _(known.remark))[0] if known else ""


def _convolution_sentence(layer: nn.Conv2d) -> str:
    rows, columns = layer.kernel_size
    n_in, n_out = layer.in_channels, layer.out_channels
    if columns > 1 and n_in == 1:
        text = _("Slides {n_out} learned filters of {columns} samples along the trial: filters in time.")
    elif columns > 1:
        text = _("Slides {n_out} learned filters of {columns} samples along all {n_in} maps: filters in time.")
    elif layer.groups > 1:
        text = _("Mixes the {rows} electrodes of each of {n_in} maps in {each} learned ways: filters in space.")
    else:
        text = _("Mixes the {rows} electrodes of all {n_in} maps in {n_out} learned ways: filters in space.")
    return text.format(rows=rows, columns=columns, n_in=n_in, n_out=n_out, each=n_out // n_in)


def _as_image(X: torch.Tensor, n_chans: int, n_times: int) -> torch.Tensor:
    if X.ndim != 3 or X.shape[1:] != (n_chans, n_times):
        raise InputError(f"the network reads trials (batch, {n_chans}, {n_times}); got the shape {tuple(X.shape)}.")
    return X.unsqueeze(1)


def _whole(name: str, value: Any, least: int = 1) -> int:
    """`value` as int, if it is a whole number of at least `least`."""
    try:
        whole = operator.index(value)
    except TypeError:
        whole = least - 1
    if isinstance(value, bool) or whole < least:
        wanted = {"name": name, "least": least, "value": value}
        raise InputError(_("{name} takes a whole number, {least} or more; got {value!r}.", **wanted))
    return whole


def _sizes(n_chans: Any, n_times: Any, n_outputs: Any) -> tuple[int, int, int]:
    return _whole("n_chans", n_chans), _whole("n_times", n_times), _whole("n_outputs", n_outputs, least=2)


def _length(network: str, length_out: Callable[[int], int], n_times: int) -> int:
    """Samples that the last layer sees; raises InputError naming the shortest trial where none is left."""
    if length_out(n_times) < 1:
        least = next(n for n in itertools.count(n_times) if length_out(n) >= 1)
        text = _("{network} takes n_times of {least} samples or more; got {n_times}. Choose a longer window.")
        raise InputError(text.format(network=network, least=least, n_times=n_times))
    return length_out(n_times)


def _bend(activation: str, negative_slope: float, alpha: float) -> Callable[[int], nn.Module]:
    """What makes a network's activations, each layer's its own: n_channels -> module."""
    entry = lookup(ACTIVATIONS, "activation", activation)
    given = {"negative_slope": negative_slope, "alpha": alpha}
    return partial(entry.make, **entry.pick({name: RULES[name].check(value) for name, value in given.items()}))


def _dropout(dropout: float | None, default: float) -> Callable[[], Dropout]:
    share = RULES["dropout"].check(dropout)
    return partial(Dropout, default if share is None else share)
