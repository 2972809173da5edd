"""The three scores of a run, kept apart: its last epoch, the best on validation, the best on test."""

import sys
from collections.abc import Mapping
from typing import Any


def summary(history: list[dict[str, Any]]) -> dict[str, dict[str, Any] | None]:
    """The three scores of a history, kept apart: each an epoch's record, or None where there is no such fold.

    `last` is the last epoch; `best_validation` the epoch of highest validation accuracy (the lower loss on a tie);
    `best_test` the first epoch of highest test accuracy, as the lab report counts: it has looked at the test set.
    """
    validated = [record for record in history if record["validation_accuracy"] is not None]
    tested = [record for record in history if record["test_accuracy"] is not None]
    return {
        "last": history[-1] if history else None,
        "best_validation": max(validated, key=_validation_rank, default=None),
        "best_test": max(tested, key=lambda record: record["test_accuracy"], default=None),
    }


def check(record: Mapping[str, Any]) -> None:
    """Raise ValueError for a record that no epoch leaves."""
    epoch(record.get("epoch"))
    for fold in ("train", "validation", "test"):
        share(record.get(f"{fold}_accuracy"))
        _number(record.get(f"{fold}_loss"), -sys.float_info.max, sys.float_info.max)  # one that runs away is huge
    for name in ("seconds", "learning_rate", "weight_decay"):
        amount(record.get(name))


def epoch(value: Any) -> int:
    """The number of an epoch; ValueError for anything but a whole number from 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"epoch {value!r}")
    return value


def share(value: Any) -> float | None:
    """An accuracy, or None; ValueError for anything but a number from 0 to 1."""
    return _number(value, 0.0, 1.0)


def amount(value: Any) -> float | None:
    """A time in s or a size, or None; ValueError for anything but a number from 0 to a thousand million."""
    return _number(value, 0.0, 1e9)


def _number(value: Any, least: float, most: float) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{value!r}")
    return float(value)


def _validation_rank(record: Mapping[str, Any]) -> tuple[float, float]:
    return record["validation_accuracy"], -record["validation_loss"]
