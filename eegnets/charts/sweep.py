"""A sweep as a grid that fills: a cell for each combination, its accuracy as colour and number, its state as a sign."""

import altair as alt
import pandas as pd

from eegnets.charts.style import QUIET, SCORE_SCALE, titled
from eegnets.evaluation import SCORES

SIGNS = {
    "missing": "–",
    "queued": "…",
    "running": "▸",
    "paused": "‖",
    "stopped": "■",
    "finished": "",
    "failed": "×",
    "interrupted": "!",
}  # state -> what stands in a cell, beside its accuracy where there is one
CELL = 30  # px, of a row
LOW_CELL = 14  # px, where there are many


def sweep_grid(table: pd.DataFrame, score: str) -> alt.LayerChart:
    """The cells of `sweep.cell_table` as a grid, with a column `word` (the state in words).

    score: whose accuracy the column `value` is (a key of SCORES), per cent.
    """
    table = table.assign(text=[_text(row) for row in table.to_dict("records")])
    rows, columns = list(table["row"].unique()), list(table["column"].unique())
    height = CELL if len(rows) <= 20 else LOW_CELL
    x = alt.X("column:O", title=None, sort=columns, axis=alt.Axis(orient="top", labelLimit=160, labelOverlap=False))
    y = alt.Y("row:O", title=None, sort=rows, axis=alt.Axis(labelLimit=200))
    tooltip = [
        alt.Tooltip("row:N", title="Settings"),
        alt.Tooltip("column:N", title="and"),
        alt.Tooltip("word:N", title="State"),
        alt.Tooltip("epoch:Q", title="Epochs so far"),
        alt.Tooltip("value:Q", title=f"{SCORES[score]} (%)", format=".1f"),
        alt.Tooltip("run:N", title="Run"),
    ]
    empty, scored = table[table["value"].isna()], table.dropna(subset="value")
    middle = scored["value"].mean() if len(scored) else 0.0
    layers = [
        alt.Chart(part).mark_rect(**look).encode(x, y, tooltip=tooltip, **colour)
        for part, look, colour in (
            (empty, {"fill": "transparent", "stroke": QUIET, "strokeDash": [2, 2]}, {}),
            (scored, {"stroke": QUIET, "strokeWidth": 0.5}, {"color": _colour(scored)}),
        )
        if len(part)  # a legend without a value upsets Vega's layout
    ]
    words = [
        alt.Chart(part)
        .mark_text(fontSize=12 if height == CELL else 9, color=ink, tooltip=None)
        .encode(x, y, text="text:N")
        for part, ink in (
            (empty, QUIET),
            (scored[scored["value"] <= middle], "#16242f"),
            (scored[scored["value"] > middle], "#ffffff"),
        )
        if len(part)
    ]
    return alt.layer(*layers, *words).properties(
        title=titled("Test accuracy of every combination (per cent)", f"{SCORES[score]}; signs: see above"),
        height=height * len(rows) + 170,
    )


def _text(row: dict[str, object]) -> str:
    """What stands in a cell: the sign of its state, and its accuracy where there is one."""
    value = "" if pd.isna(row["value"]) else f"{row['value']:.1f}"
    return f"{SIGNS[str(row['state'])]} {value}".strip()


def _colour(scored: pd.DataFrame) -> alt.Color:
    low, high = scored["value"].min(), scored["value"].max()
    scale = alt.Scale(domain=[low, high] if high > low else [low - 1, high], range=list(SCORE_SCALE))
    return alt.Color(
        "value:Q", title="Accuracy (%)", scale=scale, legend=alt.Legend(orient="bottom", gradientLength=160)
    )


def describe_sweep(table: pd.DataFrame) -> str:
    """The grid in words: how many combinations are in which state, the best and the worst."""
    counts = ", ".join(f"{n} {word.lower()}" for word, n in table["word"].value_counts(sort=False).items())
    scored = table.dropna(subset="value")
    if scored.empty:
        return f"{len(table)} combinations: {counts}."
    best, worst = (scored.loc[place] for place in (scored["value"].idxmax(), scored["value"].idxmin()))
    return (
        f"{len(table)} combinations: {counts}. "
        f"Best: {best['row']}, {best['column']} with {best['value']:.1f} per cent; "
        f"worst: {worst['row']}, {worst['column']} with {worst['value']:.1f}."
    )
