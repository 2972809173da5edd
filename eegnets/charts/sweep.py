"""A sweep as a grid that fills: a cell for each combination, its accuracy as colour and number, its state as a sign."""

import altair as alt
import pandas as pd

from eegnets.charts.style import CELL_INKS, DARK_FROM, NEUTRAL, QUIET, SCORE_SCALE, titled
from eegnets.evaluation import SCORES
from eegnets.translation import _, with_unit

SIGNS = {
    "missing": "–",
    "queued": "…",
    "running": "►",
    "paused": "‖",
    "stopped": "■",
    "finished": "✓",
    "failed": "×",
    "interrupted": "!",
}  # state -> what stands in a cell, beside its accuracy where there is one
CLICKED = "clicked"  # the chart's selection: the run of which cell
CELL = 30  # px, of a row
SPAN = 10.0  # points that the colours span at least: what lies closer is much the same
LOW_CELL = 14  # px, where there are many
AROUND = 225  # px, of title, axis and legend


def sweep_grid(table: pd.DataFrame, down: str, across: str, score: str) -> alt.LayerChart:
    """The cells as a grid; `down` and `across` name what its rows and columns are. A click picks a run (`CLICKED`).

    table: rows of row, column, settings (in words), state, word (the state in words), epoch, run, and value: the
    accuracy `score` (a key of SCORES) in per cent, nan where there is none.
    """
    table = table.assign(text=[_text(row) for row in table.to_dict("records")])
    rows, columns = list(table["row"].unique()), list(table["column"].unique())
    height = CELL if len(rows) <= 20 else LOW_CELL
    x_axis = alt.Axis(
        orient="top", labelAngle=0 if len(columns) < 10 else -90, labelLimit=160, labelOverlap=False, labelFlush=False
    )
    x = alt.X("column:O", title=across or None, sort=columns, axis=x_axis)
    y = alt.Y("row:O", title=None, sort=rows, axis=alt.Axis(labelLimit=200, labelFlush=False))
    tooltip = [
        alt.Tooltip("settings:N", title=_("Settings")),
        alt.Tooltip("word:N", title=_("State")),
        alt.Tooltip("epoch:Q", title=_("Epochs so far")),
        alt.Tooltip("value:Q", title=with_unit(_(SCORES[score]), "%"), format=".1f"),
        alt.Tooltip("run:N", title=_("Run")),
    ]
    empty, scored = table[table["value"].isna()], table.dropna(subset="value")
    domain = _domain(scored)
    clicked = alt.selection_point(CLICKED, fields=["run"], empty=False)
    outlined = {"cursor": "pointer", "fill": "transparent", "stroke": NEUTRAL, "strokeDash": [2, 2]}
    cells = [
        alt.Chart(empty).mark_rect(**outlined).encode(x, y, tooltip=tooltip),
        alt.Chart(scored)
        .mark_rect(cursor="pointer", stroke=NEUTRAL, strokeWidth=0.5)
        .encode(x, y, _colour(domain), tooltip=tooltip),
    ]
    dark = scored["value"] > domain[0] + DARK_FROM * (domain[1] - domain[0])
    words = [
        alt.Chart(part)
        .mark_text(fontSize=12 if height == CELL else 9, color=ink, tooltip=None, cursor="pointer")
        .encode(x, y, text=alt.Text("text:N"))
        for part, ink in ((empty, QUIET), (scored[~dark], CELL_INKS[0]), (scored[dark], CELL_INKS[1]))
    ]
    layers = [layer for layer in [*cells, *words] if len(layer.data)]  # a legend without a value upsets Vega's layout
    under = f"{_(SCORES[score])}."
    if down:
        under = _("{score}. Rows: {settings}.", score=_(SCORES[score]), settings=down.lower())
    under += " " + _("Click a cell for its run.")
    return alt.layer(layers[0].add_params(clicked), *layers[1:]).properties(
        title=titled(_("Test accuracy of every combination (per cent)"), under),
        height=height * len(rows) + AROUND,
    )


def _text(row: dict[str, object]) -> str:
    """What stands in a cell: the sign of its state, and its accuracy where there is one."""
    value = "" if pd.isna(row["value"]) else f"{row['value']:.1f}"
    return f"{SIGNS[str(row['state'])]} {value}".strip()


def _domain(scored: pd.DataFrame) -> list[float]:
    """The accuracies between which the colours lie."""
    low, high = scored["value"].min(), scored["value"].max()
    width = max(high - low, SPAN)
    low = min(max((low + high - width) / 2, 0.0), 100.0 - width)
    return [low, low + width]


def _colour(domain: list[float]) -> alt.Color:
    legend = alt.Legend(orient="bottom", gradientLength=160)
    scale = alt.Scale(domain=domain, range=list(SCORE_SCALE))
    return alt.Color("value:Q", title=_("Accuracy (%)"), scale=scale, legend=legend)


def describe_sweep(table: pd.DataFrame) -> str:
    """The grid in words: how many combinations are in which state, the best and the worst."""
    counts = _(", ").join(f"{n} {word.lower()}" for word, n in table["word"].value_counts(sort=False).items())
    scored = table.dropna(subset="value")
    if scored.empty:
        return _("{n} combinations: {counts}.", n=len(table), counts=counts)
    best, worst = (scored.loc[place] for place in (scored["value"].idxmax(), scored["value"].idxmin()))
    return _(
        "{n} combinations: {counts}. Best: {best} with {highest:.1f} per cent; worst: {worst} with {lowest:.1f}.",
        n=len(table),
        counts=counts,
        best=best["settings"],
        highest=best["value"],
        worst=worst["settings"],
        lowest=worst["value"],
    )
