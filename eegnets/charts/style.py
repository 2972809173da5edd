"""Colours, dashes and sizes, once for all charts: the same thing looks the same on every page.

The colours of a kind are told apart by readers with any common colour blindness: they were sought by the distance of
the closest two under simulated protanopia and deuteranopia (`tests/test_colours.py`). Each has a contrast of at least
3:1 on the white and on the dark page. Colour never stands alone: a dash goes with it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from eegnets.translation import N_, _

HEIGHT = 300  # px, with title and legend
LINE = 18  # px, for a line of a legend that has one for each run
TALL = 340  # px, for a chart with two lines of title

FOLD_COLOURS = {N_("train"): "#2f86c9", N_("validation"): "#c77a00", N_("test"): "#17936a"}
FOLD_DASHES = {"train": [1, 0], "validation": [6, 3], "test": [2, 2]}

ACTIVATION_COLOURS = {
    "ELU": "#1c54f9",
    "ReLU": "#9e5002",
    "LeakyReLU": "#1c9fc7",
    "Sigmoid": "#f82c76",
    "Tanh": "#be8a00",
    "Maxout": "#4d7cfe",
    "GELU": "#cc8050",
    "SiLU": "#984789",
    "SELU": "#54a092",
    "Mish": "#3f6f52",
    "Softplus": "#3362ba",
}
ACTIVATION_DASHES = {
    "ELU": [1, 0],
    "ReLU": [6, 3],
    "LeakyReLU": [2, 2],
    "Sigmoid": [8, 3, 2, 3],
    "Tanh": [4, 1],
    "Maxout": [10, 4],
    "GELU": [12, 3, 2, 3, 2, 3],
    "SiLU": [3, 5],
    "SELU": [8, 2, 1, 2],
    "Mish": [1, 3],
    "Softplus": [14, 2],
}
# Classes in the order of `class_names`; purple and olive, since blue and red are the two ends of a map of change.
CLASS_COLOURS = ("#8b45e0", "#7c8c00", "#029dd6", "#ad8b88", "#7a5a7d", "#726433")
CHANGE_SCALE = ("#16527f", "#6fa8d6", "#f4f4f4", "#e58a5b", "#9c2f0c")  # weaker, as before, stronger
# Matplotlib's viridis, nine steps of it: from little to much, and lighter with every step for any reader.
LEVEL_SCALE = (
    *("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c"),
    *("#28ae80", "#5ec962", "#addc30", "#fde725"),
)
MORE, LESS = "#d0581c", "#2f86c9"  # bars above and below nothing, and what is picked on a map
SCORE_SCALE = ("#dbe9f4", "#16527f")  # the lowest accuracy shown, the highest
CELL_INKS = ("#000000", "#ffffff")  # numbers in cells of SCORE_SCALE: up to DARK_FROM of the scale, and from there
DARK_FROM = 0.72
WINDOW_COLOURS = ("#c77a00", "#2f86c9", "#17936a", "#b8629a")
MISSING_COLOUR = "#c84a5f"
RULE_COLOUR = "#3a3a3a"  # on a map, whose middle is light in both themes
NEUTRAL = "#808080"  # marks beside the data: rules, frames, what is compared with
# Words beside the data. No one grey can be read (4.5:1) on both pages; Vega knows which of the two it draws on.
QUIET_INKS = ("#43515c", "#a9b6c0")  # on the light page, on the dark one
QUIET = alt.ExprRef(f"luminance(background) > 0.4 ? '{QUIET_INKS[0]}' : '{QUIET_INKS[1]}'")
SIGNAL_COLOUR = "#7d8a96"  # one trial, whatever its class
CHANGE_COLOUR = "#808080"  # where a setting was changed by hand
OTHER_COLOURS = tuple(ACTIVATION_COLOURS.values())
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1], [10, 4])
LEGEND = alt.Legend(
    symbolType="stroke", symbolSize=400, symbolStrokeWidth=2.5, orient="top", titleOrient="left", symbolOpacity=1
)


@alt.theme.register("eegnets", enable=True)
def common() -> alt.theme.ThemeConfig:
    """What stands on the axes and in the legends of every chart is in an ink that can be read on either page.

    Lines and rules, and the cells of a map (by `aria=False`), are told with their chart as a whole: to put each of them
    into words takes the browser longer than to draw it.
    """
    ink = QUIET.to_dict()
    words, untold = {"labelColor": ink, "titleColor": ink}, {"aria": False}
    return {"config": {"axis": words, "legend": words, "header": words, "line": untold, "rule": untold}}


def titled(words: str, under: str) -> alt.Title:
    """A title with a second, quiet line that tells how to read the chart."""
    return alt.Title(words, subtitle=under, subtitleColor=QUIET, subtitlePadding=7)  # Chinese signs hang lower


def worded(legend: alt.Legend, words: Mapping[str, str]) -> alt.Legend:
    """A legend that shows each value by its word; the data, and what is clicked in them, stay as they are."""
    copied = legend.copy()
    if any(value != word for value, word in words.items()):
        copied.labelExpr = f"({json.dumps(dict(words), ensure_ascii=False)})[datum.label]"
    return copied


def class_encodings(class_names: Sequence[str]) -> dict[str, Any]:
    """Colour and dash of a column `class`: a class looks the same on every chart, whichever classes are on it."""
    names = list(class_names)
    colours = [CLASS_COLOURS[i % len(CLASS_COLOURS)] for i in range(len(names))]
    dashes = [DASHES[i % len(DASHES)] for i in range(len(names))]
    scales = alt.Scale(domain=names, range=colours), alt.Scale(domain=names, range=dashes)
    title, legend = _("Class"), worded(LEGEND, {name: _(name) for name in names})
    return {
        "color": alt.Color("class:N", title=title, scale=scales[0], legend=legend),
        "strokeDash": alt.StrokeDash("class:N", title=title, scale=scales[1], legend=legend),
    }


def activation_encodings(names: Sequence[str], legend: alt.Legend | None = LEGEND) -> dict[str, Any]:
    """Colour and dash of a column `activation`: each looks the same on every chart, whichever others are on it."""
    tables: tuple[dict[str, Any], ...] = (ACTIVATION_COLOURS, ACTIVATION_DASHES)
    looks = [alt.Scale(domain=list(names), range=[table[name] for name in names]) for table in tables]
    return {
        "color": alt.Color("activation:N", title=None, scale=looks[0], legend=legend),
        "strokeDash": alt.StrokeDash("activation:N", title=None, scale=looks[1], legend=legend),
    }
