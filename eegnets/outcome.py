"""What came of one run of a lesson, and its figures after an epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan, sqrt
from typing import Any

import numpy as np

from eegnets.config import RunConfig


@dataclass(frozen=True)
class Outcome:
    """What came of one run: what was asked, how it ended, its epochs, instruments, and how many test trials there are.

    guessing: the accuracy on them of one who always answers the most frequent class. within: share (0..1) of what the
    first layer lets through that lies between 8 and 30 Hz, untrained and trained. by_person: accuracy (0..1) on the
    test trials of people, whether or not the run learned from them.
    """

    config: RunConfig
    state: str
    history: Sequence[Mapping[str, Any]]
    message: str = ""
    readings: Sequence[Mapping[str, Any]] = ()
    n_test: int = 0
    guessing: float = 0.5
    within: tuple[float, float] | None = None
    by_person: Mapping[str, float] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """The seed, by which runs are paired."""
        return self.config.training.seed

    def at(self, epoch: int, key: str) -> float:
        """A figure of an epoch; nan where there is no such fold."""
        value = self.history[epoch - 1][key]
        return nan if value is None else float(value)

    def train_loss(self, epoch: int) -> float:
        """On the training trials, nats."""
        return self.at(epoch, "train_loss")

    def test_accuracy(self, epoch: int) -> float:
        """On the test trials, 0..1."""
        return self.at(epoch, "test_accuracy")

    def ahead(self, epoch: int) -> float:
        """Accuracy on the training trials less that on the test trials."""
        return self.at(epoch, "train_accuracy") - self.test_accuracy(epoch)

    def jumps(self, epoch: int) -> float:
        """How far test accuracy goes from one epoch to the next, on average up to this one; nan for the first."""
        scores = [self.test_accuracy(one) for one in range(1, epoch + 1)]
        return float(np.abs(np.diff(scores)).mean()) if epoch > 1 else nan

    def length(self, epoch: int) -> float:
        """The L2 norm of all weights together after an epoch; nan where nobody read the instruments."""
        for reading in self.readings:
            if reading["epoch"] == epoch:
                return sqrt(sum((figures["weights"] or 0.0) ** 2 for figures in reading["layers"].values()))
        return nan
