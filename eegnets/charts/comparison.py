"""Runs on one chart: a line for each group with its interval, single runs faint under it; and how a choice flatters."""

from collections.abc import Mapping
from math import isnan
from typing import Any

import altair as alt
import pandas as pd

from eegnets.charts.curves import axis_title, chart_title, run_colours
from eegnets.charts.style import DASHES, HEIGHT, LEGEND, LINE, OTHER_COLOURS, TALL, titled, worded
from eegnets.comparison import thinned
from eegnets.evaluation import SCORES
from eegnets.translation import N_, _

CLICKED = "clicked"  # the chart's selection: which group was clicked
ENOUGH = 3  # runs: an interval of two is as wide as the chart, and says as little
POINTED = 3000  # points on a chart that answer to the pointer: a browser divides its plane among them
X_TITLES = {
    N_("epoch"): N_("Epoch"),
    N_("seconds"): N_("Time in training (s)"),
    N_("trials"): N_("Training trials seen (number)"),
}


def comparison_curves(
    means: pd.DataFrame,
    singles: pd.DataFrame,
    activations: Mapping[str, str],
    *,
    metric: str,
    fold: str,
    x: str = "epoch",
    log: tuple[str, ...] = (),
    focus: str = "",
    names: Mapping[str, str] | None = None,
) -> alt.LayerChart:
    """One line for each group; a click on one selects it (`CLICKED`).

    means: rows of group, epoch, seconds, trials, value, low, high (nan: no interval), n. singles: rows of group, run
    and the same, drawn faintly. activations: group -> activation, in the order of the legend. `x` is a key of X_TITLES;
    where it is nan, nothing is drawn. `log` names the axes ("x", "y") that are logarithmic, where values of zero and
    less have no place. `focus`: the group that stands out, if any. names: group -> how the reader calls it.
    """
    means, singles = means.dropna(subset=x), singles.dropna(subset=x)
    if "y" in log:
        means, singles = means[means["value"] > 0], singles[singles["value"] > 0]
        means = means.assign(low=means["low"].where(means["low"] > 0, means["value"]))
    axis = alt.Axis(grid=False, **({"tickMinStep": 1} if x == "epoch" else {}))
    x_axis = alt.X(f"{x}:Q", title=_(X_TITLES[x]), scale=_scale("x" in log), axis=axis)
    y_title, names = axis_title(metric), names or {group: group for group in activations}
    y_axis = alt.Y("value:Q", title=y_title, scale=_scale("y" in log))
    looks = _looks(activations, names)
    standing_out, thick = (_in_focus(focus, *pair) for pair in ((1.0, 0.25), (4.0, 2.0)))
    faint = alt.Chart(singles).mark_line(strokeWidth=1).encode(opacity=_in_focus(focus, 0.4, 0.12, 0.3))
    band = alt.Chart(_bands(means, metric)).mark_area().encode(opacity=_in_focus(focus, 0.25, 0.05, 0.18))
    line = alt.Chart(means).mark_line(point=len(means) <= 3 * len(activations))
    line = line.encode(opacity=standing_out, strokeWidth=thick) if focus else line.encode(strokeWidth=alt.value(2.5))
    under = _("band: 95 % interval of the mean of three runs or more; faint: single runs")
    return alt.layer(
        faint.encode(x_axis, y_axis, detail=alt.Detail("run:N"), color=looks["color"]),
        band.encode(x_axis, alt.Y("low:Q", title=y_title), alt.Y2("high:Q"), color=looks["color"]),
        line.encode(x_axis, y_axis, **looks),
        *_readings(means, x_axis, y_axis, x, names),
    ).properties(
        title=titled(chart_title(metric, fold), under),
        height=TALL + 80 + LINE * len(activations),
    )


def _bands(means: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The rows that have a band; that of an accuracy lies between none and all."""
    several = means[means["n"] >= ENOUGH].dropna(subset="low")
    if metric != "accuracy":
        return several
    return several.assign(low=several["low"].clip(lower=0.0), high=several["high"].clip(upper=1.0))


def _scale(logarithmic: bool) -> alt.Scale:
    return alt.Scale(type="log" if logarithmic else "linear", zero=False, nice=False)


def _looks(activations: Mapping[str, str], names: Mapping[str, str]) -> dict[str, alt.Color | alt.StrokeDash]:
    """Colour and dash of a group: its activation's own colour where no two groups share one."""
    groups = list(activations)
    dashes = [DASHES[i % len(DASHES)] for i in range(len(groups))]
    colours = alt.Scale(domain=groups, range=run_colours(groups, activations))
    legend = worded(LEGEND, {group: names[group] for group in groups})
    legend.columns, legend.labelLimit = 1, 300
    return {
        "color": alt.Color("group:N", title=None, scale=colours, legend=legend),
        "strokeDash": alt.StrokeDash("group:N", title=None, scale=alt.Scale(domain=groups, range=dashes)),
    }


def _in_focus(focus: str, yes: float, no: float, without: float = 1.0) -> Any:
    """A figure of the marks: one for the group in focus, one for the others; one for all where no group is."""
    if not focus:
        return alt.value(without)
    return alt.condition(alt.datum.group == focus, alt.value(yes), alt.value(no))


def _readings(
    means: pd.DataFrame, x_axis: alt.X, y_axis: alt.Y, x: str, names: Mapping[str, str]
) -> tuple[alt.Chart, alt.Chart]:
    """A rule that follows the pointer, and unseen points that read every group there and can be clicked."""
    means = thinned(means, "group", max(POINTED // max(means["group"].nunique(), 1), 2))
    table = means.assign(words=[_reading(row, names) for row in means.to_dict("records")])
    read = table.groupby(x, as_index=False).agg(words=("words", "\n".join))
    nearest = alt.selection_point("nearest", nearest=True, on="pointerover", fields=[x], empty=False)
    clicked = alt.selection_point(CLICKED, nearest=True, on="click", fields=["group"], empty=False)
    shown = [alt.Tooltip(f"{x}:Q", title=_(X_TITLES[x]), format=".4~g"), alt.Tooltip("words:N", title=_("Mean"))]
    rule = alt.Chart(read).mark_rule(color="gray", tooltip=None)
    points = alt.Chart(table.drop(columns="words").merge(read, on=x)).mark_point(opacity=0, size=80)
    return (
        rule.encode(x_axis, opacity=alt.condition(nearest, alt.value(0.6), alt.value(0))),
        points.encode(x_axis, y_axis, tooltip=shown).add_params(nearest, clicked),
    )


def _reading(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One group at one place in words."""
    spread = "" if isnan(row["high"]) else f" ± {row['high'] - row['value']:.4f}"
    return f"{names[row['group']]}: {row['value']:.4f}{spread} (n {row['n']})"


def describe_comparison(means: pd.DataFrame, metric: str, fold: str, names: Mapping[str, str] | None = None) -> str:
    """The lines in a sentence each, for those who do not see them; names: as for the curves."""
    parts = [f"{chart_title(metric, fold)}."]
    for group, rows in means.groupby("group", sort=False):
        first, last = rows.iloc[0], rows.iloc[-1]
        parts.append(
            _(
                "{group}: from {first:.3f} to {last:.3f} at epoch {epoch:.0f}.",
                group=(names or {}).get(group, group),
                first=first["value"],
                last=last["value"],
                epoch=last["epoch"],
            )
        )
    return " ".join(parts if len(parts) > 1 else [*parts, _("No epoch has ended yet.")])


def flattery_chart(table: pd.DataFrame) -> alt.Chart:
    """Runs by how far their best test epoch lies above an honest score; rows of honest, points (percentage points)."""
    counted = table.assign(points=table["points"].round(), honest=table["honest"].map(lambda name: _(SCORES[name])))
    counted = counted.groupby(["honest", "points"], as_index=False).size()
    names = [_(SCORES[name]) for name in ("last", "best_validation")]
    reach = counted["points"].astype(int)
    every = list(range(reach.min(), reach.max() + 1)) if len(reach) else []  # also those that no run has
    axis = alt.Axis(labelAngle=0, labelOverlap=True, format="d")
    colours = alt.Scale(domain=names, range=list(OTHER_COLOURS[:2]))
    legend = LEGEND.copy()
    legend.symbolType, legend.columns = "square", 1  # beside each other they do not fit on a phone
    return (
        alt.Chart(counted)
        .mark_bar()
        .encode(
            x=alt.X("points:O", title=_("Best test epoch above (points)"), axis=axis, scale=alt.Scale(domain=every)),
            xOffset=alt.XOffset("honest:N", sort=names),
            y=alt.Y("size:Q", title=_("Runs (number)"), axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("honest:N", title=_("Above"), scale=colours, legend=legend),
            tooltip=[
                alt.Tooltip("honest:N", title=_("Compared with")),
                alt.Tooltip("points:Q", title=_("Points above")),
                alt.Tooltip("size:Q", title=_("Runs")),
            ],
        )
        .properties(title=_("How much the best test epoch flatters"), height=HEIGHT)
    )
