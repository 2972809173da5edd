"""Charts of which setting matters: every part of the spread a bar, every run a line through all its values."""

import json

import numpy as np
import pandas as pd
import pytest

from eegnets.charts.effects import SEEDS, axis_values, effect_bars, parallel_chart, parallel_table, share_table
from eegnets.effects import effects
from eegnets.ui.mattering import effect_words

LABELS = {"activation": "Activation", "weight_decay": "Weight decay", "score": "Accuracy (%)"}
SETTINGS = ["activation", "weight_decay"]


def runs(seeds=3):
    rng = np.random.default_rng(0)
    rows = [(bend, decay) for bend in ("ReLU", "ELU") for decay in (0.01, 0.0) for _ in range(seeds)]
    table = pd.DataFrame(rows, columns=SETTINGS).assign(score=80 + rng.random(4 * seeds))
    table["score"] += 3 * (table["activation"] == "ELU")
    return table.assign(id=[f"r{i}" for i in range(len(table))], reading="a run", group=table["activation"])


def plain_json(chart):
    found = chart.to_dict()
    json.dumps(found, allow_nan=False)
    return found


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_bars_are_all_of_the_spread(seeds):
    table = share_table(effects(runs(seeds), SETTINGS, "score"), LABELS)
    assert table["share"].sum() == pytest.approx(100)
    assert (SEEDS in set(table["part"])) == (seeds > 1)
    chart = plain_json(effect_bars(table))
    assert len(chart["layer"]) == (2 if seeds > 1 else 1)
    assert {layer["encoding"]["x"]["title"] for layer in chart["layer"]} == {"Share of the spread of test accuracy (%)"}


def test_the_sentence_says_what_matters_and_what_chance_would_do():
    words = effect_words(effects(runs(), SETTINGS, "score"), LABELS)
    assert "12 runs of 4 combinations" in words
    assert "**Activation** explains 9" in words
    assert "hardly chance alone. **Weight decay** explains" in words
    assert "chance alone would do. Runs that differ in the **seed** alone make" in words
    assert "nobody can tell what is chance" in effect_words(effects(runs(1), SETTINGS, "score"), LABELS)


def test_every_run_goes_through_every_axis_and_none_hides_another():
    table = parallel_table(runs(), SETTINGS, LABELS)
    assert table.groupby("id").size().unique().tolist() == [3]
    for _, axis in table.groupby("order"):
        assert axis["place"].is_unique
        assert axis["place"].between(-0.06, 1.06).all()
    ends = table[table["order"] == 2].set_index("id")
    assert ends["place"].idxmax() == ends["score"].idxmax()


@pytest.mark.parametrize(
    ("values", "order"), [([0.1, 0.0, 0.01], [0.0, 0.01, 0.1]), (["ReLU", "ELU"], ["ReLU", "ELU"]), ([64, 8], [8, 64])]
)
def test_numbers_stand_by_size_and_names_as_they_come(values, order):
    assert axis_values(pd.Series(values)) == order


@pytest.mark.parametrize("table", [runs(), runs().assign(score=80.0), runs()[:1]])
def test_the_lines_are_plain_json_and_the_legend_has_what_is_there(table):
    words = {name: list(map(str, axis_values(table[name]))) for name in SETTINGS}
    chart = plain_json(parallel_chart(table, SETTINGS, LABELS, words))
    colour = chart["layer"][0]["encoding"]["color"]
    assert colour["scale"]["domain"] == list(dict.fromkeys(table["activation"]))
    assert colour["title"] == "Activation"
    assert chart["layer"][0]["encoding"]["x"]["sort"] == list(LABELS.values())
