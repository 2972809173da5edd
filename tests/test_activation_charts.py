"""Charts of activations: valid, titled, with units, each function in its own look, what is flat marked as such."""

import json

import numpy as np
import pandas as pd
import pytest

from eegnets.activations import ACTIVATIONS
from eegnets.charts import style
from eegnets.charts.activations import (
    X,
    curve_chart,
    curve_table,
    describe_curves_of,
    describe_shares,
    flat_chart,
    flat_table,
    inputs_chart,
    shares_chart,
    trace_chart,
)

PICKED = {"ReLU": {}, "LeakyReLU": {"negative_slope": 0.1}, "Tanh": {}}
COUNTS = pd.DataFrame({"start": [-1.0, 0.0], "stop": [0.0, 1.0], "share": [0.25, 0.75]})
CURVES = pd.DataFrame({"x": [-1.0, -0.5, 0.5, 1.0], "value": [0, 0, 0.5, 1], "slope": [0, 0, 1, 1], "curve": 1})
TIMES = np.arange(5) / 10
SHARES = pd.DataFrame({"activation": list(ACTIVATIONS), "zero": 0.1, "flat": 0.2})


def traces(slope):
    return trace_chart(TIMES, np.arange(5.0), np.arange(5.0) / 2, np.asarray(slope, dtype=float), "Tanh", "Map 1")


CHARTS = {
    "curve": lambda: curve_chart(curve_table(PICKED), "value", 0.5),
    "slope": lambda: curve_chart(curve_table(PICKED), "slope", 0.5),
    "one curve": lambda: curve_chart(curve_table({"ELU": {"alpha": 10.0}}), "value", 0.5),
    "inputs": lambda: inputs_chart(COUNTS, CURVES, "ReLU", "What goes in"),
    "inputs of many curves": lambda: inputs_chart(COUNTS, pd.concat([CURVES, CURVES.assign(curve=2)]), "Maxout", "In"),
    "traces": lambda: traces([0, 0, 1, 0, 1]),
    "traces, never flat": lambda: traces([1, 1, 1, 1, 1]),
    "flat": lambda: flat_chart(PICKED),
    "flat nowhere": lambda: flat_chart({"LeakyReLU": {}}),
    "shares": lambda: shares_chart(SHARES),
}
NAMED = {"flat", "flat nowhere", "shares"}  # their vertical axis names functions


def titles(spec, axis):
    found = {layer["encoding"][axis].get("title") for layer in spec["layer"] if axis in layer["encoding"]}
    return {title for title in found if title}


@pytest.mark.parametrize("name", CHARTS)
def test_charts_are_valid_plain_json_with_a_title_and_units(name):
    spec = CHARTS[name]().to_dict()  # validated against Vega-Lite's own schema
    json.dumps(spec, allow_nan=False)
    assert spec["title"]["text"]
    assert spec["title"]["subtitle"]
    for axis in ("x", "y"):
        found = titles(spec, axis)
        assert found or (axis == "y" and name in NAMED)
        assert all("(" in title for title in found)


@pytest.mark.parametrize("name", CHARTS)
def test_no_layer_is_without_data(name):
    """Vega lays a layer without rows out at NaN, and complains in the browser's console."""
    spec = CHARTS[name]().to_dict()
    assert all(len(rows) for rows in spec["datasets"].values())


@pytest.mark.parametrize("quantity", ["value", "slope"])
def test_the_curves_are_those_of_the_formulas(quantity):
    table = curve_table(PICKED)
    formula = {"value": "function", "slope": "derivative"}[quantity]
    for name, parameters in PICKED.items():
        expected = getattr(ACTIVATIONS[name], formula)(X, **parameters)
        np.testing.assert_array_equal(table.loc[table["activation"] == name, quantity], expected)
    assert 0 in X


def test_the_pointer_reads_every_curve():
    spec = CHARTS["curve"]().to_dict()
    shown = {column["title"] for layer in spec["layer"] for column in layer["encoding"].get("tooltip", [])}
    assert {"x", *PICKED} <= shown


def test_a_bar_of_inputs_tells_what_its_middle_becomes_where_one_curve_bends_them():
    one, many = CHARTS["inputs"](), CHARTS["inputs of many curves"]()
    bars = next(layer for layer in one.layer if "share" in layer.data)
    assert bars.data[["value", "slope"]].to_numpy().tolist() == [[0, 0], [0.5, 1]]
    told = [
        {column["field"] for layer in chart.to_dict()["layer"] for column in layer["encoding"].get("tooltip", [])}
        for chart in (one, many)
    ]
    assert told[0] - told[1] >= {"value", "slope"}


def test_every_function_has_a_look_of_its_own_wherever_it_is_drawn():
    assert set(style.ACTIVATION_DASHES) == set(style.ACTIVATION_COLOURS) == set(ACTIVATIONS)
    assert len({str(dash) for dash in style.ACTIVATION_DASHES.values()}) == len(ACTIVATIONS)
    for picked in (PICKED, {"Tanh": {}}):
        spec = curve_chart(curve_table(picked), "value", 0.0).to_dict()
        (line,) = [layer["encoding"] for layer in spec["layer"] if "color" in layer["encoding"]]
        for channel, looks in (("color", style.ACTIVATION_COLOURS), ("strokeDash", style.ACTIVATION_DASHES)):
            scale = line[channel]["scale"]
            assert scale["range"] == [looks[name] for name in scale["domain"]]


def test_an_axis_stays_where_it_is_while_the_leaky_slope_moves():
    domains = set()
    for slope in (0.0, 0.01, 0.2):
        table = curve_table({"LeakyReLU": {"negative_slope": slope}, "Tanh": {}})
        spec = curve_chart(table, "value", 0.0).to_dict()
        domains |= {str(layer["encoding"]["y"]["scale"]) for layer in spec["layer"] if "y" in layer["encoding"]}
    assert len(domains) == 1


def test_flat_stretches_are_marked_where_they_are():
    table = flat_table(PICKED).set_index("activation")
    assert table.loc["ReLU"].tolist() == [-8, 0]
    assert "LeakyReLU" not in table.index
    assert table.loc["Tanh"].to_numpy().tolist() == [[-8, pytest.approx(-3.35)], [pytest.approx(3.35), 8]]
    assert (
        describe_curves_of(PICKED)
        == "ReLU: flat up to 0.00; LeakyReLU: flat nowhere; Tanh: flat up to -3.35, from 3.35"
    )


def test_a_trace_is_shaded_over_the_moments_at_which_it_is_flat():
    spec = traces([0, 0, 1, 0, 1]).to_dict()
    spans = next(rows for rows in spec["datasets"].values() if "first" in rows[0])
    assert [(round(s["first"], 2), round(s["last"], 2)) for s in spans] == [(-0.05, 0.15), (0.25, 0.35)]
    assert not any("first" in rows[0] for rows in traces([1] * 5).to_dict()["datasets"].values())


def test_the_bars_and_the_curve_have_an_axis_each():
    spec = CHARTS["inputs"]().to_dict()
    assert spec["resolve"]["scale"]["y"] == "independent"
    assert len(titles(spec, "y")) == 2
    many = CHARTS["inputs of many curves"]().to_dict()
    assert describe_shares(SHARES[:2]).endswith("ELU 20.0%, ReLU 20.0%")
    assert "2 maps" in many["title"]["subtitle"]
