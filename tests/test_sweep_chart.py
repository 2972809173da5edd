"""The grid of a sweep: valid, with a place, a sign and a reading for every combination, and never without a legend."""

import json

import pandas as pd
import pytest

from eegnets.charts.sweep import CLICKED, SIGNS, describe_sweep, sweep_grid
from eegnets.run_status import STATES


def table(states, values):
    rows = [
        {"row": f"r{i}", "column": "0", "state": state, "word": state.title(), "epoch": 3, "value": value,
         "run": "x", "settings": f"r{i}, seed 0"}
        for i, (state, value) in enumerate(zip(states, values, strict=True))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_every_state_that_a_run_can_have_has_its_own_sign():
    assert set(STATES) - {"damaged"} | {"missing"} == set(SIGNS)  # a damaged run carries out nothing: it is missing
    assert len(set(SIGNS.values())) == len(SIGNS)


@pytest.mark.parametrize(
    ("states", "values"),
    [
        (["missing"], [float("nan")]),
        (["finished"], [80.0]),
        (["finished", "finished", "failed"], [80.0, 80.0, float("nan")]),
        (["finished", "running", "stopped", "queued"], [80.0, 60.0, 55.5, float("nan")]),
    ],
)
def test_the_grid_is_plain_json_and_a_legend_never_without_a_value(states, values):
    chart = sweep_grid(table(states, values), "Network", "Seed", "last").to_dict()
    json.dumps(chart, allow_nan=False)
    assert [param["select"]["fields"] for param in chart["params"] if param["name"] == CLICKED] == [["run"]]
    legends = [layer for layer in chart["layer"] if "legend" in layer["encoding"].get("color", {})]
    assert len(legends) == (1 if any(value == value for value in values) else 0)
    for layer in legends:
        low, high = layer["encoding"]["color"]["scale"]["domain"]
        assert low < high
    drawn = [row for layer in chart["layer"] if layer["mark"]["type"] == "text" for row in rows(chart, layer)]
    assert sorted(row["state"] for row in drawn) == sorted(states)
    assert all(SIGNS[row["state"]] in row["text"] for row in drawn)


def rows(chart, layer):
    return chart["datasets"][layer.get("data", chart.get("data"))["name"]]  # data that all layers share stand above


@pytest.mark.parametrize(
    ("values", "domain"),
    [([65.1, 65.7], (60.4, 70.4)), ([99.0, 100.0], (90, 100)), ([2.0], (0, 10)), ([50, 90], (50, 90))],
)
def test_colours_span_ten_points_or_more_of_what_there_can_be(values, domain):
    chart = sweep_grid(table(["finished"] * len(values), values), "Network", "Seed", "last").to_dict()
    (scale,) = [layer["encoding"]["color"]["scale"] for layer in chart["layer"] if "color" in layer["encoding"]]
    assert scale["domain"] == pytest.approx(domain)


def test_the_grid_is_told_in_words():
    words = describe_sweep(table(["finished", "finished", "missing"], [80.0, 90.0, float("nan")]))
    assert "2 finished, 1 missing" in words
    assert "Best: r1, seed 0 with 90.0" in words
    assert "worst: r0" in words
    assert describe_sweep(table(["missing"], [float("nan")])) == "1 combinations: 1 missing."
