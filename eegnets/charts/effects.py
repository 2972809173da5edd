"""Which setting matters, as bars; and every run as a line through its settings to its accuracy (Inselberg, 1985)."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from eegnets.charts.curves import run_colours
from eegnets.charts.style import DASHES, LEGEND, NEUTRAL, OTHER_COLOURS, QUIET, TALL, titled
from eegnets.effects import Effects
from eegnets.translation import N_, _

BAR = 28  # px
FAN = 0.05  # how far runs with one value spread on an axis, whose length is 1, so that each line can be seen
SHARE = N_("Share of the spread of test accuracy (%)")
SEEDS, INTERPLAY, OVERLAP = N_("Seed alone"), N_("Interplay of settings"), N_("Cannot be told apart")
INTERPLAY_AND_SEEDS = N_("Interplay of settings, and seeds")


def share_table(found: Effects, labels: Mapping[str, str]) -> pd.DataFrame:
    """A row for each part of the spread: part (in words), share and by_chance (per cent), p, kind (setting or rest).

    labels: setting -> how it is called.
    """
    rows = [(labels[one.setting], one.share, one.by_chance, one.p, "setting") for one in found.effects]
    nan = float("nan")
    interplay = INTERPLAY if found.seeds == found.seeds else INTERPLAY_AND_SEEDS
    rest = {interplay: found.interplay, SEEDS: found.seeds, OVERLAP: max(found.overlap, 0.0) or nan}
    rows += [(_(words), share, nan, nan, "rest") for words, share in rest.items() if share == share]
    table = pd.DataFrame(rows, columns=["part", "share", "by_chance", "p", "kind"])
    return table.assign(share=100 * table["share"], by_chance=100 * table["by_chance"])


def effect_bars(table: pd.DataFrame) -> alt.LayerChart:
    """The rows of `share_table` as bars; a tick on a setting's bar is what one that does nothing would have."""
    parts = list(table["part"])
    x_scale = alt.Scale(domain=[0, max(1.0, table[["share", "by_chance"]].max(axis=None))])
    y = alt.Y("part:N", title=None, sort=parts, axis=alt.Axis(labelLimit=200, labelFlush=False))
    tooltip = [
        alt.Tooltip("part:N", title=_("Of the spread")),
        alt.Tooltip("share:Q", title=_("Share (%)"), format=".1f"),
        alt.Tooltip("by_chance:Q", title=_("By chance on average (%)"), format=".1f"),
        alt.Tooltip("p:Q", title="p", format=".2g"),
    ]
    bars = alt.Chart(table).mark_bar()
    colour = alt.condition("datum.kind == 'setting'", alt.value(OTHER_COLOURS[0]), alt.value(NEUTRAL))
    x = alt.X("share:Q", title=_(SHARE), scale=x_scale)
    layers: list[alt.Chart] = [bars.encode(x, y, color=colour, tooltip=tooltip)]
    chance = table.dropna(subset="by_chance")
    if len(chance):
        ticks = alt.Chart(chance).mark_tick(thickness=3, size=BAR * 0.8, color=OTHER_COLOURS[1])
        layers.append(ticks.encode(alt.X("by_chance:Q", title=_(SHARE)), y, tooltip=tooltip))
    under = _("grey: what no setting explains alone; tick: by chance")
    if chance.empty:
        under = _("grey: what no setting explains alone")
    return alt.layer(*layers).properties(title=titled(_("Which setting matters"), under), height=BAR * len(table) + 110)


def parallel_table(runs: pd.DataFrame, settings: Sequence[str], labels: Mapping[str, str]) -> pd.DataFrame:
    """Rows of run, axis (in words), order, place (0..1), and the columns of `runs` again.

    runs: a row each with id, settings (as plain values), score (per cent). Values stand at even distances, numbers by
    size and names as they come; runs with one value are fanned out by score, so that none hides another.
    """
    parts = []
    for order, name in enumerate(settings):
        values = axis_values(runs[name])
        place = runs[name].map({value: i / max(len(values) - 1, 1) for i, value in enumerate(values)})
        rank = runs.groupby(runs[name].astype(str))["score"].rank(method="first", pct=True) - 0.5
        parts.append(runs.assign(axis=labels[name], order=order, place=place.astype(float) + 2 * FAN * rank))
    low, high = runs["score"].min(), runs["score"].max()
    place = (runs["score"] - low) / (high - low) if high > low else 0.5
    return pd.concat([*parts, runs.assign(axis=labels["score"], order=len(settings), place=place)])


def axis_values(values: pd.Series) -> list[Any]:
    """The values of a setting in the order of its axis."""
    found = list(dict.fromkeys(values))
    numbers = all(isinstance(value, int | float | np.number) for value in found)
    return sorted(found) if numbers else found


def parallel_chart(
    runs: pd.DataFrame, settings: Sequence[str], labels: Mapping[str, str], words: Mapping[str, Sequence[str]]
) -> alt.LayerChart:
    """Every run as a line through its settings to its accuracy, coloured by the first of `settings`.

    runs: as in `parallel_table`, with columns `group` (the first setting in words) and `reading` (the whole run in
    words). words: setting -> the words of its values, in the order of `axis_values`.
    """
    table = parallel_table(runs, settings, labels)
    axes = [labels[name] for name in [*settings, "score"]]
    title = _("Settings, and what came of them")
    x = alt.X("axis:N", title=title, sort=axes, scale=alt.Scale(padding=0.3), axis=alt.Axis(
        labelAngle=0, orient="top", grid=True, labelFontWeight="bold", domain=False, ticks=False))  # fmt: skip
    y = alt.Y("place:Q", title=None, axis=None, scale=alt.Scale(domain=[-0.08, 1.15], nice=False))
    over = alt.selection_point("over", on="pointerover", fields=["id"], empty=False)
    lines = alt.Chart(table).mark_line(strokeWidth=2)
    lines = lines.encode(
        x,
        y,
        detail=alt.Detail("id:N"),
        order=alt.Order("order:O"),
        opacity=alt.condition(over, alt.value(1), alt.value(0.45)),
        tooltip=[alt.Tooltip("reading:N", title=_("Run")), alt.Tooltip("score:Q", title=labels["score"], format=".1f")],
        **_group_looks(runs, words[settings[0]], labels[settings[0]]),
    ).add_params(over)
    beside, ends = _axis_words(settings, words), _score_words(runs["score"])
    above = alt.Chart(beside.assign(axis=beside["axis"].map(labels)))
    marks = above.mark_text(dy=-22, color=QUIET, fontSize=12, fontWeight="bold")  # above the fan of the lines
    figures = alt.Chart(ends.assign(axis=labels["score"])).mark_text(align="left", dx=6, color=QUIET, fontSize=12)
    texts = [part.encode(x, y, text=alt.Text("words:N")) for part in (marks, figures)]
    return alt.layer(lines, *texts).properties(
        title=titled(_("Every run through its settings to its accuracy"), _("point at a line to follow it")),
        height=TALL + 60,
    )


def _group_looks(runs: pd.DataFrame, names: Sequence[str], label: str) -> dict[str, alt.Color | alt.StrokeDash]:
    present = [name for name in names if name in set(runs["group"])]
    colours = alt.Scale(domain=present, range=run_colours(present, {name: name for name in present}))
    dashes = alt.Scale(domain=present, range=[DASHES[i % len(DASHES)] for i in range(len(present))])
    return {
        "color": alt.Color("group:N", title=label, scale=colours, legend=LEGEND),
        "strokeDash": alt.StrokeDash("group:N", title=label, scale=dashes, legend=LEGEND),
    }


def _axis_words(settings: Sequence[str], words: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """What stands at the values of the settings: rows of axis (the setting), place, words."""
    rows = [(name, i / max(len(words[name]) - 1, 1), text) for name in settings for i, text in enumerate(words[name])]
    return pd.DataFrame(rows, columns=["axis", "place", "words"])


def _score_words(score: pd.Series) -> pd.DataFrame:
    """What stands beside the last axis: rows of place, words."""
    low, high = score.min(), score.max()
    steps = (0.0, 0.5, 1.0) if high > low else (0.5,)
    return pd.DataFrame([(at, f"{low + at * (high - low):.1f}") for at in steps], columns=["place", "words"])
