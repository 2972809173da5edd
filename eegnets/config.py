"""What a run is asked to do: frozen settings whose default, bounds, unit and help stand once, here."""

import difflib
import functools
import json
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self


class InputError(ValueError):
    """Something a user gave cannot be used; the message names it, what is allowed, what came and the repair."""


@dataclass(frozen=True)
class Setting:
    """One thing a user may choose: how it is called, explained and bounded.

    `unit` is what the number counts ("" for a pure number); `low` and `high` are inclusive. An empty `choices`
    means that a registry (networks, activations, sources) or the bounds decide.
    """

    label: str
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    name: str = ""
    kind: Any = str
    default: Any = None

    @property
    def key(self) -> str:
        """What the setting is called where no section says whose it is: in a flag, an address, a form."""
        return "model" if self.name == "name" else self.name

    @property
    def optional(self) -> bool:
        """Whether the setting may be left open (None)."""
        return type(None) in typing.get_args(self.kind)

    @property
    def type(self) -> type:
        """The plain type of a value: int, float, bool, str or tuple."""
        if isinstance(self.kind, types.UnionType):
            return next(kind for kind in typing.get_args(self.kind) if kind is not type(None))
        return typing.get_origin(self.kind) or self.kind

    def describe_range(self) -> str:
        """The allowed values in words."""
        if self.choices:
            return ", ".join(self.choices)
        kinds = {int: "a whole number", float: "a number", bool: "true or false", tuple: "names, with commas between"}
        low = "" if self.low is None else f" from {self.low:.10g}"
        high = "" if self.high is None else f" to {self.high:.10g}"  # ten digits: the seed's bound in full
        return kinds.get(self.type, "text") + low + high + (" (or nothing)" if self.optional else "")

    def check(self, value: object) -> Any:
        """Return `value` as the setting's type; raises InputError naming what is allowed and what came."""
        if value is None and self.optional:
            return None
        try:
            converted = self._convert(value)
        except (TypeError, ValueError, OverflowError):  # overflow: an infinite or huge number
            raise self._refuse(value) from None
        if self.choices and converted not in self.choices:
            raise InputError(unknown(self.label.lower(), str(value), self.choices))
        too_low = self.low is not None and not converted >= self.low
        too_high = self.high is not None and not converted <= self.high
        if too_low or too_high:
            raise self._refuse(value)
        return converted

    def _convert(self, value: object) -> Any:
        if self.type is tuple:
            parts = value.split(",") if isinstance(value, str) else list(typing.cast("Iterable[object]", value))
            return tuple(str(part).strip() for part in parts if str(part).strip())
        if self.type is bool:
            return _as_bool(value)
        if isinstance(value, bool) or (self.type is str and not isinstance(value, str)):
            raise ValueError(value)
        if self.type is int and float(typing.cast("Any", value)) != int(typing.cast("Any", value)):
            raise ValueError(value)
        return self.type(value)

    def _refuse(self, value: object) -> InputError:
        return InputError(f"{self.name} takes {self.describe_range()}; got {value!r}.")


def _as_bool(value: object) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if str(value).lower() not in words:
        raise ValueError(value)
    return words[str(value).lower()]


def unknown(what: str, name: object, allowed: Iterable[str]) -> str:
    """The message for a name that is not in a list: what came, what is allowed, and the nearest one."""
    allowed = list(allowed)
    lowered = {option.lower(): option for option in allowed}
    near = difflib.get_close_matches(str(name).lower(), lowered, n=1, cutoff=0.6)
    hint = f" Did you mean {lowered[near[0]]!r}?" if near else ""
    return f"unknown {what} {name!r}; choose from {', '.join(allowed)}.{hint}"


Entry = typing.TypeVar("Entry")


def lookup(registry: Mapping[str, Entry], what: str, name: str) -> Entry:
    """The entry `name` of a registry; raises InputError listing what there is."""
    if name not in registry:
        raise InputError(unknown(what, name, registry))
    return registry[name]


def setting(default: Any, label: str, help: str, **bounds: Any) -> Any:
    """A dataclass field that carries its `Setting`."""
    return field(default=default, metadata={"setting": Setting(label, help, **bounds)})


class Settings:
    """A frozen dataclass of settings: checked when made, listed by `table`, copied by `with_`."""

    def __post_init__(self) -> None:
        for name, rule in self.table().items():
            object.__setattr__(self, name, rule.check(getattr(self, name)))

    @classmethod
    @functools.cache  # made anew, it was most of the time that a table of 500 runs took
    def table(cls) -> dict[str, Setting]:
        """Name -> Setting, in the order in which they are written; all share it, so leave it as it is."""
        return {
            f.name: replace(f.metadata["setting"], name=f.name, kind=f.type, default=f.default)
            for f in fields(typing.cast("Any", cls))
            if "setting" in f.metadata
        }

    def with_(self, **changes: object) -> Self:
        """A copy with some settings changed (and checked)."""
        return replace(typing.cast("Any", self), **changes)


@dataclass(frozen=True)
class DataConfig(Settings):
    """Which trials: the source, its subjects (none named: all of them) and the source's own options."""

    source: str = setting("simulated", "Source", "Where the trials come from.")
    subjects: tuple[str, ...] = setting((), "Subjects", "Whose trials; none chosen means everyone the source has.")
    options: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """One line of text; equal choices give equal text."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The config a `to_json` came from."""
        return cls(**json.loads(text))


@dataclass(frozen=True)
class ModelConfig(Settings):
    """Which network, with which activation between its layers."""

    name: str = setting(
        "EEGNet",
        "Network",
        "EEGNet is small and made for EEG; DeepConvNet is a general deep network.",
        choices=("EEGNet", "DeepConvNet"),  # as in models.MODELS, which would bring torch into every form
    )
    activation: str = setting(
        "ELU",
        "Activation",
        "The bend after each convolution. Without it the network could only draw a straight border.",
    )
    negative_slope: float = setting(
        0.01,
        "Leaky slope",
        "How steep LeakyReLU is below zero (PyTorch's default is 0.01; the lab report's formula says 0.1).",
        low=0.0,
        high=1.0,
    )
    alpha: float = setting(1.0, "ELU alpha", "ELU sinks to minus alpha for very negative inputs.", low=0.0, high=10.0)
    dropout: float | None = setting(
        None,
        "Dropout",
        "Share of values silenced at random in each training step, so that no unit is relied on alone. "
        "Left empty: the lab report's 0.25 for EEGNet, 0.5 for DeepConvNet.",
        low=0.0,
        high=0.95,
    )
    max_norm: bool = setting(
        False,
        "Max norm",
        "After each step, shrink a filter whose weights grow longer than 2 (0.5 in the last layer). "
        "In the lab report's table, not in its code.",
    )


@dataclass(frozen=True)
class TrainingConfig(Settings):
    """How the network is fitted."""

    learning_rate: float = setting(
        1e-3,
        "Learning rate",
        "Size of a step along the gradient. Too small: slow. Too large: it jumps about.",
        low=1e-7,
        high=100.0,
    )
    weight_decay: float = setting(
        0.01,
        "Weight decay",
        "Pulls every weight towards zero in each step, against learning the training trials by heart. "
        "The lab report compares 0.01 with 0.",
        low=0.0,
        high=10.0,
    )
    epochs: int = setting(
        30, "Epochs", "How often every training trial is seen. The lab report takes 500.", low=1, high=10_000
    )
    batch_size: int = setting(64, "Batch size", "Trials whose gradients are averaged for one step.", low=1, high=4096)
    validation: float = setting(
        0.2,
        "Validation share",
        "Part of the training trials held back to choose the epoch without looking at the test trials. "
        "0, as in the lab report: none.",
        low=0.0,
        high=0.5,
    )
    optimizer: str = setting(
        "Adam",
        "Optimiser",
        "How gradients become steps. Adam, the lab report's, gives each weight its own step size.",
        choices=("Adam", "AdamW", "SGD", "RMSprop"),
    )
    momentum: float = setting(
        0.9, "Momentum", "How much of the last step is kept in the next (SGD only).", low=0.0, high=0.999
    )
    seed: int = setting(
        0,
        "Seed",
        "Draws the first weights, the order of trials and the dropout. Same seed, same run.",
        low=0,
        high=2**31 - 1,
    )
    device: str = setting(
        "auto",
        "Device",
        "What computes. auto takes the graphics card if there is one.",
        choices=("auto", "cpu", "cuda", "mps"),
    )
    threads: int | None = setting(
        None,
        "Threads",
        "Processor threads of the run; kept with it, since another count changes the last digits.",
        low=1,
        high=1024,
    )
    engine: str = setting(
        "fused",
        "Engine",
        "How the network is computed on the processor: fused takes its linear layers together and is faster; plain "
        "goes layer by layer. Same network, same figures to the last digits, but dropout draws other numbers.",
        choices=("fused", "plain"),
    )
    precision: str = setting(
        "float32",
        "Precision",
        "How exactly products are computed. bfloat16 keeps 8 of 24 binary digits: faster where processor or card has "
        "instructions for it, usually slower elsewhere; scores agree within noise. The page Devices says what is here.",
        choices=("float32", "bfloat16"),
    )
    keep: str = setting(
        "best_validation",
        "Keep the weights of",
        "Which epoch's weights are stored: chosen on validation (the last one where there is no validation), the last, "
        "or the best on test, as the lab report counts (optimistic: it looks at the test set).",
        choices=("best_validation", "last", "best_test"),
    )
    instruments: bool = setting(
        False,
        "Instruments",
        "After each epoch, read off silent units, slopes, and the size of gradients and weights. Changes no result.",
    )


@dataclass(frozen=True)
class RunConfig:
    """Everything a run is asked to do: `data`, `model` and `training`, as in its config.json."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Plain JSON-able objects."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Mapping[str, Any]]) -> Self:
        """The config a `to_dict` came from; raises InputError for a setting that is unknown or out of bounds."""
        stored = _mapping("a config", stored)
        parts = {part: _section(kind, _mapping(part, stored.get(part, {}))) for part, kind in SECTIONS.items()}
        return cls(**parts)

    def with_(self, **changes: object) -> Self:
        """A copy with settings changed by their bare names, whichever object they stand in."""
        for name in changes:
            lookup(SETTINGS, "setting", name)
        parts = {}
        for part, kind in SECTIONS.items():
            mine = {name: value for name, value in changes.items() if name in kind.table()}
            parts[part] = getattr(self, part).with_(**mine)
        return type(self)(**parts)


def _mapping(name: str, stored: object) -> Mapping[str, Any]:
    if not isinstance(stored, Mapping):
        raise InputError(f"{name} is an object of settings; got {stored!r}.")
    return stored


def _section(kind: type[Settings], stored: Mapping[str, Any]) -> Settings:
    known = {f.name for f in fields(typing.cast("Any", kind))}
    for name in stored:
        if name not in known:
            raise InputError(unknown("setting", name, sorted(known)))
    return kind(**stored)


SECTIONS: dict[str, type[Settings]] = {"data": DataConfig, "model": ModelConfig, "training": TrainingConfig}
SETTINGS: dict[str, Setting] = {name: rule for kind in SECTIONS.values() for name, rule in kind.table().items()}
