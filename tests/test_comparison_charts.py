"""Charts of several runs: valid, titled, with units, readable exactly, in each activation's own colour."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import epoch_record

from eegnets.charts import comparison, style
from eegnets.charts.comparison import CLICKED, X_TITLES, comparison_curves, describe_comparison, flattery_chart
from eegnets.comparison import curve_table, group_table

GROUPS = {"a": "ELU", "b": "ELU", "c": "ReLU"}
LOOKS = {"ELU": "ELU", "ReLU": "ReLU"}


def tables(lengths=(4, 3, 4)):
    histories = {
        run: [epoch_record(i + 1, 0.5 + 0.1 * i) for i in range(n)] for run, n in zip("abc", lengths, strict=True)
    }
    raw = curve_table(histories, "test_accuracy")
    return group_table(raw, GROUPS), raw.assign(group=raw["run"].map(GROUPS))


def drawn(lengths=(4, 3, 4), **how):
    means, singles = tables(lengths)
    chart = comparison_curves(means, singles, LOOKS, metric="accuracy", fold="test", **how).to_dict()
    return chart, json.dumps(chart, allow_nan=False)


@pytest.mark.parametrize("lengths", [(4, 3, 4), (1, 1, 1), (0, 0, 0), (0, 2, 0)])
@pytest.mark.parametrize("x", ["epoch", "seconds", "trials"])
@pytest.mark.parametrize("log", [(), ("x", "y")])
def test_curves_are_valid_plain_json_with_title_and_units(lengths, x, log):
    chart, text = drawn(lengths, x=x, log=log)
    assert chart["title"]["text"] == "Accuracy on the test trials"
    titles = {
        layer["encoding"][axis]["title"] for layer in chart["layer"] for axis in "xy" if axis in layer["encoding"]
    }
    assert titles == {"Accuracy (share of trials)", X_TITLES[x]}
    assert ('"type": "log"' in text) == bool(log)


@pytest.mark.parametrize(("x", "whole"), [("epoch", True), ("seconds", False)])
def test_epochs_are_whole_numbers(x, whole):
    chart, _ = drawn(x=x)
    assert {layer["encoding"]["x"]["axis"].get("tickMinStep") == 1 for layer in chart["layer"][:3]} == {whole}


def test_what_no_run_reached_has_its_place_among_the_points():
    table = pd.DataFrame({"honest": ["last"] * 3, "points": [0.2, 1.0, 4.9]})
    assert flattery_chart(table).to_dict()["encoding"]["x"]["scale"]["domain"] == [0, 1, 2, 3, 4, 5]


def test_a_group_has_its_activations_colour_and_its_own_dash():
    chart, _ = drawn()
    line = chart["layer"][2]["encoding"]
    assert line["color"]["scale"]["range"] == [style.ACTIVATION_COLOURS[name] for name in LOOKS]
    assert len({str(dash) for dash in line["strokeDash"]["scale"]["range"]}) == len(LOOKS)


def bands(accuracies, metric="accuracy"):
    """The band over three epochs of one group: a run for each last accuracy."""
    histories = {str(i): [epoch_record(e, last) for e in (1, 2, 3)] for i, last in enumerate(accuracies)}
    raw = curve_table(histories, "test_accuracy").assign(group="ELU")
    means = group_table(raw, dict.fromkeys(histories, "ELU"))
    chart = comparison_curves(means, raw, {"ELU": "ELU"}, metric=metric, fold="test").to_dict()
    (band,) = [layer for layer in chart["layer"] if layer["mark"]["type"] == "area"]
    return chart["datasets"][band["data"]["name"]]


@pytest.mark.parametrize(("n", "rows"), [(1, 0), (2, 0), (3, 3)])
def test_only_a_group_of_three_runs_or_more_has_a_band(n, rows):
    assert len(bands([0.6, 0.9, 0.7][:n])) == rows


def test_the_band_of_an_accuracy_ends_at_none_and_all():
    accuracies = [0.1, 0.9, 0.95]
    assert {(row["low"], row["high"]) for row in bands(accuracies)} == {(0.0, 1.0)}
    assert max(row["high"] for row in bands(accuracies, "loss")) > 1


def test_all_groups_are_read_at_once_with_spread_and_number():
    chart, _ = drawn()
    rows = chart["datasets"][chart["layer"][3]["data"]["name"]]
    assert len(rows) == 4
    assert rows[0]["words"] == "ELU: 0.5000 ± 0.0000 (n 2)\nReLU: 0.5000 (n 1)"


def test_zero_has_no_place_on_a_logarithmic_axis():
    means, singles = tables()
    means.loc[0, "value"] = 0.0
    chart = comparison_curves(means, singles, LOOKS, metric="accuracy", fold="test", log=("y",)).to_dict()
    values = [
        row[key]
        for rows in chart["datasets"].values()
        for row in rows
        for key in ("value", "low")
        if row.get(key) is not None
    ]
    assert min(values) > 0


def test_the_lines_are_told_in_words():
    means, _ = tables()
    assert "ELU: from 0.500 to 0.800 at epoch 4." in describe_comparison(means, "accuracy", "test")
    assert "No epoch has ended" in describe_comparison(means[:0], "accuracy", "test")


def test_flattery_counts_every_run_once_for_each_honest_score():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"honest": ["last", "best_validation"] * 20, "points": rng.random(40) * 9})
    chart = flattery_chart(table).to_dict()
    (rows,) = chart["datasets"].values()
    counts = pd.DataFrame(rows).groupby("honest")["size"].sum()
    assert counts.to_dict() == {"Last epoch": 20, "Chosen on validation": 20}
    assert chart["encoding"]["color"]["legend"]["orient"] == "top"
    assert flattery_chart(table[:0]).to_dict()["title"]


def test_a_click_on_any_place_of_a_curve_gives_its_group():
    chart, _ = drawn()
    (points,) = [layer for layer in chart["layer"] if layer["mark"]["type"] == "point"]
    rows = pd.DataFrame(chart["datasets"][points["data"]["name"]])
    assert rows.groupby("group")["epoch"].apply(list).to_dict() == {"ELU": [1, 2, 3, 4], "ReLU": [1, 2, 3, 4]}
    assert {row["words"].count("\n") for row in rows.to_dict("records")} == {1}  # each reads both groups
    (param,) = [param for param in chart["params"] if param["name"] == CLICKED]
    assert param["select"]["fields"] == ["group"]
    assert param["views"] == [points["name"]]


def test_the_group_in_focus_is_thicker_and_the_others_fade():
    chart, _ = drawn(focus="ReLU")
    line = chart["layer"][2]["encoding"]
    assert line["opacity"]["condition"] == {"test": "(datum.group === 'ReLU')", "value": 1.0}
    assert line["strokeWidth"]["value"] < line["strokeWidth"]["condition"]["value"]


def test_however_many_curves_the_browser_has_few_points_to_watch(monkeypatch):
    rng = np.random.default_rng(0)
    histories = {str(i): [epoch_record(epoch + 1, rng.random()) for epoch in range(90)] for i in range(40)}
    means = group_table(curve_table(histories, "test_accuracy"), {name: name for name in histories})
    looks = dict.fromkeys(histories, "ELU")
    monkeypatch.setattr(comparison, "POINTED", 1000)
    singles = means[:0].assign(run="")
    chart = comparison_curves(means, singles, looks, metric="accuracy", fold="test").to_dict()
    (points,) = [layer for layer in chart["layer"] if layer["mark"]["type"] == "point"]
    assert len(chart["datasets"][points["data"]["name"]]) <= 1.1 * 1000
