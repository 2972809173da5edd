"""Whether the faster ways to train learn as well: test accuracies over seeds, each beside the plain engine's.

From the project's root:

    python -m benchmarks.same_scores [--source simulated] [--subjects A,B] [--model EEGNet] [--seeds 10] [--epochs 30]

Trains every seed by the engines `plain` and `fused` in float32 and by `fused` in bfloat16, in the pool of workers.
Prints the mean test accuracy of the last epoch and the paired difference over the seeds with its 95 % interval: fused
against plain, bfloat16 against float32. Rounding alone sends two runs different ways, so single runs differ.
"""

import argparse
import sys
from contextlib import redirect_stderr, redirect_stdout
from os import devnull
from pathlib import Path
from tempfile import TemporaryDirectory

from eegnets import cli
from eegnets.runs import RunStore
from eegnets.statistics import mean_interval, paired_difference

WAYS = {"plain": ("plain", "float32"), "fused": ("fused", "float32"), "fused, bfloat16": ("fused", "bfloat16")}
PAIRS = (("fused", "plain"), ("fused, bfloat16", "fused"))


def train(asked: argparse.Namespace, way: str, root: Path) -> dict[int, float]:
    """Seed -> test accuracy of the last epoch of a run trained this way."""
    engine, precision = WAYS[way]
    seeds = ",".join(str(seed) for seed in range(asked.seeds))
    given = ["--source", asked.source, "--models", asked.model, "--epochs", str(asked.epochs), "--seeds", seeds]
    given += ["--subjects", asked.subjects] if asked.subjects else []
    with Path(devnull).open("w") as silent, redirect_stdout(silent), redirect_stderr(silent):
        code = cli.main(["sweep", *given, "--engine", engine, "--precision", precision, "--runs", str(root / way)])
    if code:
        raise SystemExit(f"the sweep of {way} ended with {code}")
    runs = RunStore(root / way).runs()
    return {run.config.training.seed: run.result()["last"]["test_accuracy"] for run in runs}


def main() -> int:
    """Print a line for each way, and one for each pair."""
    parser = argparse.ArgumentParser(description="Test accuracies of the engines and precisions, over seeds.")
    for flag, default in (("source", "simulated"), ("subjects", ""), ("model", "EEGNet")):
        parser.add_argument(f"--{flag}", default=default)
    for flag, default in (("seeds", 10), ("epochs", 30)):
        parser.add_argument(f"--{flag}", type=int, default=default)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        scores = {way: train(asked, way, Path(folder)) for way in WAYS}
    for way, found in scores.items():
        mean = mean_interval(list(found.values()))
        print(f"{way:16} {100 * mean.mean:.2f} % ({100 * mean.low:.2f} to {100 * mean.high:.2f}), {mean.n} seeds")
    for first, second in PAIRS:
        gap = paired_difference(scores[first], scores[second])
        print(f"{first} less {second}: {100 * gap.mean:+.2f} points ({100 * gap.low:+.2f} to {100 * gap.high:+.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
