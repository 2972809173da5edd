"""Activations as curves, and what one of them does to the values that reach it: how they lie, and over time."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from eegnets.activations import ACTIVATIONS, FLAT, describe_flat, flat_spans
from eegnets.charts.hover import reading_strips
from eegnets.charts.style import (
    ACTIVATION_COLOURS,
    HEIGHT,
    LEGEND,
    NEUTRAL,
    QUIET,
    SIGNAL_COLOUR,
    TALL,
    activation_encodings,
    titled,
)
from eegnets.translation import N_, _

X = np.linspace(-8, 8, 161)  # zero, where many bend sharply, is one of them
FINE = np.linspace(-8, 8, 1601)  # GELU is flat for a hundredth where it turns
# How far the axis reaches at least, so that it stays where it is while a parameter moves.
REACH = {"value": (-2.0, 4.0), "slope": (-0.2, 1.2)}
TOP = {"value": 4.0, "slope": np.inf}  # beyond it, the straight ones would leave no room for the others
TITLES = {
    "value": (N_("Curve"), N_("f(x) (arbitrary units)")),
    "slope": (N_("Slope"), N_("f′(x) (pure number)")),
}
INTO, OUT = N_("goes in"), N_("comes out")
BENT = {"value": OUT, "slope": N_("slope")}  # of what goes in
BAR = 22  # px, height of an activation's bar

FRAME = 130  # px around the bars: title, axis and its title
LINE = 18  # px, of a legend
X_TITLE = N_("x, what goes in (arbitrary units)")
NAMES = alt.Axis(grid=True, labelLimit=200, labelOverlap=False, labelFlush=False)
UNDER = {"value": N_("what comes out"), "slope": N_("what the gradient is multiplied by on its way back")}

SHADED = N_("shaded: slope nearer to zero than {flat}")
UNSHADED = N_("nowhere here is the slope nearer to zero than {flat}")

Parameters = Mapping[str, float]


def curve_table(picked: Mapping[str, Parameters], x: np.ndarray = X) -> pd.DataFrame:
    """Rows of x, activation, value and slope for each picked name."""
    parts = []
    for name, parameters in picked.items():
        entry = ACTIVATIONS[name]
        part = {"x": x, "activation": name, "value": entry.function(x, **parameters)}
        parts.append(pd.DataFrame(part | {"slope": entry.derivative(x, **parameters)}))
    return pd.concat(parts, ignore_index=True)


def curve_chart(table: pd.DataFrame, quantity: str, at: float) -> alt.LayerChart:
    """The curves ("value") or their slopes ("slope") of a `curve_table`; dashed, where x is `at`."""
    words, y_title = TITLES[quantity]
    low, high = REACH[quantity]
    domain = [min(low, table[quantity].min()), min(max(high, 1.05 * table[quantity].max()), TOP[quantity])]
    x = alt.X("x:Q", title=_(X_TITLE), scale=alt.Scale(domain=[X[0], X[-1]], nice=False))
    y = alt.Y(f"{quantity}:Q", title=_(y_title), scale=alt.Scale(domain=domain, nice=False))
    legend = LEGEND.copy()
    legend.columns = 3  # more do not fit beside each other in half a page or on a phone
    looks = activation_encodings(list(dict.fromkeys(table["activation"])), legend)
    lines = alt.Chart(table).mark_line(strokeWidth=2.2, clip=True).encode(x=x, y=y, **looks)
    here = alt.Chart(pd.DataFrame({"x": [at]})).mark_rule(color=NEUTRAL, strokeDash=[4, 4]).encode(x=x)
    strips = reading_strips(table, x, "x", "activation", title="x", value=quantity, place=".1f")
    rows = -(-table["activation"].nunique() // legend.columns)
    return alt.layer(here, lines, strips, title=titled(_(words), _(UNDER[quantity])), height=TALL + 50 + LINE * rows)


def flat_table(picked: Mapping[str, Parameters], x: np.ndarray = FINE) -> pd.DataFrame:
    """Rows of activation, first, last: the stretches of x over which each picked name is flat."""
    rows = [
        (name, *span)
        for name, parameters in picked.items()
        for span in flat_spans(x, ACTIVATIONS[name].derivative(x, **parameters))
    ]
    return pd.DataFrame(rows, columns=["activation", "first", "last"])


def flat_chart(picked: Mapping[str, Parameters]) -> alt.LayerChart:
    """A row for each picked name, with a bar along x where it is flat."""
    names = list(picked)
    x = alt.X("first:Q", title=_(X_TITLE), scale=alt.Scale(domain=[X[0], X[-1]], nice=False))
    y = alt.Y("activation:N", title=None, sort=names, axis=NAMES)
    tooltip = [alt.Tooltip("activation:N", title=_("activation"))]
    tooltip.append(alt.Tooltip("first:Q", format=".2f", title=_("flat, first x")))
    tooltip.append(alt.Tooltip("last:Q", format=".2f", title=_("flat, last x")))
    colour = activation_encodings(names, legend=None)["color"]
    scale = alt.Scale(domain=names, range=[ACTIVATION_COLOURS[name] for name in names])
    outline = alt.Stroke("activation:N", scale=scale, legend=None)  # shows the narrowest
    spans = flat_table(picked)
    middle = alt.Chart(pd.DataFrame({"first": [0.0]})).mark_rule(color=NEUTRAL).encode(x=x)
    rows = pd.DataFrame({"activation": names, "first": X[0]})  # each has its row, flat anywhere or not
    layers = [middle, alt.Chart(rows).mark_point(opacity=0).encode(x=x, y=y)]
    if len(spans):
        bars = alt.Chart(spans).mark_bar(height={"band": 0.6}, clip=True)
        looks = {"color": colour, "stroke": outline, "tooltip": tooltip}
        layers.append(bars.encode(x=x, x2=alt.X2("last:Q"), y=y, **looks))
    title = titled(_("Where each is flat"), _("bars: slope nearer to zero than {flat}", flat=FLAT))
    return alt.layer(*layers, title=title, height=FRAME + BAR * len(names))


def describe_curves_of(picked: Mapping[str, Parameters]) -> str:
    """The curves in words, for those who do not see them."""
    return _("; ").join(
        _("{name}: flat {where}", name=name, where=describe_flat(name, **parameters))
        for name, parameters in picked.items()
    )


def inputs_chart(counts: pd.DataFrame, curves: pd.DataFrame, name: str, title: str) -> alt.LayerChart:
    """Where a layer's inputs lie, as bars, under the curve that bends them.

    counts: rows of start, stop, share (0..1). curves: rows of x, value, slope and curve (which of a layer's curves).
    Where there is but one curve, its flat stretches are shaded.
    """
    domain = [float(counts["start"].iloc[0]), float(counts["stop"].iloc[-1])]
    x = alt.X("start:Q", title=_("What goes in (arbitrary units)"), scale=alt.Scale(domain=domain, nice=False))
    percent = alt.Axis(format=".0%", grid=False)
    tooltip = [alt.Tooltip("start:Q", format=".2f", title=_("from"))]
    tooltip += [alt.Tooltip("stop:Q", format=".2f", title=_("to"))]
    tooltip += [alt.Tooltip("share:Q", format=".1%", title=_("of the values"))]
    drawn = curves["curve"].nunique()
    one = drawn == 1
    if one:
        middle = (counts["start"] + counts["stop"]) / 2
        counts = counts.assign(**{end: np.interp(middle, curves["x"], curves[end]) for end in BENT})
        tooltip += [alt.Tooltip(f"{end}:Q", format=".3f", title=_(words)) for end, words in BENT.items()]
    bars = alt.Chart(counts).mark_rect(color=SIGNAL_COLOUR, opacity=0.65)
    bars = bars.encode(
        x=x,
        x2=alt.X2("stop:Q"),
        y=alt.Y("share:Q", title=_("Bars: share of the values (%)"), axis=percent),
        tooltip=tooltip,
    )
    line = alt.Chart(curves.assign(activation=name)).mark_line(strokeWidth=2.5 if one else 1, opacity=1 if one else 0.4)
    line = line.encode(
        x=alt.X("x:Q"),
        y=alt.Y(
            "value:Q", title=_("Line: what comes out (arbitrary units)"), axis=alt.Axis(grid=False, orient="right")
        ),
        detail=alt.Detail("curve:N"),
        **activation_encodings([name], legend=None),
    )
    under = _(SHADED, flat=FLAT) if one else _("a line for each of {n} maps, as it has learned", n=drawn)
    shades = _shades(flat_spans(curves["x"].to_numpy(), curves["slope"].to_numpy())) if one else []
    layers = alt.layer(*shades, bars, line, title=titled(title, under), height=TALL)
    return layers.resolve_scale(y="independent")


def _shades(spans: Sequence[tuple[float, float]]) -> list[alt.Chart]:
    """Grey spans behind a chart; none where there are none."""
    if not spans:
        return []
    shades = alt.Chart(pd.DataFrame(spans, columns=["first", "last"])).mark_rect(color=NEUTRAL, opacity=0.28)
    return [shades.encode(x=alt.X("first:Q"), x2=alt.X2("last:Q"))]


def trace_table(times: np.ndarray, before: np.ndarray, after: np.ndarray) -> pd.DataFrame:
    """One map over time: rows of time (s), part ("goes in", "comes out") and value."""
    parts = {INTO: before, OUT: after}
    return pd.concat([pd.DataFrame({"time": times, "part": name, "value": part}) for name, part in parts.items()])


def trace_chart(
    times: np.ndarray, before: np.ndarray, after: np.ndarray, slope: np.ndarray, name: str, title: str
) -> alt.LayerChart:
    """One map before and after its activation over `times` (s), each (n,); shaded while the activation is flat."""
    table = trace_table(times, before, after)
    table["part"] = table["part"].map(_)
    names = [_(INTO), _(OUT)]
    half = (times[1] - times[0]) / 2 if len(times) > 1 else 0.5
    domain = [float(times[0] - half), float(times[-1] + half)]
    x = alt.X("time:Q", title=_("Time after trial start (s)"), scale=alt.Scale(domain=domain, nice=False))
    looks = alt.Scale(domain=names, range=[SIGNAL_COLOUR, ACTIVATION_COLOURS[name]])
    dashes = alt.Scale(domain=names, range=[[1, 0], [5, 2]])
    lines = alt.Chart(table).mark_line(strokeWidth=1.6)
    lines = lines.encode(
        x=x,
        y=alt.Y("value:Q", title=_("Value (arbitrary units)")),
        color=alt.Color("part:N", title=None, scale=looks, legend=LEGEND),
        strokeDash=alt.StrokeDash("part:N", title=None, scale=dashes, legend=LEGEND),
    )
    spans = [(first - half, last + half) for first, last in flat_spans(times, slope)]
    under = _(SHADED if spans else UNSHADED, flat=FLAT)
    strips = reading_strips(table, x, "time", "part", title="s", place=".3f")
    return alt.layer(*_shades(spans), lines, strips, title=titled(title, under), height=HEIGHT)


def shares_chart(shares: pd.DataFrame) -> alt.LayerChart:
    """How much of the same inputs each activation would flatten; rows of activation, zero, flat (0..1)."""
    names = list(shares["activation"])
    x = alt.X(
        "flat:Q",
        title=_("Share of the values (%)"),
        axis=alt.Axis(format=".0%"),
        scale=alt.Scale(domain=[0, 1]),
    )
    y = alt.Y("activation:N", title=None, sort=names, axis=NAMES)
    tooltip = [alt.Tooltip("activation:N", title=_("activation"))]
    tooltip += [alt.Tooltip("flat:Q", format=".2%", title=_("slope below {flat}", flat=FLAT))]
    tooltip += [alt.Tooltip("zero:Q", format=".2%", title=_("slope exactly 0"))]
    colour = activation_encodings(names, legend=None)["color"]
    bars = alt.Chart(shares).mark_bar().encode(x=x, y=y, color=colour, tooltip=tooltip)
    words = alt.Chart(shares).mark_text(align="left", dx=4, color=QUIET)
    words = words.encode(x=x, y=y, text=alt.Text("flat:Q", format=".1%"))
    under = _("share with a slope nearer to zero than {flat}", flat=FLAT)
    title = titled(_("The same inputs, other functions"), under)
    return alt.layer(bars, words, title=title, height=FRAME + BAR * len(shares))


def describe_shares(shares: pd.DataFrame) -> str:
    """The bars in words, for those who do not see them."""
    parts = [f"{name} {share:.1%}" for name, share in zip(shares["activation"], shares["flat"], strict=True)]
    return _("Share of the values that each function would flatten: {parts}", parts=_(", ").join(parts))
