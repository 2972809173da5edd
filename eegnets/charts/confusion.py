"""The confusion matrix: what was shown against what was answered."""

import altair as alt
import numpy as np
import pandas as pd

from eegnets.charts.style import CELL_INKS, DARK_FROM, HEIGHT, MORE, SCORE_SCALE, titled
from eegnets.translation import _

# A word a line: cells may be narrow.
WORDS = {"labelExpr": "split(datum.label, ' ')", "labelOverlap": False, "labelFlush": False}


def confusion_table(counts: np.ndarray, class_names: tuple[str, ...]) -> pd.DataFrame:
    """A matrix (true, predicted) of trial counts as rows of true, predicted, trials, share of the true class."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows = [
        (true, predicted, int(counts[i, j]), float(shares[i, j]))
        for i, true in enumerate(class_names)
        for j, predicted in enumerate(class_names)
    ]
    return pd.DataFrame(rows, columns=["true", "predicted", "trials", "share"])


def confusion_chart(counts: np.ndarray, class_names: tuple[str, ...], part: str = "test") -> alt.LayerChart:
    """Cells shaded by their share of the true class, with the number of trials in them; `cell` is what was clicked."""
    cells = confusion_table(counts, class_names)
    cells["shown"], cells["answered"] = cells["true"], cells["predicted"]  # as the program calls them, for a click
    cells["true"], cells["predicted"] = cells["true"].map(_), cells["predicted"].map(_)
    names = [_(name) for name in class_names]
    base = alt.Chart(cells).encode(
        x=alt.X("predicted:N", title=_("Answered"), sort=names, axis=alt.Axis(labelAngle=0, **WORDS)),
        y=alt.Y("true:N", title=_("Shown"), sort=names, axis=alt.Axis(**WORDS)),
    )
    scale = alt.Scale(domain=[0, 1], range=list(SCORE_SCALE))
    clicked = alt.selection_point(name="cell", fields=["shown", "answered"], empty=False)
    cells = base.mark_rect(cursor="pointer", stroke=MORE).encode(
        color=alt.Color("share:Q", title=_("Share of shown"), scale=scale, legend=None),
        strokeWidth=alt.condition(clicked, alt.value(5), alt.value(0)),  # a paler cell would hide its number
        tooltip=[
            alt.Tooltip("true:N", title=_("true")),
            alt.Tooltip("predicted:N", title=_("predicted")),
            alt.Tooltip("trials:Q", title=_("trials")),
            alt.Tooltip("share:Q", format=".1%", title=_("of the shown class")),
        ],
    )
    cells = cells.add_params(clicked)  # numbers have no tooltip: they would take the clicks
    ink = alt.condition(alt.datum.share > DARK_FROM, alt.value(CELL_INKS[1]), alt.value(CELL_INKS[0]))
    numbers = base.mark_text(fontSize=18).encode(text=alt.Text("trials:Q"), color=ink)
    title = titled(_("Confusion matrix"), _("{part} trials; a click lists them", part=_(part)))
    return alt.layer(cells, numbers, title=title, height=HEIGHT)
