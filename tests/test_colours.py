"""The colours of charts and pages: seen by everybody, on either page, and never the only difference."""

import tomllib
from itertools import combinations

import altair as alt
import numpy as np
import pytest
from file_tree import ROOT

from eegnets.charts import devices, filters, style

# From linear RGB to linear RGB as it is seen: Machado, Oliveira & Fernandes (2009), A physiologically-based model for
# simulation of color vision deficiency, IEEE Trans. Vis. Comput. Graph. 15(6), table 1, severity 1.
SIGHTS = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
# sRGB to CIE XYZ under D65 (IEC 61966-2-1), and the white of both.
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = XYZ.sum(axis=1)
THEMES = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"]
PAGES = {name: THEMES[name]["backgroundColor"] for name in ("light", "dark")}
KINDS = {
    "folds": list(style.FOLD_COLOURS.values()),
    "activations": list(style.ACTIVATION_COLOURS.values()),
    "classes": list(style.CLASS_COLOURS),
    "windows": list(style.WINDOW_COLOURS),
    "states of a network": [colour for colour, _ in filters.STATES.values()],
    "engines": list(devices.ENGINE_COLOURS.values()),
    "more and less": [style.MORE, style.LESS],
    "a trial and the classes": [style.SIGNAL_COLOUR, *style.CLASS_COLOURS[:2]],
}
SEPARATE = 15  # CIE 1976; two colours beside each other are told apart from 2.3 on


def rgb(colour):
    """`#rrggbb` as linear RGB."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def luminance(linear):
    return float(XYZ[1] @ linear)


def contrast(one, other):
    """WCAG 2.2's contrast of two colours in linear RGB."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lab(linear):
    """Linear RGB as CIE L*a*b*."""
    share = XYZ @ np.clip(linear, 0, 1) / WHITE
    x, y, z = np.where(share > (6 / 29) ** 3, np.cbrt(share), share * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def from_lab(light, a, b):
    """CIE L*a*b* as linear RGB."""
    y = (light + 16) / 116
    parts = np.array([y + a / 500, y, y - b / 200])
    return np.linalg.inv(XYZ) @ (WHITE * np.where(parts > 6 / 29, parts**3, (parts - 4 / 29) * 3 * (6 / 29) ** 2))


def on(page, colour, share):
    """A colour laid over a page with so much opacity; browsers mix the numbers, not the light."""
    mixed = (round(int(colour[i : i + 2], 16) * share + int(page[i : i + 2], 16) * (1 - share)) for i in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in mixed)


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("kind", KINDS)
def test_colours_of_a_kind_are_told_apart_by_every_sight(kind, sight):
    for one, other in combinations(KINDS[kind], 2):
        distance = np.linalg.norm(lab(SIGHTS[sight] @ rgb(one)) - lab(SIGHTS[sight] @ rgb(other)))
        assert distance >= SEPARATE, (one, other)


def test_the_simulated_sights_leave_greys_alone_and_confuse_red_with_green():
    for matrix in SIGHTS.values():
        np.testing.assert_allclose(matrix @ rgb("#808080"), rgb("#808080"), atol=1e-4)
    red, green = rgb("#b06000"), rgb("#5f8200")
    apart = {name: np.linalg.norm(lab(matrix @ red) - lab(matrix @ green)) for name, matrix in SIGHTS.items()}
    assert apart["deuteranopia"] < apart["usual"] / 3


@pytest.mark.parametrize("looks", [style.FOLD_DASHES, style.ACTIVATION_DASHES, dict(enumerate(style.DASHES))])
def test_series_differ_by_their_dashes_too(looks):
    assert len({str(dash) for dash in looks.values()}) == len(looks)


def test_folds_activations_and_classes_each_have_a_dash():
    assert set(style.FOLD_DASHES) == set(style.FOLD_COLOURS)
    assert set(style.ACTIVATION_DASHES) == set(style.ACTIVATION_COLOURS)
    assert len(style.DASHES) >= len(style.CLASS_COLOURS)
    assert len({str(dash) for _, dash in filters.STATES.values()}) == len(filters.STATES)


@pytest.mark.parametrize("page", PAGES)
def test_every_colour_stands_out_from_the_page(page):
    """WCAG 2.2's contrast for graphics."""
    every = {colour for kind in KINDS.values() for colour in kind}
    every |= {style.MISSING_COLOUR, style.CHANGE_COLOUR, style.NEUTRAL, THEMES[page]["primaryColor"]}
    for colour in every:
        assert contrast(rgb(colour), rgb(PAGES[page])) >= 3, colour


@pytest.mark.parametrize(("page", "ink"), list(zip(PAGES, style.QUIET_INKS, strict=True)))
def test_words_on_a_chart_can_be_read_on_the_page_and_on_every_shade(page, ink):
    """WCAG 2.2's contrast for text; a shade is a window, or two that overlap, as cue and imagery do."""
    shades = [PAGES[page]] + [on(PAGES[page], colour, 0.16) for colour in style.WINDOW_COLOURS]
    shades += [on(shade, style.WINDOW_COLOURS[1], 0.16) for shade in shades]
    for shade in shades:
        assert contrast(rgb(ink), rgb(shade)) >= 4.5, shade


def test_vega_takes_the_ink_of_the_page_it_draws_on():
    assert all(ink in style.QUIET.to_dict()["expr"] for ink in style.QUIET_INKS)
    light, dark = (luminance(rgb(colour)) for colour in PAGES.values())
    assert dark < 0.4 < light  # the expression asks which side of this the page is on
    axis = alt.Chart().mark_point().to_dict()["config"]["axis"]
    assert axis["labelColor"] == axis["titleColor"] == style.QUIET.to_dict()


@pytest.mark.parametrize("share", np.linspace(0, 1, 101))
def test_a_number_in_a_cell_can_be_read_on_every_shade(share):
    """Vega-Lite blends the two ends of a scale of colours by hue, chroma and light (HCL, which is L*a*b* turned)."""
    (light, *start), (dark, *stop) = (lab(rgb(colour)) for colour in style.SCORE_SCALE)
    chroma = np.hypot(*start) + share * (np.hypot(*stop) - np.hypot(*start))
    turn = np.arctan2(*start[::-1]) + share * (np.arctan2(*stop[::-1]) - np.arctan2(*start[::-1]))
    cell = from_lab(light + share * (dark - light), chroma * np.cos(turn), chroma * np.sin(turn))
    ink = style.CELL_INKS[int(share > style.DARK_FROM)]
    assert contrast(rgb(ink), cell) >= 4.5


@pytest.mark.parametrize("page", PAGES)
def test_captions_and_what_is_picked_can_be_read(page):
    """Streamlit writes captions with 60 % of the text's opacity, and what is picked in the primary colour."""
    theme = THEMES[page]
    for ground in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        for ink in (theme["textColor"], on(ground, theme["textColor"], 0.6), theme["linkColor"], theme["primaryColor"]):
            assert contrast(rgb(ink), rgb(ground)) >= 4.5, (ink, ground)
