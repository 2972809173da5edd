"""One value inside a network, worked out by hand; what of the trial a layer sees, and which biases cannot learn."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from torch import Tensor, nn

from eegnets.activations import ACTIVATIONS
from eegnets.explain import LayerValues, leaves
from eegnets.translation import _

SHOWN = 4  # terms of a sum that a formula writes out


class Place(NamedTuple):
    """Where a value is in a layer's output: its map, its row (an electrode, while there are some) and its sample."""

    unit: int
    row: int
    sample: int


class Working(NamedTuple):
    """How one value comes about.

    formula: LaTeX in letters; numbers: the same with this value's own numbers; value: what they come to, computed here
    in double precision, apart from the network; terms: what is summed, if anything is, as rows of map, row, sample
    (all from 1; sample 0 and below lies before the trial), weight, input, product.
    """

    formula: str
    numbers: str
    value: float
    terms: pd.DataFrame | None = None


class Sight(NamedTuple):
    """Which samples of the trial a layer's values see: the first value's middle, from value to value, and how many."""

    first: float
    step: int
    width: int

    def times(self, n_values: int, sfreq: float) -> np.ndarray:
        """When each of the first `n_values` is, seconds after trial start: the middle of what it sees at `sfreq` Hz."""
        return (self.first + self.step * np.arange(n_values)) / sfreq


def sights(model: nn.Module) -> dict[str, Sight]:
    """Dotted layer name -> what its values see of the trial, in samples. Only the dense layer sees all: it is left out.

    Araujo, Norris & Sim, "Computing receptive fields of convolutional neural networks", Distill (2019).
    """
    found, sight = {}, Sight(0.0, 1, 1)
    for name, layer in leaves(model).items():
        if isinstance(layer, nn.Linear):
            continue
        if isinstance(layer, nn.Conv2d | nn.AvgPool2d | nn.MaxPool2d):
            length, stride, before = (_pair(size)[1] for size in (layer.kernel_size, layer.stride, layer.padding))
            first = sight.first + ((length - 1) / 2 - before) * sight.step
            sight = Sight(first, sight.step * stride, sight.width + (length - 1) * sight.step)
        found[name] = sight
    return found


def work_out(layer: nn.Module, values: LayerValues, place: Place) -> Working:
    """How a layer makes one value of its output out of its input; both of one trial, (1, …)."""
    x = values.before[0].double().numpy()  # (n_maps, n_rows, n_samples), or (n_features,)
    for kind, work in WORKS.items():
        if isinstance(layer, kind):
            return work(layer, x, place)
    return _bend(layer, x, place)


def _convolution(layer: nn.Conv2d, x: np.ndarray, place: Place) -> Working:
    weight = layer.weight[place.unit].detach().double().numpy()  # (maps that it sees, rows, samples)
    seen, rows, samples = np.indices(weight.shape).reshape(3, -1)
    maps = seen + place.unit // (layer.out_channels // layer.groups) * (layer.in_channels // layer.groups)
    rows, samples = (rows + place.row - layer.padding[0], samples + place.sample - layer.padding[1])  # type: ignore[operator]
    inside = (samples >= 0) & (samples < x.shape[2])  # what lies beyond the trial counts as zero
    inputs = np.where(inside, x[maps, rows, np.clip(samples, 0, x.shape[2] - 1)], 0.0)
    bias = None if layer.bias is None else float(layer.bias[place.unit].detach())
    return _sum(maps, rows, samples, weight.ravel(), inputs, bias)


def _dense(layer: nn.Linear, x: np.ndarray, place: Place) -> Working:
    weight = layer.weight[place.unit].detach().double().numpy()
    features = np.arange(len(weight))
    bias = float(layer.bias[place.unit].detach())
    return _sum(features, np.zeros_like(features), np.zeros_like(features), weight, x, bias)


def _sum(
    maps: np.ndarray, rows: np.ndarray, samples: np.ndarray, weight: np.ndarray, x: np.ndarray, bias: float | None
) -> Working:
    terms = pd.DataFrame(
        {"map": maps + 1, "row": rows + 1, "sample": samples + 1, "weight": weight, "input": x, "product": weight * x}
    )
    largest = terms.reindex(terms["product"].abs().sort_values(ascending=False).index)
    written = [f"{_bracketed(w)} \\cdot {_bracketed(v)}" for w, v in largest[["weight", "input"]].to_numpy()[:SHOWN]]
    if len(terms) > SHOWN:
        rest, more = largest["product"][SHOWN:].sum(), _("({n} more)", n=len(terms) - SHOWN)
        written.append(f"{_bracketed(rest)} \\quad \\text{{{more}}}")
    formula, total = r"y = \sum_i w_i x_i", float(terms["product"].sum())
    if bias is not None:
        named = _("(bias)")
        formula, total, written = (
            f"{formula} + b",
            total + bias,
            [*written, f"{_bracketed(bias)} \\quad \\text{{{named}}}"],
        )
    return Working(formula, _lines(written, total), total, terms)


def _batch_norm(layer: nn.BatchNorm2d, x: np.ndarray, place: Place) -> Working:
    four = (layer.running_mean, layer.running_var, layer.weight, layer.bias)
    mean, variance, scale, shift = (float(numbers[place.unit].detach()) for numbers in four)  # type: ignore[index]
    value = float(x[place])
    out = (value - mean) / np.sqrt(variance + layer.eps) * scale + shift
    numbers = (
        f"{_bracketed(scale)} \\cdot \\frac{{{_number(value)} - {_bracketed(mean)}}}"
        f"{{\\sqrt{{{_number(variance)} + {_number(layer.eps)}}}}} + {_bracketed(shift)}"
    )
    formula = r"y = \gamma \cdot \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta"
    return Working(formula, _equation(numbers, out), out)


def _pooling(layer: nn.AvgPool2d | nn.MaxPool2d, x: np.ndarray, place: Place) -> Working:
    width = _pair(layer.kernel_size)[1]
    pooled = x[place.unit, place.row, place.sample * width : (place.sample + 1) * width]
    listed = [_bracketed(value) for value in pooled]
    if isinstance(layer, nn.MaxPool2d):
        out = float(pooled.max())
        return Working(rf"y = \max(x_1, …, x_{width})", _equation(rf"\max({', '.join(listed)})", out), out)
    out = float(pooled.mean())
    numbers = rf"\frac{{{' + '.join(listed)}}}{{{width}}}"
    return Working(rf"y = \frac{{x_1 + … + x_{width}}}{{{width}}}", _equation(numbers, out), out)


def _dropout(layer: nn.Dropout, x: np.ndarray, place: Place) -> Working:
    out = float(x[place])
    return Working("y = x", _equation(_number(out), out), out)


def _bend(layer: nn.Module, x: np.ndarray, place: Place) -> Working:
    entry, value = ACTIVATIONS[type(layer).__name__], float(x[place])
    learned = {name: float(line[place.unit].detach()) for name, line in layer.named_parameters()}
    known = {name: float(getattr(layer, name)) for name in entry.parameters if hasattr(layer, name)}
    out = float(entry.function(value, **(known | learned)))
    given = ",\\ ".join(f"{_symbol(name)} = {_number(number)}" for name, number in (known | learned).items())
    numbers = _equation(f"f({_number(value)})", out) + (f"\\quad ({given})" if given else "")
    return Working(_(entry.formula), numbers, out)


WORKS: dict[type[nn.Module] | tuple[type[nn.Module], ...], Callable[..., Working]] = {
    nn.Conv2d: _convolution,
    nn.Linear: _dense,
    nn.BatchNorm2d: _batch_norm,
    (nn.AvgPool2d, nn.MaxPool2d): _pooling,
    nn.Dropout: _dropout,
}


def _pair(size: object) -> tuple[int, int]:
    return size if isinstance(size, tuple) else (size, size)  # type: ignore[return-value]


def _symbol(name: str) -> str:
    return {"alpha": r"\alpha", "negative_slope": "s"}.get(name, f"{name[0]}_{name[1:]}")


def _lines(terms: list[str], value: float) -> str:
    """A sum with a line for each of its terms, as it would not fit on one."""
    lines = [
        f"y = {{}} & {terms[0]}",
        *(f"{{}} + {{}} & {term}" for term in terms[1:]),
        f"{{}} = {{}} & {_number(value)}",
    ]
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def _equation(numbers: str, value: float) -> str:
    return f"y = {numbers} = {_number(value)}"


def _number(value: float) -> str:
    """Four digits, in LaTeX."""
    digits, _e, power = f"{value:.4g}".partition("e")
    return f"{digits} \\cdot 10^{{{int(power)}}}" if power else digits


def _bracketed(value: float) -> str:
    return f"({_number(value)})" if value < 0 else _number(value)


def silent_biases(model: nn.Module) -> tuple[str, ...]:
    """The layers whose bias never learns, since a batch norm behind it takes every constant away again.

    Between the two lie linear layers alone, none of which pads: there, a constant stays a constant.
    """
    silent: list[str] = []
    waiting: list[str] = []
    for name, layer in leaves(model).items():
        if isinstance(layer, nn.BatchNorm2d):
            silent, waiting = silent + waiting, [name]
        elif isinstance(layer, nn.Conv2d):
            waiting = [] if any(_pair(layer.padding)) else waiting
            waiting += [name] if isinstance(layer.bias, Tensor) else []
        else:
            waiting = []
    return tuple(silent)
