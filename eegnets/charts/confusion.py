"""The confusion matrix: what was shown against what was answered."""

import altair as alt
import numpy as np
import pandas as pd

from eegnets.charts.style import HEIGHT


def confusion_table(counts: np.ndarray, class_names: tuple[str, ...]) -> pd.DataFrame:
    """A matrix (true, predicted) of trial counts as rows of true, predicted, trials, share of the true class."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows = [
        (true, predicted, int(counts[i, j]), float(shares[i, j]))
        for i, true in enumerate(class_names)
        for j, predicted in enumerate(class_names)
    ]
    return pd.DataFrame(rows, columns=["true", "predicted", "trials", "share"])


def confusion_chart(counts: np.ndarray, class_names: tuple[str, ...]) -> alt.LayerChart:
    """Cells shaded by their share of the true class, with the number of trials in them."""
    base = alt.Chart(confusion_table(counts, class_names)).encode(
        x=alt.X("predicted:N", title="Answered", sort=list(class_names), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("true:N", title="Shown", sort=list(class_names)),
        tooltip=["true", "predicted", "trials", alt.Tooltip("share:Q", format=".1%", title="of the shown class")],
    )
    scale = alt.Scale(domain=[0, 1], range=["#e8f1f8", "#16527f"])
    cells = base.mark_rect().encode(color=alt.Color("share:Q", title="Share of shown", scale=scale, legend=None))
    ink = alt.condition(alt.datum.share > 0.45, alt.value("white"), alt.value("#16324a"))
    numbers = base.mark_text(fontSize=18).encode(text="trials:Q", color=ink)
    return alt.layer(cells, numbers).properties(title="Confusion matrix (test trials)", height=HEIGHT)
