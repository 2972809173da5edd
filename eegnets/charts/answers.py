"""What networks answer to one trial."""

import altair as alt
import pandas as pd

from eegnets.charts.style import class_encodings, titled
from eegnets.translation import _

BAR = 26  # px, height of a network's bar
AROUND = 150  # px, the titles, the legend and the axis


def probability_chart(answered: pd.DataFrame, class_names: tuple[str, ...]) -> alt.LayerChart:
    """A bar a network, parted by class; `answered` has the column `network` and one of probabilities a class."""
    rows = answered.melt("network", list(class_names), "name", "probability")
    rows["class"] = rows["name"].map(_)
    colour = class_encodings([_(name) for name in class_names])["color"].legend(
        orient="top", title=None, symbolType="square", columns=1
    )
    x = alt.X(
        "probability:Q",
        title=_("Probability (0 to 1)"),
        scale=alt.Scale(domain=[0, 1]),
        stack="zero",
        axis=alt.Axis(titleAnchor="end"),
    )
    y = alt.Y(
        "network:N",
        title=_("Network"),
        sort=list(answered["network"]),
        axis=alt.Axis(labelLimit=320, labelOverlap=False, labelFlush=False),
    )
    tooltip = [alt.Tooltip("network:N", title=_("network")), alt.Tooltip("class:N", title=_("class"))]
    tooltip.append(alt.Tooltip("probability:Q", format=".3f", title=_("probability")))
    order = alt.Order("name:N")
    bars = alt.Chart(rows).mark_bar().encode(x=x, y=y, color=colour, order=order, tooltip=tooltip)
    middle = alt.Chart(pd.DataFrame({"half": [0.5]})).mark_rule(strokeDash=[4, 4]).encode(x=alt.X("half:Q"))
    two = len(class_names) == 2  # of more, a class can be the likeliest on either side of the line
    words = _("What each network answers")
    title = titled(words, _("dashed: neither class is likelier")) if two else words
    return alt.layer(*[bars, middle][: 1 + two], title=title, height=AROUND + BAR * len(answered))
