"""Seconds per epoch of this EEGNet and of braindecode's, trained by skorch, on the same trials in the same batches.

From the project's root:

    pip install braindecode skorch
    python -m benchmarks.braindecode_epoch [--rounds 5] [--trials 1080] [--batch-size 64] [--threads 2]

They take turns. An epoch is one pass of training and one evaluation of as many test trials, by Adam and
cross-entropy. The EEGNet of braindecode has the same filters (F1 16, D 2, F2 32, kernels of 51 and 15).
"""

import argparse
import statistics
import sys
import types
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any

import torch

from eegnets.bench import noise, turns
from eegnets.config import TrainingConfig
from eegnets.models import build
from eegnets.training import fit
from eegnets.trials import Folds

LEARNING_RATE, WEIGHT_DECAY = 1e-3, 0.01


class _StandIn(types.ModuleType):
    """A module of which nothing is ever called, only imported."""

    __path__: list[str] = []  # noqa: RUF012 - what makes it a package

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (torch.nn.Module,), {})


def without_torchaudio() -> None:
    """Spare it torchaudio, imported for filters that EEGNet has not: its wheel may not load beside this torch."""
    for name in ("torchaudio", "torchaudio.functional", "torchaudio.transforms"):
        module = sys.modules[name] = _StandIn(name)
        module.__spec__ = ModuleSpec(name, None)
        parent, _, inner = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], inner, module)


def ours(folds: Folds, batch_size: int) -> Callable[[], object]:
    """An epoch of this project's EEGNet with the engine that it takes by itself."""
    config = TrainingConfig(
        epochs=10_000, batch_size=batch_size, learning_rate=LEARNING_RATE, weight_decay=WEIGHT_DECAY, device="cpu"
    )
    model = build("EEGNet", n_chans=folds.train.n_chans, n_times=folds.train.n_times, n_outputs=2)
    records = fit(model, folds.train, None, folds.test, config)
    return lambda: next(records)


def theirs(folds: Folds, batch_size: int) -> Callable[[], object]:
    """An epoch of braindecode's EEGNet in skorch's loop, which evaluates the test trials as its validation set."""
    from braindecode.models import EEGNet
    from skorch import NeuralNetClassifier
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    network = EEGNet(
        n_chans=folds.train.n_chans,
        n_times=folds.train.n_times,
        n_outputs=2,
        F1=16,
        D=2,
        F2=32,
        kernel_length=51,
        depthwise_kernel_length=15,
    )
    trained = NeuralNetClassifier(
        network,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        optimizer__weight_decay=WEIGHT_DECAY,
        lr=LEARNING_RATE,
        batch_size=batch_size,
        iterator_train__shuffle=True,
        train_split=predefined_split(Dataset(folds.test.X, folds.test.y)),
        verbose=0,
    ).initialize()
    return lambda: trained.partial_fit(folds.train.X, folds.train.y, epochs=1)


def main() -> int:
    """Print both medians and their ratio."""
    parser = argparse.ArgumentParser(description="This EEGNet beside braindecode's, trained by skorch.")
    for flag, default in (("rounds", 5), ("trials", 1080), ("batch-size", 64), ("threads", 2)):
        parser.add_argument(f"--{flag}", type=int, default=default)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    folds = noise(asked.trials)
    without_torchaudio()
    takers = {
        "eegnets": ours(folds, asked.batch_size),
        "braindecode, skorch": theirs(folds, asked.batch_size),
    }
    seconds: dict[str, list[float]] = {who: [] for who in takers}
    for turn in turns(takers, asked.rounds):
        seconds[turn.who] += [turn.seconds] * bool(turn.round)
    median = {who: statistics.median(took) for who, took in seconds.items()}
    for who, took in median.items():
        print(f"{who:22} {took:.2f} s an epoch")
    print(f"{median['braindecode, skorch'] / median['eegnets']:.1f} times as fast")
    return 0


if __name__ == "__main__":
    sys.exit(main())
