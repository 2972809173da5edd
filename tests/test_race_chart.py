"""The chart of a race: a line for each activation, the seeds faint below it, and Altair finds nothing wrong with it."""

import pandas as pd
import pytest

from eegnets.charts.race import race_curves
from eegnets.charts.style import ACTIVATION_COLOURS

NAMES = ["ELU", "ReLU"]


def race(seeds):
    rows = [(name, seed, epoch, 0.5 + 0.1 * seed) for name in NAMES for seed in range(seeds) for epoch in (1, 2)]
    return pd.DataFrame(rows, columns=["activation", "seed", "epoch", "value"])


@pytest.mark.parametrize(("seeds", "n_layers"), [(1, 2), (3, 3)])
def test_each_activation_has_its_line_and_its_colour_and_several_seeds_lie_below(seeds, n_layers):
    drawn = race_curves(race(seeds), NAMES, "Test accuracy", "accuracy (0 to 1)", epochs=30).to_dict()
    assert len(drawn["layer"]) == n_layers
    line = drawn["layer"][n_layers - 2]
    assert line["encoding"]["color"]["scale"] == {"domain": NAMES, "range": [ACTIVATION_COLOURS[n] for n in NAMES]}
    means = drawn["datasets"][line["data"]["name"]]
    assert {(row["activation"], row["epoch"]) for row in means} == {(name, epoch) for name in NAMES for epoch in (1, 2)}
    assert [row["value"] for row in means] == pytest.approx([0.5 + 0.1 * (seeds - 1) / 2] * 4)
