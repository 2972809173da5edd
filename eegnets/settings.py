"""What a setting is: label, help, bounds and unit in one place, and the check of a value with what it says."""

import difflib
import functools
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from eegnets.translation import N_, _

TEXT = N_("text")
KINDS = {
    int: N_("a whole number"),
    float: N_("a number"),
    bool: N_("true or false"),
    tuple: N_("names, with commas between"),
}


class InputError(ValueError):
    """Something a user gave cannot be used; the message names it, what is allowed, what came and the repair."""


@dataclass(frozen=True)
class Setting:
    """One thing a user may choose: how it is called, explained and bounded.

    `unit` is what the number counts ("" for a pure number); `low` and `high` are inclusive. An empty `choices`
    means that a registry (networks, activations, sources) or the bounds decide. `left_open`: what None is called.
    """

    label: str
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    left_open: str = N_("automatic")
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
        kind = _(KINDS.get(self.type, TEXT))
        low, high = ("" if bound is None else f"{bound:.10g}" for bound in (self.low, self.high))  # a seed's in full
        if low and high:
            kind = _("{kind} from {low} to {high}", kind=kind, low=low, high=high)
        elif low:
            kind = _("{kind} from {low}", kind=kind, low=low)
        elif high:
            kind = _("{kind} to {high}", kind=kind, high=high)
        return _("{kind} (or nothing)", kind=kind) if self.optional else kind

    def check(self, value: object) -> Any:
        """Return `value` as the setting's type; raises InputError naming what is allowed and what came."""
        if value is None and self.optional:
            return None
        try:
            converted = self._convert(value)
        except (TypeError, ValueError, OverflowError):  # overflow: an infinite or huge number
            raise self._refuse(value) from None
        if self.choices and converted not in self.choices:
            raise InputError(unknown(_(self.label).lower(), str(value), self.choices))
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
        allowed = self.describe_range()
        return InputError(
            _("{setting} takes {allowed}; got {value!r}.", setting=self.name, allowed=allowed, value=value)
        )


def _as_bool(value: object) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if str(value).lower() not in words:
        raise ValueError(value)
    return words[str(value).lower()]


def unknown(what: str, name: object, allowed: Iterable[str]) -> str:
    """The message for a name that is not in a list: what came, what is allowed, and the nearest one.

    what: of what kind it should be, in the reader's language or marked for translation.
    """
    allowed = list(allowed)
    lowered = {option.lower(): option for option in allowed}
    near = difflib.get_close_matches(str(name).lower(), lowered, n=1, cutoff=0.6)
    said = {"what": _(what), "name": name, "allowed": ", ".join(allowed)}
    if not near:
        return _("unknown {what} {name!r}; choose from {allowed}.", **said)
    return _("unknown {what} {name!r}; choose from {allowed}. Did you mean {near!r}?", near=lowered[near[0]], **said)


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
