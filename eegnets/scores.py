"""The three scores of a run, kept apart: its last epoch, the best on validation, the best on test."""

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


def _validation_rank(record: Mapping[str, Any]) -> tuple[float, float]:
    return record["validation_accuracy"], -record["validation_loss"]
