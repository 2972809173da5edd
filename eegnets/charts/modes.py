"""Test accuracies with and without evaluation mode, a point for each pass over the trials."""

import altair as alt
import pandas as pd

from eegnets.charts.style import FOLD_COLOURS, NEUTRAL, titled
from eegnets.charts.words import in_words
from eegnets.translation import _

LANE = 36  # px


def modes_chart(table: pd.DataFrame, part: str) -> alt.LayerChart:
    """The rows of `modes.by_mode`; a tick is a mode's mean."""
    shown = in_words(table.assign(percent=100 * table["accuracy"], unsteady=100 * table["unsteady"]), "mode")
    axis = alt.Axis(labelLimit=260, labelFlush=False)
    y = alt.Y("mode:N", title=_("Mode"), sort=list(shown["mode"].unique()), axis=axis)
    scale = alt.Scale(zero=False, padding=12)
    title = _("Accuracy on {part} trials (%)", part=_(part))
    tooltip = [
        alt.Tooltip("mode:N", title=_("Mode")),
        alt.Tooltip("pass:Q", title=_("pass")),
        alt.Tooltip("percent:Q", title=_("accuracy (%)"), format=".1f"),
        alt.Tooltip("unsteady:Q", title=_("answered otherwise in another pass (% of trials)"), format=".1f"),
    ]
    points = alt.Chart(shown).mark_point(filled=True, size=70, color=FOLD_COLOURS[part], opacity=0.7)
    points = points.encode(x=alt.X("percent:Q", title=title, scale=scale), y=y, tooltip=tooltip)
    means = alt.Chart(shown.groupby("mode", as_index=False, sort=False)["percent"].mean())
    ticks = means.mark_tick(thickness=2, size=LANE * 0.7, color=NEUTRAL).encode(x=alt.X("percent:Q"), y=y)
    words = titled(_("With and without evaluation mode"), _("a point for each pass; the tick: their mean"))
    return alt.layer(ticks, points, title=words, height=LANE * len(shown["mode"].unique()) + 90)


def describe_modes(table: pd.DataFrame) -> str:
    """The points in words."""
    told = [
        _(
            "{mode}: {least:.1%} to {most:.1%}",
            mode=_(mode),
            least=rows["accuracy"].min(),
            most=rows["accuracy"].max(),
        )
        for mode, rows in table.groupby("mode", sort=False)
    ]
    return _("Accuracy by mode. {told}.", told=_("; ").join(told))
