"""Every real source that is at hand: what it holds, and how well two networks and a linear classifier read it.

From the project's root:

    python -m benchmarks.real_sources [--epochs 30] [--seeds 0,1,2]

Prints a table in Markdown. The networks have the lab report's settings (no trials held back for validation); what
counts is the last epoch. The linear classifier is Fisher's, with shrunken covariance, on the log power of mu and beta
for imagery, and on the mean voltage of short windows for slow potentials.
"""

import argparse
import sys
from collections.abc import Iterator

import numpy as np
import torch

from eegnets import experiment, training
from eegnets.baseline import band_powers, linear_accuracy
from eegnets.config import DataConfig, InputError, ModelConfig, TrainingConfig
from eegnets.sources import load
from eegnets.trials import Trials, split

SETS = (
    DataConfig("graz-iiib", ("O3VR",)),
    DataConfig("scp1", options={"channels": "bipolar"}),
    DataConfig("scp1", options={"channels": "all"}),
    DataConfig("physionet-mi", ("S001",)),
)
PIECES = 8  # windows of a trial of slow potentials


def slow_potentials(trials: Trials) -> np.ndarray:
    """Mean voltage of each of the windows, (n_trials, PIECES n_chans)."""
    return np.hstack([piece.mean(axis=-1) for piece in np.array_split(trials.X, PIECES, axis=-1)])


def linear(trials: Trials, source: str) -> float:
    """Of the linear classifier on the test trials."""
    filled = trials.filled(trials.of_split("train").channel_means())
    return linear_accuracy(trials, slow_potentials(filled) if source == "scp1" else band_powers(filled))


def network_accuracies(trials: Trials, name: str, epochs: int, seeds: list[int]) -> Iterator[float]:
    """Test accuracy of the last epoch, for each seed."""
    for seed in seeds:
        folds = split(trials, 0.0, seed)
        model = experiment.build(ModelConfig(name), trials, seed)
        config = TrainingConfig(epochs=epochs, validation=0.0, seed=seed)
        *_, last = training.fit(model, folds.train, None, folds.test, config)
        yield last.test_accuracy or 0.0


def row(config: DataConfig, epochs: int, seeds: list[int]) -> str:
    """A line of the table."""
    trials = load(config)
    counts = " + ".join(str((trials.split == part).sum()) for part in ("train", "test"))
    cells = [" ".join((config.source, *config.subjects, *map(str, config.options.values()))), counts]
    cells += [str(trials.n_chans), str(trials.n_times), f"{trials.sfreq:g} Hz", ", ".join(trials.class_names)]
    for name in ("EEGNet", "DeepConvNet"):
        cells.append(" ".join(f"{found:.3f}" for found in network_accuracies(trials, name, epochs, seeds)))
    return f"| {' | '.join([*cells, f'{linear(trials, config.source):.3f}'])} |"


def main() -> int:
    """Print the table; a source that is not here is named on stderr."""
    parser = argparse.ArgumentParser(description="What the real sources hold, and how well they are read.")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seeds", default="0,1,2")
    asked = parser.parse_args()
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    torch.set_num_threads(1)
    heads = ("source", "training + test trials", "channels", "samples", "rate", "classes")
    print(f"| {' | '.join((*heads, f'EEGNet, seeds {asked.seeds}', 'DeepConvNet', 'linear'))} |")
    print(f"|{'---|' * 9}")
    for config in SETS:
        try:
            print(row(config, asked.epochs, seeds), flush=True)
        except InputError as error:
            print(f"{config.source} is left out: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
