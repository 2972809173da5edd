"""How much of where the shipped networks looked lies in the imagery, where the simulated people differ by class.

From the project's root:

    python -m benchmarks.saliency_window [--trials 60] [--steps 16]

Of each network, test trials that it answers rightly (the first ones of an order by chance, seed 0): the mean size of
the pull of a sample of integrated gradients within the imagery window, against that outside, and the same for the
network with fresh weights. A ratio of 1: it looked everywhere alike. With fresh weights it may lie above 1, as
a map follows the trial's own shape as well; what was learned is what lies beyond that.
"""

import argparse

import numpy as np
import torch

from eegnets import sources
from eegnets.classification import Classifier
from eegnets.runs import shipped
from eegnets.saliency import integrated_gradients, unlearned
from eegnets.trials import Trials


def within(trials: Trials) -> np.ndarray:
    """Which samples of a trial lie in the imagery window, (n_times,)."""
    start, stop = trials.windows["imagery"]
    return (trials.times >= start) & (trials.times < stop)


def share_and_ratio(maps: np.ndarray, inside: np.ndarray) -> tuple[float, float, float]:
    """Share of all sizes within the window; ratio of a sample's mean size within to that outside; its standard error.

    maps: (n_trials, n_chans, n_times).
    """
    sizes = np.abs(maps).mean(axis=1)  # (n_trials, n_times)
    ratios = sizes[:, inside].mean(axis=1) / sizes[:, ~inside].mean(axis=1)
    share = float(sizes[:, inside].sum() / sizes.sum())
    return share, float(ratios.mean()), float(ratios.std(ddof=1) / np.sqrt(len(ratios)))


def main() -> None:
    """A line a network."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=60, help="right answers looked at, a network")
    parser.add_argument("--steps", type=int, default=16, help="of integrated gradients")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'network':32}{'right':>8}{'share within':>14}{'within : outside':>20}{'fresh weights':>16}")
    for run in shipped().runs()[::-1]:
        if run.config.data.source != "simulated":
            continue
        classifier = Classifier(run)
        fold = classifier.fold(sources.load(run.config.data), "test")
        inside = within(fold)
        answer = classifier.answers(fold)[list(classifier.shape.class_names)].to_numpy().argmax(axis=1)
        right = np.random.default_rng(0).permutation(np.flatnonzero(answer == fold.y))[: asked.trials]
        found = []
        for model in (classifier.model, unlearned(classifier.model)):
            maps = [integrated_gradients(model, fold.X[i], int(answer[i]), asked.steps) for i in right]
            found.append(share_and_ratio(np.stack(maps), inside))
        (share, ratio, error), (_, fresh, fresh_error) = found
        print(
            f"{run.id:32}{np.mean(answer == fold.y):8.3f}{share:14.1%}{ratio:13.2f} ± {error:.2f}"
            f"{fresh:11.2f} ± {fresh_error:.2f}"
        )
    print(f"the imagery window holds {inside.mean():.1%} of the samples; ± is one standard error over trials")


if __name__ == "__main__":
    main()
