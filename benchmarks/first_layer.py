"""What the first layer hears before and after training, and whether its filters know the two sides of the head.

From the project's root:

    python -m benchmarks.first_layer [--source simulated] [--train 1,2,3] [--epochs 30]

For every shipped network of a source, and for one of each network trained here for each seed of `--train`, beside the
untrained network of the same seed: how many of EEGNet's kernels (of DeepConvNet's joint filters, on either electrode)
are loudest between 8 and 30 Hz, and the share of all kernels' gain squared that lies there; how one-sided the filters
in space are (0: both electrodes alike, 1: one alone); by how many standard deviations their power while a hand is
imagined differs between the classes; and two correlations over the filters that are loudest between 8 and 30 Hz, of the
side that a filter hears with the sign and size of that difference, and with how the network uses it.

Imagery of a hand weakens the rhythms of the other side, so both should be above zero. The first is so for any filter
that hears one side, trained or not: it is a fact of the trials. The second is what training makes.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from torch import nn

from eegnets import experiment, sources
from eegnets.classification import Classifier
from eegnets.config import DataConfig, RunConfig
from eegnets.filters import ANSWERING, first_layers, kernel_table, sides
from eegnets.run_folder import Run
from eegnets.runs import RunStore, shipped
from eegnets.trials import Trials


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="simulated")
    parser.add_argument("--train", default="", help="seeds to train besides, with commas between")
    parser.add_argument("--epochs", type=int, default=30)
    asked = parser.parse_args()
    seeds = [int(seed) for seed in asked.train.split(",") if seed]
    rows = []
    with TemporaryDirectory() as folder:
        for run in [*_shipped(asked.source), *_trained(Path(folder), asked.source, seeds, asked.epochs)]:
            rows += _measured(run)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False, float_format=lambda value: f"{value:.2f}"))
    print("\nMeans:")
    means = table.drop(columns="seed").groupby(["network", "weights"], sort=False).mean(numeric_only=True)
    print(means.to_string(float_format=lambda value: f"{value:.2f}"))


def _shipped(source: str) -> list[Run]:
    return [run for run in shipped().runs() if run.config.data.source == source]


def _trained(folder: Path, source: str, seeds: list[int], epochs: int) -> Iterator[Run]:
    store = RunStore(folder)
    for name in ("EEGNet", "DeepConvNet") if seeds else ():
        for seed in seeds:
            config = RunConfig(DataConfig(source)).with_(name=name, seed=seed, epochs=epochs, threads=1)
            run = store.create(config)
            experiment.execute(run)
            yield run


def _measured(run: Run) -> Iterator[dict[str, object]]:
    network, config = Classifier(run), run.config
    trials = sources.load(config.data)
    test = network.fold(trials, "test")
    before = experiment.build(config.model, trials, config.training.seed).eval()
    for weights, model in (("untrained", before), ("trained", network.model)):
        known = {"network": config.model.name, "activation": config.model.activation, "seed": config.training.seed}
        yield known | {"weights": weights} | _figures(model, test)


def _figures(model: nn.Module, test: Trials) -> dict[str, object]:
    found = first_layers(model)
    kernels = found.kernels if found.weights is not None else found.joint.reshape(-1, found.joint.shape[-1])
    table = kernel_table(kernels, test.sfreq)
    low, high = ANSWERING
    filters = sides(model, test, 0, test.n_chans - 1, _imagery(test))
    hearing = filters[filters["peak"].between(low, high)]
    return {
        "kernels": len(table),
        "8-30 Hz": int(table["peak"].between(low, high).sum()),
        "share": table["within"].mean(),
        "one-sided": filters["side"].abs().mean(),
        "difference": filters["apart"].abs().mean(),
        "side ~ difference": np.corrcoef(hearing["side"], hearing["apart"])[0, 1],
        "side ~ use": np.corrcoef(hearing["side"], hearing["used"])[0, 1],
        "use": filters["used"].abs().mean(),
    }


def _imagery(trials: Trials) -> tuple[float, float]:
    """The seconds of the last window, in which a hand is imagined; the second half of a trial without windows."""
    return list(trials.windows.values())[-1] if trials.windows else (trials.times[-1] / 2, trials.times[-1])


if __name__ == "__main__":
    main()
