"""What the layers make of one trial: all of them under each other, one layer's maps, one map over time.

Blue is below zero, red above, on a scale of each layer's own.
"""

import altair as alt
import numpy as np
import pandas as pd

from eegnets.charts.hover import lit_by_pointer
from eegnets.charts.pictures import map_picture, stretched
from eegnets.charts.style import CHANGE_SCALE, HEIGHT, LESS, MORE, NEUTRAL, RULE_COLOUR, SIGNAL_COLOUR, titled
from eegnets.translation import N_, _

ROW = 40  # px, a layer in the overview
AROUND = 110  # px that title and axis take of a height
MOST_ROWS, MOST_COLUMNS = 64, 250  # of a small picture
TRIAL = N_("trial")  # what the overview calls the network's input
MOST_CELLS = 640  # of all maps, that are read: more make a browser slow
TIME = N_("Time after trial start (s)")


def picture(values: np.ndarray) -> str:
    """Values (n_maps, n_rows, n_samples), or (n_features,), as a small picture: a data URL of a PNG.

    A line a map and row, time from left to right; where there are too many, some lines are left out and samples
    averaged.
    """
    flat = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values[:, None]
    flat = flat[np.linspace(0, len(flat) - 1, min(len(flat), MOST_ROWS)).astype(int)]
    flat = _averaged(flat, MOST_COLUMNS)[0]
    lines = -(-MOST_ROWS // len(flat))  # thick lines stay sharp where the browser stretches them
    return map_picture(flat, (-_reach(flat), _reach(flat)), CHANGE_SCALE, (lines, 1))


def _reach(values: np.ndarray) -> float:
    """Where the colours end: nearly the largest value, so that a single spike does not pale the rest."""
    return max(float(np.quantile(np.abs(values), 0.99)), float(np.abs(values).max()) / 4) or 1.0


def _averaged(values: np.ndarray, at_most: int) -> tuple[np.ndarray, np.ndarray]:
    """Neighbouring samples averaged until `at_most` columns are left, (n_rows, n_columns), and their edges."""
    n_samples = values.shape[1]
    edges = np.linspace(0, n_samples, min(n_samples, at_most) + 1).astype(int)
    return np.add.reduceat(values, edges[:-1], axis=1) / np.diff(edges), edges


def overview_chart(layers: pd.DataFrame, opened: str, seconds: float) -> alt.LayerChart:
    """The way of a trial of so many `seconds` through the network, a picture a layer; a click picks one.

    layers: columns layer, kind, shape (text), does, parameters, multiplications, url (of its picture). TRIAL is what
    goes in.
    """
    place = np.arange(len(layers))
    rows = layers.assign(begin=0.0, end=seconds, top=place + 0.06, bottom=place + 0.94, open=layers["layer"] == opened)
    labels = (layers["layer"].replace(TRIAL, _(TRIAL)) + "|" + layers["kind"] + " " + layers["shape"]).tolist()
    words = f"split({labels}[floor(datum.value)], '|')"
    axis = alt.Axis(values=(place + 0.5).tolist(), labelExpr=words, labelLimit=220, grid=False, ticks=False)
    y = alt.Y("top:Q", title=_("Layer"), axis=axis, scale=alt.Scale(domain=[0, len(rows)], reverse=True, nice=False))
    x = alt.X("begin:Q", title=_(TIME), scale=alt.Scale(domain=[0, seconds], nice=False))
    tooltip = [
        alt.Tooltip("layer:N", title=_("layer")),
        alt.Tooltip("kind:N", title=_("kind")),
        alt.Tooltip("shape:N", title=_("shape")),
        alt.Tooltip("parameters:Q", format=",", title=_("parameters")),
        alt.Tooltip("multiplications:Q", format=",", title=_("multiplications")),
        alt.Tooltip("does:N", title=_("does")),
    ]
    spans = {"x": x, "x2": alt.X2("end:Q"), "y": y, "y2": alt.Y2("bottom:Q")}
    pictures = stretched(rows, **spans)
    picked = alt.selection_point(name="layer", fields=["layer"])
    frames = alt.Chart(rows).mark_rect(fillOpacity=0, stroke=MORE, cursor="pointer")
    frames = frames.encode(
        strokeWidth=alt.condition("datum.open", alt.value(3), alt.value(0)), tooltip=tooltip, **spans
    )
    title = titled(_("All layers on this trial"), _("a line a map; click a layer to open it"))
    return alt.layer(pictures, frames.add_params(picked), title=title, height=ROW * len(rows) + AROUND)


def maps_table(values: np.ndarray, times: tuple[float, float]) -> pd.DataFrame:
    """One trial's maps (n_maps, n_samples) as rows of map (from 1), begin, end (s) and value.

    times: middle of the first sample and seconds from one to the next. Samples are averaged where there are too many.
    """
    columns = max(min(values.shape[1], MOST_CELLS // len(values)), 1)
    shown, edges = _averaged(values, columns)
    first, step = times
    edges = first + step * (edges - 0.5)
    return pd.DataFrame(
        {
            "map": np.repeat(np.arange(len(values)) + 1, shown.shape[1]),
            "begin": np.tile(edges[:-1], len(values)),
            "end": np.tile(edges[1:], len(values)),
            "value": shown.ravel(),
        }
    )


def maps_chart(
    values: np.ndarray, times: tuple[float, float], seconds: float, opened: int, name: str, unit: str
) -> alt.LayerChart:
    """All maps of a layer over time, as a picture; a click picks one, and the pointer reads means of some samples.

    `opened` is a map, from 1; the rest as in `maps_table`.
    """
    rows, reach = maps_table(values, times), _reach(values)
    scale = alt.Scale(domain=list(np.linspace(-reach, reach, 5)), range=list(CHANGE_SCALE), clamp=True)
    count = len(values)
    axis = alt.Axis(values=list(range(1, count + 1, -(-count // 32))), format="d", labelFlush=False)
    y = alt.Y("map:O", title=_("Map"), axis=axis, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    x = alt.X("begin:Q", title=_(TIME), scale=alt.Scale(domain=[0, seconds], nice=False))
    tooltip = [
        alt.Tooltip("map:O", title=_("map")),
        alt.Tooltip("begin:Q", format=".3f", title=_("from (s)")),
        alt.Tooltip("end:Q", format=".3f", title=_("to (s)")),
        alt.Tooltip("value:Q", format=".4g", title=_("mean value ({unit})", unit=_(unit))),
    ]
    picked = alt.selection_point(name="map", fields=["map"])
    here, seen = lit_by_pointer(1)
    colour = alt.Color(
        "value:Q",
        title=_("Value ({unit})", unit=_(unit)),
        scale=scale,
        legend=alt.Legend(orient="top", titleOrient="left"),
    )
    cells = alt.Chart(rows).mark_rect(clip=True, cursor="pointer", aria=False)
    cells = cells.encode(x=x, x2=alt.X2("end:Q"), y=y, color=colour, opacity=seen, tooltip=tooltip)
    lines = -(-MOST_ROWS // count)  # thick lines stay sharp where the browser stretches them
    url = map_picture(_averaged(values, MOST_COLUMNS)[0], (-reach, reach), CHANGE_SCALE, (lines, 1))
    whole = pd.DataFrame({"begin": [rows["begin"].min()], "end": [rows["end"].max()], "url": [url]})
    drawn = stretched(whole, x=x, x2=alt.X2("end:Q"), y=alt.YValue(0), y2=alt.Y2Value("height"))
    frame = alt.Chart(pd.DataFrame({"map": [opened], "begin": [0.0], "end": [seconds]}))
    frame = frame.mark_rect(fillOpacity=0, stroke=RULE_COLOUR, strokeWidth=2)
    frame = frame.encode(x=alt.X("begin:Q"), x2=alt.X2("end:Q"), y=y)
    title = titled(_("What comes out of {name}", name=name), _("click a map to open it; framed: the one that is open"))
    return alt.layer(
        drawn, cells.add_params(picked, here), frame, title=title, height=max(min(14 * count, 420), 120) + AROUND + 50
    )


def unit_chart(
    values: np.ndarray, times: tuple[float, float], seconds: float, sample: int, name: str, unit: str
) -> alt.LayerChart:
    """One map over time, (n_samples,), and the sample (from 1) that is worked out; a click picks another."""
    first, step = times
    rows = pd.DataFrame({"sample": np.arange(len(values)) + 1, "value": values.astype(float)})
    rows["time"] = first + step * (rows["sample"] - 1)
    x = alt.X("time:Q", title=_(TIME), scale=alt.Scale(domain=[0, seconds], nice=False))
    y = alt.Y("value:Q", title=_("Value ({unit})", unit=_(unit)))
    tooltip = [
        alt.Tooltip("sample:Q", title=_("sample")),
        alt.Tooltip("time:Q", format=".3f", title="s"),
        alt.Tooltip("value:Q", format=".4g", title=_("value ({unit})", unit=_(unit))),
    ]
    base = alt.Chart(rows).encode(x=x, y=y)
    picked = alt.selection_point(name="sample", fields=["sample"], nearest=True, on="click")
    line = base.mark_line(strokeWidth=1.2, color=SIGNAL_COLOUR, clip=True)
    dots = base.mark_point(opacity=0, size=40, cursor="pointer", aria=False).encode(tooltip=tooltip).add_params(picked)
    here = rows[rows["sample"] == sample]
    rule = alt.Chart(here).mark_rule(color=NEUTRAL, strokeDash=[4, 3]).encode(x=x)
    dot = alt.Chart(here).mark_point(filled=True, size=90, color=MORE, opacity=1)
    title = titled(_("{words} over time", words=name), _("click to work out another sample"))
    return alt.layer(line, rule, dot.encode(x=x, y=y, tooltip=tooltip), dots, title=title, height=HEIGHT - 60)


def features_chart(values: np.ndarray, names: list[str], title: str, unit: str) -> alt.Chart:
    """A bar a feature: what comes out of a dense layer, (n_features,)."""
    rows = pd.DataFrame({"class": [_(name) for name in names], "value": values.astype(float)})
    tooltip = [alt.Tooltip("class:N", title=_("class")), alt.Tooltip("value:Q", format=".4g", title=_("value"))]
    colour = alt.condition("datum.value > 0", alt.value(MORE), alt.value(LESS))
    bars = alt.Chart(rows).mark_bar()
    x = alt.X("value:Q", title=_("Value ({unit})", unit=_(unit)))
    y = alt.Y("class:N", title=_("Class"), sort=None, axis=alt.Axis(labelFlush=False))
    return bars.encode(x=x, y=y, color=colour, tooltip=tooltip).properties(
        title=titled(title, _("the larger one is the answer")), height=40 * len(rows) + AROUND
    )
