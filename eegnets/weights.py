"""Weights out of files, ours and others', read without trust, and put into the network that they belong to."""

import pickle
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from eegnets import braindecode, json_lines, models
from eegnets.config import InputError
from eegnets.run_folder import Run
from eegnets.translation import N_, _

MAX_BYTES = 64 * 2**20  # unpacked; both networks together have less than a hundredth of it
KINDS = (".safetensors", ".pt", ".pth")
WRAPPERS = ("state_dict", "model_state_dict", "model", "net")
REPAIR = N_(
    "Where it was made, load it and store only its weights: `model = torch.load(path)` and "
    "`torch.save(model.state_dict(), path)`."
)
NUMBERS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
NUMBERS += (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
LONGEST = 100_000  # samples of a trial that is looked for
LONGEST_NAME = 200  # characters of a channel or a class
USUAL_TIMES = 750  # samples of a course trial; several lengths leave the same number of features


class WeightsError(InputError):
    """A file of weights that cannot be used; the message names it, what is wrong and the repair."""


@dataclass(frozen=True)
class Found:
    """Which network some weights belong to, as their shapes tell. They cannot tell the activation, but for Maxout."""

    network: str
    n_chans: int
    n_times: int
    n_outputs: int
    options: Mapping[str, int]
    state: Mapping[str, Tensor]


def load_run(run: Run) -> nn.Module:
    """The network of a run with its kept weights, in evaluation mode; raises WeightsError where there are none yet."""
    config, shape = run.config.model, trials_shape(run)
    known = recognise(read(run.weights_path))
    found = replace(known, network=config.name, n_times=shape["n_times"])  # a length shapes alone do not tell
    return load(found, config.activation, negative_slope=config.negative_slope, alpha=config.alpha)


def trials_shape(run: Run) -> dict[str, Any]:
    """What a run's weights say of its trials: n_chans, n_times, sfreq, ch_names, class_names."""
    if not run.weights_path.exists():
        raise WeightsError(_("run {run} has no weights yet; they are stored when its first epoch ends.", run=run.id))
    try:
        with safetensors.safe_open(run.weights_path, "pt") as file:
            return _checked_shape(json_lines.parsed((file.metadata() or {})["trials"]))
    except (OSError, ValueError, TypeError, KeyError, safetensors.SafetensorError) as error:
        text = _("the weights of run {run} are damaged ({error}); train it again.", run=run.id, error=error)
        raise WeightsError(text) from error


def _checked_shape(stored: Any) -> dict[str, Any]:
    """The same, whoever wrote it; raises KeyError, TypeError or ValueError for what is no shape of trials."""
    sizes = [stored["n_chans"], stored["n_times"], stored["sfreq"]]
    names = [stored["ch_names"], stored["class_names"]]
    numbers = all(type(size) in (int, float) and 0 < size <= LONGEST for size in sizes)
    lists = all(isinstance(one, list) and _are_names(one) for one in names)
    if not (numbers and lists and all(size == int(size) for size in sizes[:2]) and len(names[0]) == sizes[0]):
        raise ValueError(_("its metadata do not tell the shape of trials"))
    return stored | {"n_chans": int(sizes[0]), "n_times": int(sizes[1])}


def _are_names(found: list[Any]) -> bool:
    """Whether these are texts, each another one."""
    return all(isinstance(name, str) and len(name) <= LONGEST_NAME for name in found) and len({*found}) == len(found)


def read(path: Path) -> dict[str, Tensor]:
    """The tensors in a file by name, on the CPU; nothing in it is ever run.

    Raises WeightsError for another kind of file, one that is damaged or too large, and numbers that are none.
    """
    if path.suffix.lower() not in KINDS:
        raise WeightsError(_("weights come as {kinds}; got {name!r}.", kinds=", ".join(KINDS), name=path.name))
    try:
        _check_size(path)
        stored = safetensors.torch.load_file(path) if path.suffix.lower() == ".safetensors" else _torch(path)
    except OSError as error:
        why = error.strerror or error
        raise WeightsError(_("{name} cannot be read ({why}).", name=path.name, why=why)) from error
    except safetensors.SafetensorError as error:
        text = _("{name} is no whole safetensors file ({error}); copy it again.", name=path.name, error=error)
        raise WeightsError(text) from error
    return _checked(path.name, stored)


def _check_size(path: Path) -> None:
    """Refuse what would not fit before it is opened: a few kilobytes of zip can declare any size."""
    _refuse_large(path.name, max(path.stat().st_size, _unpacked(path)))


def _unpacked(path: Path) -> int:
    """Bytes that a zip unpacks to, as its list of members says; raises WeightsError for a damaged list."""
    try:
        if not zipfile.is_zipfile(path):
            return 0
        with zipfile.ZipFile(path) as archive:
            return sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise _damaged(path) from error


def _refuse_large(name: str, size: int) -> None:
    if size > MAX_BYTES:
        text = _("{name} holds {size:.0f} MiB; at most {most} are read.")
        raise WeightsError(text.format(name=name, size=size / 2**20, most=MAX_BYTES >> 20))


def _torch(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            _(
                "{name} holds more than weights, such as a whole pickled model, and is not opened: loading it would "
                "run whatever code is inside. {repair}",
                name=path.name,
                repair=_(REPAIR),
            )
        ) from error
    except OSError:
        raise
    except Exception as error:  # a changed byte makes PyTorch's reader raise many kinds
        raise _damaged(path) from error


def _damaged(path: Path) -> WeightsError:
    return WeightsError(_("{name} is no file of PyTorch weights, or a part of one; copy it again.", name=path.name))


def _checked(name: str, stored: Any) -> dict[str, Tensor]:
    """Unwrap a state dict and look at each of its tensors."""
    for key in WRAPPERS:
        if isinstance(stored, Mapping) and isinstance(stored.get(key), Mapping):
            stored = stored[key]
    if not isinstance(stored, Mapping) or not stored or not all(isinstance(value, Tensor) for value in stored.values()):
        text = _("{name} holds no state dict (names with tensors). {repair}", name=name, repair=_(REPAIR))
        raise WeightsError(text)
    _check_plain(name, stored)
    bad = [key for key, value in stored.items() if value.is_floating_point() and not value.isfinite().all()]
    if bad:
        text = _("{name} has numbers that are none (NaN or infinite) in {bad}; it is of no use.")
        raise WeightsError(text.format(name=name, bad=", ".join(bad)))
    return {str(key): value for key, value in stored.items()}


def _check_plain(name: str, state: Mapping[Any, Tensor]) -> None:
    """Refuse tensors that are no plain numbers in memory, and those that would take more of it than their file says."""
    odd = [str(key) for key, value in state.items() if not _is_plain(value)]
    if odd:
        text = _("{name} has no plain numbers in {odd}, but sparse, compressed or empty ones; store them as float32.")
        raise WeightsError(text.format(name=name, odd=", ".join(odd[:6])))
    _refuse_large(name, sum(value.numel() * value.element_size() for value in state.values()))


def _is_plain(value: Tensor) -> bool:
    here = value.device.type == "cpu" and value.layout is torch.strided and not value.is_nested
    return here and value.dtype in NUMBERS


def recognise(state: Mapping[str, Tensor]) -> Found:
    """Which network the weights belong to; names as the lab report or braindecode spell them are understood.

    Raises WeightsError for weights of any other network.
    """
    named = braindecode.translated(state) if braindecode.is_eegnet(state) else _ours(state)
    for network, parts in (("EEGNet", _eegnet), ("DeepConvNet", _deepconvnet)):
        try:
            return Found(network, **parts(named), state=named)
        except (KeyError, ValueError, IndexError, StopIteration, ZeroDivisionError):
            continue
    text = _("these weights belong to none of {networks}; they are named {names}, …")
    raise WeightsError(text.format(networks=", ".join(models.MODELS), names=", ".join(list(named)[:6])))


def _ours(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names as in our networks: the report's code writes seperableConv, and EEGNet's classify as a bare layer."""
    named = {key.removeprefix("module.").replace("seperable", "separable"): value for key, value in state.items()}
    if "firstconv.0.weight" in named:
        bare = {"classify.weight": "classify.0.weight", "classify.bias": "classify.0.bias"}
        named = {bare.get(key, key): value for key, value in named.items()}
    return named


def _eegnet(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Sizes of an EEGNet; raises KeyError, IndexError, ValueError or ZeroDivisionError where it is none."""
    F1, *_one, kernel_length = state["firstconv.0.weight"].shape
    both, _one, n_chans, _one = state["depthwiseConv.0.weight"].shape
    F2 = state["separableConv.0.weight"].shape[0]
    n_outputs, features = state["classify.0.weight"].shape
    separable_length = state["separableConv.0.weight"].shape[3]
    lengths = {"kernel_length": kernel_length, "separable_length": separable_length}
    options = {"F1": F1, "D": both // F1, "F2": F2} | lengths

    def length_out(n_times: int) -> int:
        return models.EEGNet.length_out(n_times, **lengths)

    return {
        "n_chans": n_chans,
        "n_times": _n_times(features, F2, length_out),
        "n_outputs": n_outputs,
        "options": options,
    }


def _deepconvnet(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Sizes of a DeepConvNet; raises KeyError or ValueError where it is none."""
    n_chans = state["conv1.0.weight"].shape[2]
    n_outputs, features = state["classify.weight"].shape
    n_times = _n_times(features, state["conv4.0.weight"].shape[0], models.DeepConvNet.length_out)
    return {"n_chans": n_chans, "n_times": n_times, "n_outputs": n_outputs, "options": {}}


def _n_times(features: int, filters: int, length_out: Callable[[int], int]) -> int:
    """A trial's length that leaves this many features: the usual one where it does, else the shortest."""
    lengths = (USUAL_TIMES, *range(1, LONGEST))
    return next(n for n in lengths if length_out(n) * filters == features)


def load(found: Found, activation: str, **bend: float) -> nn.Module:
    """A network with these weights, in evaluation mode; raises WeightsError that lists what does not fit."""
    with torch.device("meta"):  # only shapes: those of a file may ask for any size
        wanted = _build(found, activation, **bend).state_dict()
    lacking = [key for key in wanted if key not in found.state and not key.endswith("tracked")]
    problems = [_("missing: {key}", key=key) for key in lacking]
    problems += [_("unexpected: {key}", key=key) for key in found.state if key not in wanted]
    shapes = _("shape of {key}: {has} where {needs} is needed")
    problems += [
        shapes.format(key=key, has=tuple(found.state[key].shape), needs=tuple(value.shape))
        for key, value in wanted.items()
        if key in found.state and found.state[key].shape != value.shape
    ]
    if problems:
        text = _("the weights do not fit {network} with {activation}. {problems}.")
        named = {"network": found.network, "activation": activation}
        raise WeightsError(text.format(**named, problems=_("; ").join(problems)))
    model = _build(found, activation, **bend)
    model.load_state_dict(dict(found.state), strict=False)
    # As when it was trained: the same order of summing, to the last digit.
    return model.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]


def _build(found: Found, activation: str, **bend: float) -> nn.Module:
    return models.build(
        found.network,
        n_chans=found.n_chans,
        n_times=found.n_times,
        n_outputs=found.n_outputs,
        activation=activation,
        **found.options,
        **bend,
    )
