"""How many trials there are, of which class, split and person."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from eegnets.charts.style import HEIGHT, class_encodings


def counts_chart(counted: pd.DataFrame, class_names: Sequence[str]) -> alt.Chart:
    """Bars out of rows of subject, split, class, trials: a group for each person and split, a bar for each class."""
    groups = counted.assign(group=counted["subject"] + ", " + counted["split"])
    x = alt.X("group:N", title="Subject, split", sort=None, axis=alt.Axis(labelAngle=0, labelOverlap=True))
    return (
        alt.Chart(groups)
        .mark_bar()
        .encode(
            x=x,
            xOffset=alt.XOffset("class:N", sort=list(class_names)),
            y=alt.Y("trials:Q", title="Trials (number)"),
            color=class_encodings(class_names)["color"].legend(symbolType="square", columns=1),
            tooltip=[alt.Tooltip(column) for column in ("subject:N", "split:N", "class:N", "trials:Q")],
        )
        .properties(title="Trials by class, subject and split", height=HEIGHT - 60)
    )
