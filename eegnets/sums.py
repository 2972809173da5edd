"""What a pass over trials adds up to, and how far one has come."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Fitted(NamedTuple):
    """A pass over a fold: mean cross-entropy in nats per trial, share of trials answered right."""

    loss: float
    accuracy: float


class Underway(NamedTuple):
    """How far an epoch (from 1) has come: training trials seen, of how many, and the figures of those seen."""

    epoch: int
    seen: int
    trials: int
    train_loss: float
    train_accuracy: float


Watch = Callable[[Callable[[], Underway]], None]


class Sums(NamedTuple):
    """Cross-entropy and right answers, summed on the device: .item() for each batch would wait for it."""

    loss: Tensor
    right: Tensor

    @classmethod
    def on(cls, device: torch.device) -> "Sums":
        """Nothing yet."""
        return cls(torch.zeros((), device=device), torch.zeros((), device=device))

    def clear(self) -> None:
        """Back to nothing, in place."""
        self.loss.zero_()
        self.right.zero_()

    def add(self, loss: Tensor, logits: Tensor, y: Tensor) -> None:
        """A batch's summed loss, and its answers beside the labels."""
        self.loss.add_(loss)
        self.right.add_((logits.argmax(1) == y).sum())

    def mean(self, n_trials: int) -> Fitted:
        """Over all trials."""
        return Fitted(self.loss.item() / n_trials, self.right.item() / n_trials)
