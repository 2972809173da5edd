"""Maps as pictures: every value its colour and its place, and what the pointer reads is the mean of what it covers."""

import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from eegnets.charts.erd import erd_chart
from eegnets.charts.filters import response_chart
from eegnets.charts.layers import maps_chart
from eegnets.charts.pictures import map_picture
from eegnets.charts.style import CHANGE_SCALE, LEVEL_SCALE

TIMES, FREQS = np.arange(0.1, 2.05, 0.1), np.arange(1.0, 8.0)


def pixels(url):
    """The picture of a data URL, (n_lines, n_columns, 4)."""
    head, _, content = url.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def colour(pixel):
    return "#" + "".join(f"{band:02x}" for band in pixel[:3])


def test_values_have_the_colours_of_their_scale_and_what_is_missing_is_clear():
    found = pixels(map_picture(np.array([[-2.0, 0.0, 2.0], [-7.0, np.nan, 7.0]]), (-2, 2), CHANGE_SCALE))
    first, middle, last = CHANGE_SCALE[0], CHANGE_SCALE[len(CHANGE_SCALE) // 2], CHANGE_SCALE[-1]
    assert [colour(pixel) for pixel in found[0]] == [first, middle, last]
    assert [colour(pixel) for pixel in found[1, ::2]] == [first, last]  # beyond the ends there is no other colour
    assert found[..., 3].tolist() == [[255, 255, 255], [255, 0, 255]]


def test_an_enlarged_picture_has_every_value_as_often():
    values = np.linspace(-1, 1, 6).reshape(2, 3)
    small, large = (pixels(map_picture(values, (-1, 1), CHANGE_SCALE, by)) for by in ((1, 1), (4, 2)))
    np.testing.assert_array_equal(large, small.repeat(4, axis=0).repeat(2, axis=1))


def drawn(change):
    """The data of a map, (n_freqs, n_times): the picture's row and the blocks that are read."""
    frequency, time = (part.ravel() for part in np.meshgrid(FREQS, TIMES, indexing="ij"))
    rows = pd.DataFrame({"time": time, "frequency": frequency, "channel": "C3", "class": "left hand"})
    rows["change"] = change.ravel()
    rows = rows.sample(frac=1, random_state=0)  # whatever order they come in
    picture, blocks, *_ = erd_chart(rows, "left hand", "C3", {}).layer
    return picture.data, blocks.data


def test_the_highest_frequency_is_on_top_and_time_runs_to_the_right():
    change = 100 * np.linspace(-1, 1, len(FREQS) * len(TIMES)).reshape(len(FREQS), len(TIMES))
    picture, _ = drawn(change)
    found = pixels(picture["url"].item())
    assert colour(found[0, -1]) == CHANGE_SCALE[-1]
    assert colour(found[-1, 0]) == CHANGE_SCALE[0]
    edges = picture[["begin", "end", "below", "above"]].iloc[0].tolist()
    assert edges == pytest.approx([0.05, 2.05, 0.5, 7.5])


def test_the_blocks_cover_the_map_once_and_read_the_mean_of_their_cells():
    change = np.random.default_rng(0).uniform(-90, 90, (len(FREQS), len(TIMES)))
    picture, blocks = drawn(change)
    area = (blocks["end"] - blocks["begin"]) * (blocks["above"] - blocks["below"])
    whole = picture.iloc[0]
    assert area.sum() == pytest.approx((whole["end"] - whole["begin"]) * (whole["above"] - whole["below"]))
    for block in blocks.itertuples():
        rows = (block.below < FREQS) & (block.above > FREQS)
        columns = (block.begin < TIMES) & (block.end > TIMES)
        assert block.change == pytest.approx(change[np.ix_(rows, columns)].mean())
        assert block.hertz == f"{FREQS[rows][0]:g} – {FREQS[rows][-1]:g}"
        assert block.seconds == f"{TIMES[columns][0]:.1f} – {TIMES[columns][-1]:.1f}"


def test_a_cell_that_is_missing_is_left_out_of_its_block():
    change = np.full((len(FREQS), len(TIMES)), 50.0)
    change[0, 0] = np.nan
    picture, blocks = drawn(change)
    assert blocks["change"].tolist() == pytest.approx([50.0] * len(blocks))
    assert pixels(picture["url"].item())[-1, 0, 3] == 0


def heard(gain, order):
    """The data of what kernels hear: the picture's lines, one a kernel, and the bands that are read."""
    picture, bands, *_ = response_chart(np.arange(gain.shape[1]) / 2, gain, order, "trained", "linear").layer
    lines = pixels(picture.data["url"].item())
    return lines[:: len(lines) // len(gain)], bands.data


def test_kernels_stand_in_their_order_from_quiet_to_loud():
    gain = np.repeat([[0.0], [2.0], [1.0]], 9, axis=1)
    lines, _ = heard(gain, [2, 3, 1])
    assert [colour(line[0]) for line in lines] == [LEVEL_SCALE[-1], LEVEL_SCALE[4], LEVEL_SCALE[0]]


def test_every_frequency_of_every_kernel_is_read_once_in_the_mean_of_its_band():
    gain = np.random.default_rng(0).uniform(0, 2, (3, 9))
    _, bands = heard(gain, [1, 2, 3])
    freqs = np.arange(9) / 2
    for kernel, mine in bands.groupby("kernel"):
        assert mine["begin"].iloc[1:].tolist() == mine["end"].iloc[:-1].tolist()
        assert (mine["begin"].iloc[0], mine["end"].iloc[-1]) == (-0.25, 4.25)
        for band in mine.itertuples():
            inside = (freqs > band.begin) & (freqs < band.end)
            assert band.gain == pytest.approx(gain[kernel - 1, inside].mean())
            assert band.hertz == f"{freqs[inside][0]:.1f} – {freqs[inside][-1]:.1f}"


def test_maps_of_a_layer_stand_in_their_order_over_the_whole_of_their_time():
    values = np.array([[-1.0] * 4, [0.0] * 4, [1.0] * 4])
    picture, cells, _ = maps_chart(values, (0.05, 0.1), 0.4, 1, "conv", "µV").layer
    lines = pixels(picture.data["url"].item())
    middle = CHANGE_SCALE[len(CHANGE_SCALE) // 2]
    found = [colour(line[0]) for line in lines[:: len(lines) // 3]]
    assert found == [CHANGE_SCALE[0], middle, CHANGE_SCALE[-1]]
    assert picture.data[["begin", "end"]].iloc[0].tolist() == pytest.approx([0.0, 0.4])
    assert cells.data["map"].tolist() == [1] * 4 + [2] * 4 + [3] * 4
