"""Which setting matters over several runs: bars with a sentence that knows of chance, and every run as a line."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from eegnets.charts.effects import axis_values, effect_bars, parallel_chart, share_table
from eegnets.comparison import plain, setting_label, settings_of, worded
from eegnets.effects import Effects, effects
from eegnets.runs import SAME, SCORES, asked, distinct
from eegnets.statistics import false_alarms
from eegnets.sweep import varying
from eegnets.translation import _
from eegnets.ui.drawing import show
from eegnets.ui.exporting import picture_buttons

LEFT_OUT = ("seed", *SAME)  # chance, and what makes no network better
Rows = list[dict[str, Any]]


def mattering_panel(rows: Rows, score: str) -> None:
    """What each setting that varies explains of the accuracy `score` (a key of SCORES) of the finished runs."""
    st.header(_("Which setting matters"), anchor=False)
    finished = [row for row in rows if row["state"] == "finished" and row[score] is not None and not row["changed"]]
    table, settings = _table(distinct(finished), score)
    if len(settings) < 2 or table["score"].nunique() < 2:
        st.caption(_("To be told from finished runs that vary in two settings or more, best each with several seeds."))
        return
    found = effects(table, settings, "score")
    labels = {name: setting_label(name) for name in settings} | {"score": _("Accuracy (%)")}
    told = effect_words(found, labels)
    st.markdown(told)
    bars = effect_bars(share_table(found, labels))
    show(bars, key="effects", alt=told)
    with st.container(horizontal=True):
        picture_buttons(bars, "settings")
    st.caption(_caution(found, _(SCORES[score])))
    ordered = [one.setting for one in found.effects]
    names = {name: [plain(value) for value in axis_values(table[name])] for name in ordered}
    table = table.assign(group=table[ordered[0]].map(plain))
    axes = _(", ").join(labels[name] for name in ordered)
    spoken = _("{n} runs as lines through {settings} to their accuracy", n=found.n, settings=axes)
    lines = parallel_chart(table, ordered, labels, names)
    show(lines, key="parallel", alt=spoken)
    with st.container(horizontal=True):
        picture_buttons(lines, "runs")


def _table(rows: Sequence[Mapping[str, Any]], score: str) -> tuple[pd.DataFrame, list[str]]:
    """A row for each run: id, score (per cent), reading (in words), settings; and the settings that vary."""
    configs = [asked(row) for row in rows]
    settings = [name for name in varying(configs) if name not in LEFT_OUT] if configs else []
    made = []
    for row, config in zip(rows, configs, strict=True):
        values = {name: _value(settings_of(config)[name]) for name in settings}
        reading = ", ".join(worded(name, value) for name, value in (values | {"seed": row["seed"]}).items())
        made.append({"id": row["id"], "score": 100 * row[score], "reading": reading} | values)
    return pd.DataFrame(made, columns=["id", "score", "reading", *settings]), settings


def _value(value: object) -> object:
    """A value that pandas can group by: lists in words."""
    return value if isinstance(value, int | float | str) else plain(value)


def effect_words(found: Effects, labels: dict[str, str]) -> str:
    """What explains how much, in sentences that say what chance does."""
    parts = [
        _(
            "Over {n} runs of {combinations} combinations the test accuracy has a standard deviation of {spread:.1f} "
            "points.",
            n=found.n,
            combinations=found.combinations,
            spread=found.spread,
        )
    ]
    for one in found.effects:
        words = {"setting": labels[one.setting], "share": one.share}
        if one.p != one.p:
            parts.append(_("**{setting}** explains {share:.0%} of the spread.", **words))
            continue
        parts.append(
            _(
                "**{setting}** explains {share:.0%} of the spread ({by_chance:.0%} if it did nothing; p = {p:.2g}): "
                "{verdict}.",
                **words,
                by_chance=one.by_chance,
                p=one.p,
                verdict=_("hardly chance alone") if one.p < 0.05 else _("chance alone would do"),
            )
        )
    if found.seeds == found.seeds:
        parts.append(_("Runs that differ in the **seed** alone make {share:.0%} of it.", share=found.seeds))
    else:
        parts.append(_("Every combination has one seed: nobody can tell what is chance. Take several seeds."))
    return " ".join(parts)


def _caution(found: Effects, words: str) -> str:
    told = [
        _(
            "Test accuracy: {score}. Interplay is what combinations do beyond the sum of their settings.",
            score=words.lower(),
        )
    ]
    tested = [one for one in found.effects if one.p == one.p]
    if len(tested) > 1:
        told.append(
            _(
                "These are {n} tests: at least one setting looks as if it mattered by chance alone with a probability "
                "of up to {chance:.0%}.",
                n=len(tested),
                chance=false_alarms(len(tested)),
            )
        )
    if abs(found.overlap) > 0.005:
        told.append(
            _("Some combinations have more runs than others, so the shares do not add up to all of the spread.")
        )
    return " ".join(told)
