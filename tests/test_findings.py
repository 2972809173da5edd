"""What runs say together is what SciPy finds in their scores, and no more."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eegnets.findings import differences_words, findings


def rows(cells, seeds=range(3)):
    """A row for each cell and seed; cells: (activation, weight decay) -> accuracies by seed."""
    return [
        {
            **{"id": f"{activation}-{decay}-{seed}", "model": "EEGNet", "activation": activation},
            **{"weight_decay": decay, "seed": seed, "last": cells[activation, decay][seed]},
            **{"best_validation": None, "best_test": cells[activation, decay][seed] + 0.03},
        }
        for activation, decay in cells
        for seed in seeds
    ]


def test_a_difference_that_every_seed_shows_is_told_with_students_interval():
    relu, elu = np.array([0.86, 0.87, 0.88]), np.array([0.84, 0.849, 0.861])
    said = differences_words(pd.DataFrame(rows({("ReLU", 0.01): relu, ("ELU", 0.01): elu})), "last")
    gap = 100 * (relu - elu)
    low, high = stats.t.interval(0.95, 2, gap.mean(), stats.sem(gap))
    assert low > 0
    assert f"ReLU against ELU {gap.mean():+.1f} points ({low:.1f} to {high:.1f})" in said
    assert "of 1 paired differences over seeds, 1 leaves zero outside" in said


def test_what_seeds_do_alone_is_no_difference_and_chance_is_counted():
    cells = {("ReLU", 0.01): [0.8, 0.9, 0.7], ("ELU", 0.01): [0.9, 0.7, 0.8], ("ReLU", 0.0): [0.7, 0.8, 0.9]}
    said = differences_words(pd.DataFrame(rows(cells)), "last")
    assert "of 2 paired differences over seeds, none leaves" in said  # ELU with 0.01 against ReLU without is not one
    assert "0.1 would by chance" in said


def test_one_seed_tells_nothing():
    said = differences_words(pd.DataFrame(rows({("ReLU", 0.01): [0.9], ("ELU", 0.01): [0.5]}, range(1))), "last")
    assert "no difference can be told from luck" in said


def test_how_much_the_best_test_epoch_flatters_comes_first():
    flatters, last, chosen = findings(rows({("ReLU", 0.01): [0.8, 0.9, 0.7]}))
    assert "**3.0 points (95 % interval 3.0 to 3.0)** above the last epoch" in flatters
    assert "chosen on validation" not in flatters
    assert "no difference" in last
    assert "no difference" in chosen


@pytest.mark.parametrize("family", [[], ()])
def test_without_runs_nothing_is_said(family):
    assert findings(family) == []
