"""What a network answers while `model.eval()` is forgotten: dropout still draws, batch norm goes by the batch."""

import copy

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from eegnets.seeding import seeded
from eegnets.translation import N_
from eegnets.trials import Trials

AT_MOST = 400  # trials: a few seconds for the larger network
PASSES = 5
# Mode -> the kinds of layers that are in training mode.
MODES: dict[str, tuple[type[nn.Module], ...]] = {
    N_("evaluation"): (),
    N_("dropout alone"): (nn.Dropout,),
    N_("batch norm alone"): (nn.BatchNorm2d,),
    N_("training: both"): (nn.Dropout, nn.BatchNorm2d),
}


def by_mode(model: nn.Module, trials: Trials, batch_size: int, seed: int = 0) -> pd.DataFrame:
    """The test loop of someone who forgets the mode, `PASSES` times in each of MODES; the network stays as it is.

    trials: filled, of which up to AT_MOST whose class is known are drawn. Rows of mode, pass (from 1), trials,
    accuracy (0..1) and unsteady: the share of trials that are not answered alike in all passes of the mode. Batches
    are drawn anew for each pass, as a training loader does.
    """
    chance = np.random.default_rng(seed)
    chosen = chance.permutation(np.flatnonzero(trials.y >= 0))[:AT_MOST]
    model, X, y = copy.deepcopy(model), torch.as_tensor(trials.X[chosen]), trials.y[chosen]
    X = X.to(next(model.parameters()))
    tables = []
    for mode, kinds in MODES.items():
        for layer in model.modules():
            layer.training = isinstance(layer, kinds)
        answers = np.stack([_answers(model, X, chance, batch_size) for _pass in range(PASSES)])  # (PASSES, n_trials)
        unsteady = (answers != answers[0]).any(axis=0).mean()
        columns = {"trials": len(y), "accuracy": (answers == y).mean(axis=1), "unsteady": unsteady}
        tables.append(pd.DataFrame({"mode": mode, "pass": range(1, PASSES + 1)} | columns))
    return pd.concat(tables, ignore_index=True)


def _answers(model: nn.Module, X: Tensor, chance: np.random.Generator, batch_size: int) -> np.ndarray:
    """The likeliest class of each trial, (n_trials,)."""
    found = np.empty(len(X), dtype=np.int64)
    with seeded(int(chance.integers(2**31))), torch.inference_mode():
        for some in np.split(chance.permutation(len(X)), range(batch_size, len(X), batch_size)):
            found[some] = model(X[some]).argmax(1).cpu().numpy()
    return found
