"""The reliability diagram: how often a network is right when it says how sure it is."""

import altair as alt
import numpy as np
import pandas as pd

from eegnets.charts.style import FOLD_COLOURS, HEIGHT, NEUTRAL, QUIET, titled
from eegnets.evaluation import Calibration, wilson_interval
from eegnets.translation import _


def calibration_table(found: Calibration) -> pd.DataFrame:
    """A row a bin: its edges low, high, confidence, accuracy, trials, and the accuracy's interval least, most."""
    right = np.rint(found.accuracy * found.trials).astype(int)
    intervals = [wilson_interval(k, n) for k, n in zip(right, found.trials, strict=True)]
    table = pd.DataFrame({name: getattr(found, name) for name in Calibration._fields if name != "error"})
    return table.assign(least=[low for low, high in intervals], most=[high for low, high in intervals])


def calibration_chart(found: Calibration, n_classes: int, part: str = "test") -> alt.LayerChart:
    """A point a bin with its interval and its number of trials; on the dashed line, confidence is what it says."""
    base = alt.Chart(calibration_table(found)).encode(
        x=alt.X("confidence:Q", title=_("Probability (0 to 1)"), scale=alt.Scale(domain=[1 / n_classes, 1]))
    )
    y_scale = alt.Scale(domain=[0, 1])
    y = alt.Y("accuracy:Q", title=_("Correct (share, 0 to 1)"), scale=y_scale)
    percent = {"low": _("from"), "high": _("to"), "confidence": _("mean probability"), "accuracy": _("correct")}
    percent_below = {"least": _("least"), "most": _("most")}
    tooltip = [alt.Tooltip(f"{name}:Q", format=".1%", title=words) for name, words in percent.items()]
    tooltip += [alt.Tooltip("trials:Q", title=_("trials"))]
    tooltip += [alt.Tooltip(f"{name}:Q", format=".1%", title=words) for name, words in percent_below.items()]
    colour = FOLD_COLOURS[part]
    ideal = pd.DataFrame({"confidence": [1 / n_classes, 1.0], "accuracy": [1 / n_classes, 1.0]})
    line = (
        alt.Chart(ideal)
        .mark_line(strokeDash=[4, 4], color=NEUTRAL)
        .encode(x=alt.X("confidence:Q"), y=alt.Y("accuracy:Q"))
    )
    spans = base.mark_rule(strokeWidth=2, color=colour, opacity=0.6).encode(
        y=alt.Y("least:Q", scale=y_scale), y2=alt.Y2("most:Q"), tooltip=tooltip
    )
    points = base.mark_point(filled=True, size=70, color=colour, opacity=1).encode(y=y, tooltip=tooltip)
    numbers = base.mark_text(dy=14, color=QUIET).encode(y=alt.Y("least:Q"), text=alt.Text("trials:Q"))
    title = titled(_("As sure as correct?"), _("{part} trials; dashed: ideal", part=_(part)))
    return alt.layer(line, spans, points, numbers, title=title, height=HEIGHT)


def describe_calibration(found: Calibration) -> str:
    """The diagram in words."""
    bins = zip(found.low, found.high, found.trials, found.accuracy, strict=True)
    text = _("{low:.0%} to {high:.0%} sure: {right:.0%} of {n} correct")
    told = [text.format(low=low, high=high, right=right, n=n) for low, high, n, right in bins]
    return _("Reliability diagram. {told}.", told=_("; ").join(told))
