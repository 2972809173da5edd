"""The bends between the layers: what each one computes, its slope, and the PyTorch module that does it in a network.

Nothing here imports torch until a module is made, so a page that only draws the curves stays light.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, ndtr

from eegnets.config import ModelConfig, Setting
from eegnets.translation import N_, _

if TYPE_CHECKING:
    from torch import nn

NEGATIVE_SLOPE = ModelConfig.table()["negative_slope"]
ALPHA = ModelConfig.table()["alpha"]

# Klambauer et al. (2017): with these two, mean 0 and variance 1 are a stable fixed point from layer to layer.
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805

# Slopes nearer to zero than this pass next to no gradient; half the least slope in use, LeakyReLU's default.
FLAT = 0.005

# Maxout's two lines at the start: max(x, 0.1 x), the lab report's Leaky ReLU.
W1, B1, W2, B2 = 1.0, 0.0, 0.1, 0.0


@dataclass(frozen=True)
class Activation:
    """One activation, as formula and as module.

    formula: LaTeX, in x; it and `remark` are translated where they are shown.
    function, derivative: f(x, **parameters) and f'(x, **parameters), float64 of the shape of x. At a kink the
        derivative is what the module's own backward pass takes there.
    make: make(n_channels, **parameters) -> a new module; only a learned activation looks at n_channels.
    parameters: what a user may set.
    """

    name: str
    formula: str
    function: Callable[..., np.ndarray]
    derivative: Callable[..., np.ndarray]
    make: Callable[..., "nn.Module"]
    remark: str
    source: str
    parameters: dict[str, Setting] = field(default_factory=dict)

    def pick(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Out of many settings, those that this activation has."""
        return {name: settings[name] for name in self.parameters if name in settings}


def _elu(x: ArrayLike, alpha: float = ALPHA.default) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))  # the minimum keeps exp from overflowing


def _elu_slope(x: ArrayLike, alpha: float = ALPHA.default) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    return np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0)))


def _relu(x: ArrayLike) -> np.ndarray:
    return np.maximum(np.asarray(x, dtype=float), 0.0)


def _relu_slope(x: ArrayLike) -> np.ndarray:
    return np.where(np.asarray(x) > 0, 1.0, 0.0)


def _leaky_relu(x: ArrayLike, negative_slope: float = NEGATIVE_SLOPE.default) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    return np.where(x > 0, x, negative_slope * x)


def _leaky_relu_slope(x: ArrayLike, negative_slope: float = NEGATIVE_SLOPE.default) -> np.ndarray:
    return np.where(np.asarray(x) > 0, 1.0, negative_slope)


def _sigmoid(x: ArrayLike) -> np.ndarray:
    return np.asarray(expit(np.asarray(x, dtype=float)))


def _sigmoid_slope(x: ArrayLike) -> np.ndarray:
    return _sigmoid(x) * _sigmoid(-np.asarray(x, dtype=float))


def _tanh(x: ArrayLike) -> np.ndarray:
    return np.tanh(np.asarray(x, dtype=float))


def _tanh_slope(x: ArrayLike) -> np.ndarray:
    return 1.0 - _tanh(x) ** 2


def _maxout(x: ArrayLike, w1: float = W1, b1: float = B1, w2: float = W2, b2: float = B2) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    return np.maximum(w1 * x + b1, w2 * x + b2)


def _maxout_slope(x: ArrayLike, w1: float = W1, b1: float = B1, w2: float = W2, b2: float = B2) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    lead = np.sign((w1 * x + b1) - (w2 * x + b2))
    return (w1 + w2) / 2 + lead * (w1 - w2) / 2


def _gelu(x: ArrayLike) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    return x * ndtr(x)


def _gelu_slope(x: ArrayLike) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    return ndtr(x) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def _silu(x: ArrayLike) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    return x * expit(x)


def _silu_slope(x: ArrayLike) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    return expit(x) + x * expit(x) * expit(-x)


def _selu(x: ArrayLike) -> np.ndarray:
    return SELU_SCALE * _elu(x, SELU_ALPHA)


def _selu_slope(x: ArrayLike) -> np.ndarray:
    return SELU_SCALE * _elu_slope(x, SELU_ALPHA)


def _mish(x: ArrayLike) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    return x * np.tanh(_softplus(x))


def _mish_slope(x: ArrayLike) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    gate = np.tanh(_softplus(x))
    return gate + x * (1 - gate**2) * expit(x)


def _softplus(x: ArrayLike) -> np.ndarray:
    return np.logaddexp(0.0, np.asarray(x, dtype=float))


def _torch(kind: str, n_channels: int, **parameters: float) -> "nn.Module":
    """PyTorch's own module; it does the same to every channel."""
    from torch import nn

    return getattr(nn, kind)(**parameters)


def _make_maxout(n_channels: int, w1: float = W1, b1: float = B1, w2: float = W2, b2: float = B2) -> "nn.Module":
    from eegnets.layers import Maxout

    return Maxout(n_channels, w1, b1, w2, b2)


def _torch_activation(name: str, **entry: Any) -> Activation:
    return Activation(name=name, make=functools.partial(_torch, name), **entry)


_ALL = (
    _torch_activation(
        "ELU",
        formula=r"f(x) = \begin{cases} x & x > 0 \\ \alpha\,(e^{x} - 1) & x \le 0 \end{cases}",
        function=_elu,
        derivative=_elu_slope,
        parameters={"alpha": ALPHA},
        remark=N_(
            "Straight above zero, sinking smoothly to −α below. Negative inputs still pass some gradient, until far "
            "below zero it fades out; outputs average nearer to zero than ReLU's."
        ),
        source="Clevert, Unterthiner & Hochreiter (2016), ICLR",
    ),
    _torch_activation(
        "ReLU",
        formula=r"f(x) = \max(0, x)",
        function=_relu,
        derivative=_relu_slope,
        remark=N_(
            "Passes positive values and silences the rest; cheap, and it never saturates above zero. A unit whose "
            "inputs are all negative has no gradient and stops learning: it is dead."
        ),
        source="Nair & Hinton (2010), ICML",
    ),
    _torch_activation(
        "LeakyReLU",
        formula=r"f(x) = \begin{cases} x & x > 0 \\ s\,x & x \le 0 \end{cases}",
        function=_leaky_relu,
        derivative=_leaky_relu_slope,
        parameters={"negative_slope": NEGATIVE_SLOPE},
        remark=N_(
            "A ReLU that keeps a small slope s below zero, so that a unit with negative inputs still learns, slowly."
            " It neither saturates nor dies, unless s is 0."
        ),
        source="Maas, Hannun & Ng (2013), ICML workshop",
    ),
    _torch_activation(
        "Sigmoid",
        formula=r"f(x) = \frac{1}{1 + e^{-x}}",
        function=_sigmoid,
        derivative=_sigmoid_slope,
        remark=N_(
            "Squeezes everything into 0 to 1. Its slope is 1/4 at most and vanishes on both sides, so gradients "
            "fade from layer to layer; good for a probability, poor between layers."
        ),
        source="Rumelhart, Hinton & Williams (1986), Nature 323",
    ),
    _torch_activation(
        "Tanh",
        formula=r"f(x) = \tanh(x)",
        function=_tanh,
        derivative=_tanh_slope,
        remark=N_(
            "Squeezes everything into −1 to 1, around zero, with a slope of 1 in the middle. It saturates on both "
            "sides: beyond about ±3 hardly any gradient is left."
        ),
        source="LeCun, Bottou, Orr & Müller (1998), Efficient BackProp",
    ),
    Activation(
        name="Maxout",
        formula=r"f(x) = \max(w_1 x + b_1,\; w_2 x + b_2)",
        function=_maxout,
        derivative=_maxout_slope,
        make=_make_maxout,
        remark=N_(
            "The network learns the bend itself: two lines for each channel, the higher one counts. It has no flat "
            "part unless it learns one, and pays with four more parameters a channel."
        ),
        source="Goodfellow et al. (2013), ICML",
    ),
    _torch_activation(
        "GELU",
        formula=N_(r"f(x) = x\,\Phi(x), \quad \Phi \text{ the normal distribution function}"),
        function=_gelu,
        derivative=_gelu_slope,
        remark=N_(
            "A rounded ReLU: x times the chance that a standard normal number lies below x. It dips a little below "
            "zero near −0.75 and is flat further down; usual in transformers."
        ),
        source="Hendrycks & Gimpel (2016), arXiv:1606.08415",
    ),
    _torch_activation(
        "SiLU",
        formula=r"f(x) = \frac{x}{1 + e^{-x}}",
        function=_silu,
        derivative=_silu_slope,
        remark=N_(
            "x times its own sigmoid, also called swish: a rounded ReLU that dips to −0.28 near −1.3. Far below "
            "zero it is flat, but more gradient gets through than with ReLU."
        ),
        source="Elfwing, Uchibe & Doya (2018), Neural Networks 107",
    ),
    _torch_activation(
        "SELU",
        formula=r"f(x) = \lambda \begin{cases} x & x > 0 \\ \alpha\,(e^{x} - 1) & x \le 0 \end{cases},"
        r"\quad \lambda \approx 1.0507,\ \alpha \approx 1.6733",
        function=_selu,
        derivative=_selu_slope,
        remark=N_(
            "An ELU scaled so that values keep mean 0 and variance 1 from layer to layer by themselves. It was made "
            "for networks without batch normalisation; here, where there is one, it has little left to do."
        ),
        source="Klambauer, Unterthiner, Mayr & Hochreiter (2017), NeurIPS",
    ),
    _torch_activation(
        "Mish",
        formula=r"f(x) = x \tanh\!\left(\ln(1 + e^{x})\right)",
        function=_mish,
        derivative=_mish_slope,
        remark=N_(
            "Close to SiLU, smooth everywhere, with a dip to −0.31 near −1.2. It has no corner, never "
            "saturates above zero and is flat far below."
        ),
        source="Misra (2020), BMVC",
    ),
    _torch_activation(
        "Softplus",
        formula=r"f(x) = \ln(1 + e^{x})",
        function=_softplus,
        derivative=_sigmoid,
        remark=N_(
            "ReLU with a rounded corner; its slope is the sigmoid. Never quite dead, but every output is positive, "
            "0.69 at zero, so the next layer sees shifted values."
        ),
        source="Dugas et al. (2001), NeurIPS 13",
    ),
)

ACTIVATIONS: dict[str, Activation] = {entry.name: entry for entry in _ALL}


def flat(slope: ArrayLike, threshold: float = FLAT) -> np.ndarray:
    """Where a slope is nearer to zero than `threshold`, bool of its shape; with 0, where it is exactly zero."""
    steepness = np.abs(np.asarray(slope))
    return (steepness < threshold) | (steepness == 0)


def flat_spans(x: np.ndarray, slope: np.ndarray) -> list[tuple[float, float]]:
    """The stretches (first, last) of a rising grid x (n,) over which a slope (n,) is flat."""
    edges = np.flatnonzero(np.diff(flat(slope).astype(int), prepend=0, append=0)).reshape(-1, 2)
    return [(float(x[start]), float(x[stop - 1])) for start, stop in edges]


def describe_flat(name: str, **parameters: float) -> str:
    """Where an activation is flat, in the reader's words: "up to 0.00", "from -0.76 to -0.74"."""
    x = np.linspace(-100, 100, 20_001)
    spans = flat_spans(x, ACTIVATIONS[name].derivative(x, **parameters))
    return _(", ").join(_span_words(first, last, -x[0]) for first, last in spans) or _("nowhere")


def _span_words(first: float, last: float, end: float) -> str:
    if (first, last) == (-end, end):
        return _("everywhere")
    if first == -end:
        return _("up to {last:.2f}", last=last)
    if last == end:
        return _("from {first:.2f}", first=first)
    return _("from {first:.2f} to {last:.2f}", first=first, last=last)
