"""EEGNet's weights as braindecode names them, rewritten for our EEGNet: the same function, as far as weights can tell.

braindecode's EEGNet (braindecode/models/eegnet.py, versions 0.8 to 1.x, EEGNetv4 before) filters in time and in space
as ours. It differs in three things that can be taken into the weights: its depthwise and pointwise convolutions follow
each other with nothing between, which is one full convolution; its batch norms add 1e-3 to the variance where ours add
1e-5; and its filters in space are shortened to a length of 1 while it computes. What weights cannot tell is taken for
braindecode's defaults: mean pooling by 4 and 8, that 1e-3, and ELU.
"""

from collections.abc import Mapping

from torch import Tensor

from eegnets.config import InputError
from eegnets.translation import _

EPS = 1e-3 - 1e-5  # theirs less ours
MAX_NUMBERS = 2**24  # in a convolution; EEGNet's has some thousands
MAX_NORM = 1.0  # of a filter in space
BEFORE = ("module.", "model.")
PLAIN = {"conv_temporal.weight": "firstconv.0.weight"}
NORMS = {"bnorm_temporal": "firstconv.1", "bnorm_1": "depthwiseConv.1", "bnorm_2": "separableConv.1"}
DENSE = ("final_layer.conv_classifier", "conv_classifier")
PARAMETRISED = "parametrizations.weight.original"


def is_eegnet(state: Mapping[str, Tensor]) -> bool:
    """Whether weights are named as in braindecode's EEGNet."""
    return {"conv_temporal.weight", "conv_separable_depth.weight"} <= _bare(state).keys()


def translated(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under our EEGNet's names; raises InputError that says why where they cannot be rewritten."""
    theirs = _bare(state)
    if any(name.startswith("final_layer") and "linear" in name for name in theirs):
        raise InputError(
            _(
                "this EEGNet of braindecode ends in a dense layer with a constraint "
                "(final_layer_with_constraint=True), whose limit the weights do not tell; store one that ends in "
                "conv_classifier."
            )
        )
    try:
        _check_shapes(theirs)
        return _renamed(theirs)
    except KeyError as missing:
        text = _("this EEGNet of braindecode lacks {name!r}; store all of its state_dict().", name=missing.args[0])
        raise InputError(text) from None
    except (IndexError, ValueError, RuntimeError) as error:
        text = _("the parts of this EEGNet of braindecode do not go together; store all of its state_dict().")
        raise InputError(text) from error


def _check_shapes(theirs: Mapping[str, Tensor]) -> None:
    """Refuse two halves of a convolution whose product would have any size; raises ValueError."""
    depth, point = (theirs[f"conv_separable_{half}.weight"] for half in ("depth", "point"))
    n, _one, _one, length = depth.shape
    if depth.shape[1:3] != (1, 1) or point.shape[1:] != (n, 1, 1) or point.numel() * length > MAX_NUMBERS:
        raise ValueError(depth.shape, point.shape)


def _renamed(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    ours = {name: theirs[key] for key, name in PLAIN.items()}
    ours["depthwiseConv.0.weight"] = _in_space(theirs)
    depth, point = theirs["conv_separable_depth.weight"], theirs["conv_separable_point.weight"]
    # depth (n, 1, 1, k), each filter on its own map; point (F2, n, 1, 1): together (F2, n, 1, k)
    ours["separableConv.0.weight"] = point * depth.permute(1, 0, 2, 3)
    for theirs_, name in NORMS.items():
        for part in ("weight", "bias", "running_mean", "running_var"):
            ours[f"{name}.{part}"] = theirs[f"{theirs_}.{part}"]
        ours[f"{name}.running_var"] = ours[f"{name}.running_var"] + EPS
    dense = next((name for name in DENSE if f"{name}.weight" in theirs), DENSE[0])
    ours["classify.0.weight"] = theirs[f"{dense}.weight"].flatten(1)  # (n_outputs, F2, 1, length)
    ours["classify.0.bias"] = theirs[f"{dense}.bias"]
    return ours


def _in_space(theirs: Mapping[str, Tensor]) -> Tensor:
    """The filters in space as they are when it computes."""
    if f"conv_spatial.{PARAMETRISED}" in theirs:
        stored = theirs[f"conv_spatial.{PARAMETRISED}"]
        return stored.renorm(p=2, dim=0, maxnorm=MAX_NORM)
    return theirs["conv_spatial.weight"].renorm(p=2, dim=0, maxnorm=MAX_NORM)


def _bare(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names without what a wrapper puts before them."""
    bare = {}
    for name, value in state.items():
        for before in BEFORE:
            name = name.removeprefix(before)
        bare[name] = value
    return bare
