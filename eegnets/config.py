"""What a run is asked to do: frozen settings whose default, bounds, unit and help stand once, here."""

import json
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from typing import Any, Self

from eegnets.settings import InputError, Setting, Settings, lookup, setting, unknown
from eegnets.translation import N_, _

__all__ = ["InputError", "Setting", "Settings", "lookup", "setting", "unknown"]


@dataclass(frozen=True)
class DataConfig(Settings):
    """Which trials: the source, its subjects (none named: all of them) and the source's own options."""

    source: str = setting("simulated", N_("Source"), N_("Where the trials come from."))
    subjects: tuple[str, ...] = setting(
        (), N_("Subjects"), N_("Whose trials; none chosen means everyone the source has.")
    )
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
        N_("Network"),
        N_("EEGNet is small and made for EEG; DeepConvNet is a general deep network."),
        choices=("EEGNet", "DeepConvNet"),  # as in models.MODELS, which would bring torch into every form
    )
    activation: str = setting(
        "ELU",
        N_("Activation"),
        N_("The bend after the convolutions, the first apart. Without it EEGNet could only draw a straight border."),
    )
    negative_slope: float = setting(
        0.01,
        N_("Leaky slope"),
        N_("How steep LeakyReLU is below zero (PyTorch's default is 0.01; the lab report's formula says 0.1)."),
        low=0.0,
        high=1.0,
    )
    alpha: float = setting(
        1.0, N_("ELU alpha"), N_("ELU sinks to minus alpha for very negative inputs."), low=0.0, high=10.0
    )
    dropout: float | None = setting(
        None,
        N_("Dropout"),
        N_(
            "Share of values silenced at random in each training step, so that no unit is relied on alone. "
            "Left empty: the lab report's 0.25 for EEGNet, 0.5 for DeepConvNet."
        ),
        low=0.0,
        high=0.95,
    )
    max_norm: bool = setting(
        False,
        N_("Max norm"),
        N_(
            "After each step, shrink a filter whose weights grow longer than 2 (0.5 in the last layer). "
            "In the lab report's table, not in its code."
        ),
    )


@dataclass(frozen=True)
class TrainingConfig(Settings):
    """How the network is fitted."""

    learning_rate: float = setting(
        1e-3,
        N_("Learning rate"),
        N_("Size of a step along the gradient. Too small: slow. Too large: it jumps about."),
        low=1e-7,
        high=100.0,
    )
    weight_decay: float = setting(
        0.01,
        N_("Weight decay"),
        N_(
            "Pulls every weight towards zero in each step, against learning the training trials by heart. "
            "The lab report compares 0.01 with 0."
        ),
        low=0.0,
        high=10.0,
    )
    epochs: int = setting(
        30, N_("Epochs"), N_("How often every training trial is seen. The lab report takes 500."), low=1, high=10_000
    )
    batch_size: int = setting(
        64, N_("Batch size"), N_("Trials whose gradients are averaged for one step."), low=1, high=4096
    )
    validation: float = setting(
        0.2,
        N_("Validation share"),
        N_(
            "Part of the training trials held back to choose the epoch without looking at the test trials. "
            "0, as in the lab report: none."
        ),
        low=0.0,
        high=0.5,
    )
    optimizer: str = setting(
        "Adam",
        N_("Optimiser"),
        N_("How gradients become steps. Adam, the lab report's, gives each weight its own step size."),
        choices=("Adam", "AdamW", "SGD", "RMSprop"),
    )
    momentum: float = setting(
        0.9, N_("Momentum"), N_("How much of the last step is kept in the next (SGD only)."), low=0.0, high=0.999
    )
    seed: int = setting(
        0,
        N_("Seed"),
        N_(
            "Draws the first weights, which training trials are held back for validation, the order of the others and "
            "the dropout. Same seed, same run."
        ),
        low=0,
        high=2**31 - 1,
    )
    device: str = setting(
        "auto",
        N_("Device"),
        N_("What computes. auto takes the graphics card if there is one."),
        choices=("auto", "cpu", "cuda", "mps"),
    )
    threads: int | None = setting(
        None,
        N_("Threads"),
        N_("Processor threads of the run; kept with it, since another count changes the last digits."),
        low=1,
        high=1024,
    )
    engine: str = setting(
        "fused",
        N_("Engine"),
        N_(
            "How the network is computed: fused takes its linear layers together and is faster; plain goes layer by "
            "layer. Same network, same figures to the last digits, but dropout draws other numbers. On Apple's "
            "graphics card, and with more than 32 channels into EEGNet, fused goes layer by layer, too."
        ),
        choices=("fused", "plain"),
    )
    precision: str = setting(
        "float32",
        N_("Precision"),
        N_(
            "How exactly products are computed. bfloat16 keeps 8 of 24 binary digits: faster where processor or card "
            "has instructions for it, usually slower elsewhere; scores agree within noise. The page Devices says what "
            "is here."
        ),
        choices=("float32", "bfloat16"),
    )
    keep: str = setting(
        "best_validation",
        N_("Keep the weights of"),
        N_(
            "Which epoch's weights are stored: chosen on validation (the last one where there is no validation), the "
            "last, or the best on test, as the lab report counts (optimistic: it looks at the test set)."
        ),
        choices=("best_validation", "last", "best_test"),
    )
    instruments: bool = setting(
        False,
        N_("Instruments"),
        N_(
            "After each epoch, read off silent units, slopes, and the size of gradients and weights. Changes no result."
        ),
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
    @lru_cache(maxsize=4096)  # pages ask for the same ones over and over
    def from_json(cls, text: str) -> Self:
        """The config in a JSON text, as by `from_dict`."""
        return cls.from_dict(json.loads(text))

    @classmethod
    def from_dict(cls, stored: Mapping[str, Mapping[str, Any]]) -> Self:
        """The config a `to_dict` came from; raises InputError for a setting that is unknown or out of bounds."""
        stored = _mapping("a config", stored)
        parts = {part: _section(kind, _mapping(part, stored.get(part, {}))) for part, kind in SECTIONS.items()}
        return cls(**parts)

    def with_(self, **changes: object) -> Self:
        """A copy with settings changed by their bare names, whichever object they stand in."""
        for name in changes:
            lookup(SETTINGS, N_("setting"), name)
        parts = {}
        for part, kind in SECTIONS.items():
            mine = {name: value for name, value in changes.items() if name in kind.table()}
            parts[part] = getattr(self, part).with_(**mine)
        return type(self)(**parts)


def _mapping(name: str, stored: object) -> Mapping[str, Any]:
    if not isinstance(stored, Mapping):
        raise InputError(_("{name} is an object of settings; got {stored!r}.", name=name, stored=stored))
    return stored


def _section(kind: type[Settings], stored: Mapping[str, Any]) -> Settings:
    known = {f.name for f in fields(typing.cast("Any", kind))}
    for name in stored:
        if name not in known:
            raise InputError(unknown(N_("setting"), name, sorted(known)))
    if "options" in stored:
        _mapping("options", stored["options"])
    return kind(**stored)


SECTIONS: dict[str, type[Settings]] = {"data": DataConfig, "model": ModelConfig, "training": TrainingConfig}
SETTINGS: dict[str, Setting] = {name: rule for kind in SECTIONS.values() for name, rule in kind.table().items()}
