"""Charts of the inside of a network: valid, titled, with units on both axes, and true to what they are given."""

import base64
import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from test_charts import channels, layers, title

from eegnets.charts import filters, style
from eegnets.charts.layers import features_chart, maps_chart, maps_table, overview_chart, picture, unit_chart

RNG = np.random.default_rng(0)
MAPS = RNG.standard_normal((4, 30))
TIMES = (0.05, 0.1)  # s
FREQS = np.linspace(0, 62.5, 512)
GAIN = np.abs(RNG.standard_normal((3, 512)))
LAYERS = pd.DataFrame(
    {
        "layer": ["trial", "conv0"],
        "kind": ["EEG", "Conv2d"],
        "shape": ["2 × 750", "25 × 2 × 746"],
        "does": "something",
        "parameters": [0, 150],
        "multiplications": [0, 186_500],
        "url": [picture(MAPS), picture(MAPS[:2])],
    }
)
SIDES = pd.DataFrame(
    {"weights": ["untrained", "trained"], "filter": 1, "peak": 10.0, "side": [0.1, 0.9], "apart": 0.2, "used": 0.3}
)
COUNTED = pd.DataFrame({"convolution": ["1 × 5 full"], "part": ["full"], "weights": [5], "place": [0]})
STATES = {"untrained": GAIN[0], "trained": GAIN[1]}
CHARTS = {
    "overview": lambda: overview_chart(LAYERS, "conv0", 6.0),
    "maps": lambda: maps_chart(MAPS, TIMES, 3.0, 2, "conv0", "µV"),
    "flat maps": lambda: maps_chart(0 * MAPS, TIMES, 3.0, 2, "conv0", "µV"),
    "one value a map": lambda: maps_chart(MAPS[:, :1], TIMES, 3.0, 1, "conv4.4", "no unit"),
    "unit": lambda: unit_chart(MAPS[0], TIMES, 3.0, 7, "Map 1", "µV"),
    "features": lambda: features_chart(np.array([-1.0, 2.0]), ["left", "right"], "Out", "logit"),
    "response": lambda: filters.response_chart(FREQS, GAIN, [2, 1, 3], "trained"),
    "linear response": lambda: filters.response_chart(FREQS, GAIN, [2, 1, 3], "trained", "linear", "Filter"),
    "silent kernels": lambda: filters.response_chart(FREQS, 0 * GAIN, [1, 2, 3], "trained", "linear"),
    "kernel": lambda: filters.kernels_chart({"untrained": MAPS[0], "trained": MAPS[1]}, 125.0, "Kernel 1"),
    "kernel's gain": lambda: filters.gains_chart(FREQS, STATES, "dB", "Kernel 1"),
    "untrained gain": lambda: filters.gains_chart(FREQS, {"untrained": GAIN[0]}, "linear", "Kernel 1"),
    "slow rate": lambda: filters.gains_chart(FREQS / 10, STATES, "dB", "Kernel 1"),
    "weights": lambda: filters.weights_chart(MAPS[:, :2], np.array([0, 0, 1, 1]), [2, 1], ["C3", "C4"], "trained", 1.0),
    "sides": lambda: filters.sides_chart(SIDES, ("left hand", "right hand"), ("C3", "C4")),
    "counts": lambda: filters.counts_chart(COUNTED),
}
UNITLESS = {"Layer", "Map", "Kernel", "Filter", "Class", "Electrode", "Convolution"}  # axes that count or name


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_titled_and_plain_json_with_units_on_both_axes(name):
    spec = CHARTS[name]().to_dict()  # validated against Vega-Lite's own schema
    assert title(spec).strip()
    json.dumps(spec, allow_nan=False)
    for axis in ("x", "y"):
        titles = {channel["title"] for channel in channels(spec, axis) if channel.get("title")}
        assert len(titles) == 1
        assert all("(" in words or words in UNITLESS for words in titles), titles


@pytest.mark.parametrize("name", CHARTS)
def test_what_is_drawn_can_be_read_by_hovering(name):
    """A line only tells its first point, so that something else must tell the others."""
    drawn = layers(CHARTS[name]().to_dict())
    assert all(layer["encoding"]["tooltip"] for layer in drawn if layer["mark"]["type"] in ("bar", "point"))
    lines = [layer["encoding"] for layer in drawn if layer["mark"]["type"] == "line"]
    told = {column["field"] for layer in drawn for column in layer.get("encoding", {}).get("tooltip", [])}
    assert all("tooltip" not in line and line["x"]["field"] in told for line in lines)


def test_a_picture_shows_zero_as_the_middle_and_signs_as_the_ends_of_the_scale():
    url = picture(np.array([[-1.0, 0.0, 1.0]]))
    image = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    colours = ["#{:02x}{:02x}{:02x}".format(*image.getpixel((column, 0))) for column in range(3)]
    assert colours == [style.CHANGE_SCALE[0], style.CHANGE_SCALE[2], style.CHANGE_SCALE[-1]]


def test_many_samples_are_averaged_and_few_are_left_as_they_are():
    assert maps_table(MAPS, TIMES)["value"].tolist() == MAPS.ravel().tolist()
    many = RNG.standard_normal((100, 900))
    table = maps_table(many, TIMES)
    assert len(table) <= 640
    table["sum"] = table["value"] * (table["end"] - table["begin"]) / TIMES[1]
    np.testing.assert_allclose(table.groupby("map")["sum"].sum(), many.sum(axis=1))
    assert table["begin"].min() == 0.0
    np.testing.assert_allclose(table["end"].max(), 90.0)


def test_a_filters_place_follows_its_kernel():
    spec = CHARTS["weights"]().to_dict()
    assert spec["encoding"]["x"]["sort"] == [3, 4, 1, 2]
