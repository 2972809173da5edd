"""How many trials there are, of which class, split and person."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from eegnets.charts.style import HEIGHT, class_encodings
from eegnets.charts.words import in_words
from eegnets.translation import N_, _

COLUMNS = (N_("subject"), N_("split"), N_("class"), N_("trials"))


def counts_chart(counted: pd.DataFrame, class_names: Sequence[str]) -> alt.Chart:
    """Bars out of rows of subject, split, class, trials: a group for each person and split, a bar for each class."""
    told, names = in_words(counted, "split", "class"), [_(name) for name in class_names]
    groups = told.assign(group=told["subject"] + ", " + told["split"])
    x = alt.X(
        "group:N",
        title=_("Subject, split"),
        sort=None,
        axis=alt.Axis(labelAngle=0, labelOverlap=True, labelFlush=False),
    )
    return (
        alt.Chart(groups)
        .mark_bar()
        .encode(
            x=x,
            xOffset=alt.XOffset("class:N", sort=names),
            y=alt.Y("trials:Q", title=_("Trials (number)")),
            color=class_encodings(names)["color"].legend(symbolType="square", columns=1),
            tooltip=[alt.Tooltip(name, title=_(name)) for name in COLUMNS],
        )
        .properties(title=_("Trials by class, subject and split"), height=HEIGHT - 60)
    )


def describe_counts(counted: pd.DataFrame) -> str:
    """The numbers as a table of text, for those who do not see the bars."""
    return in_words(counted, "split", "class").rename(columns=_).to_string(index=False)
