"""The picked runs against each other: curves, settings that differ, and whether they are really different."""

from collections.abc import Mapping
from math import comb
from typing import Any

import pandas as pd
import streamlit as st

from eegnets.charts.comparison import CLICKED, X_TITLES, comparison_curves, describe_comparison
from eegnets.charts.curves import FOLDS, TITLES
from eegnets.comparison import (
    CHANGED,
    alike,
    curve_table,
    differing,
    group_table,
    plain,
    ranked,
    setting_label,
    settings_of,
    smoothed,
    thinned,
    told_apart,
)
from eegnets.config import InputError
from eegnets.runs import Run, RunError, asked, distinct
from eegnets.statistics import PairedTrials, compare_predictions, false_alarms, mean_interval, paired_difference
from eegnets.translation import N_, _, ngettext
from eegnets.trials import split
from eegnets.ui.choices import pills, segments
from eegnets.ui.drawing import show
from eegnets.ui.exporting import picture_buttons
from eegnets.ui.focus import curve_clicked, follow_clicks, in_focus, release, row_selection
from eegnets.ui.links import as_written, without_links
from eegnets.ui.scores import score_choice
from eegnets.ui.state import store, trials

Rows = list[dict[str, Any]]


def names_of(rows: Rows) -> dict[str, str]:
    """Id -> how a run is called here: its own name, else its network and the end of its id; twins by their ids."""
    usual = "{model} {activation} {tail}"
    return told_apart({row["id"]: row["name"] or usual.format(**row, tail=row["id"][-4:]) for row in rows})


class Picked:
    """The picked runs with names, configs and the groups that the reader makes of them."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.names = names_of(rows)
        self.runs = {self.names[row["id"]]: store().get(row["id"]) for row in rows}
        self.configs = {self.names[row["id"]]: asked(row) for row in rows}
        self.different = differing(self.configs, {self.names[row["id"]]: row["changed"] for row in rows})
        self.varied = self.different.index.difference([CHANGED], sort=False)  # what may be averaged over
        self.groups = {name: name for name in self.runs}
        self.called = self.groups  # group -> its name in the reader's language
        self.over = {"seed"}  # the settings that are averaged over

    def choose_groups(self) -> None:
        """Ask what to average over; runs alike in all other settings are one group."""
        options = {setting_label(key, N_): key for key in ["seed", *self.varied]}
        chosen = pills(
            _("Average over"),
            list(options),
            ["Seed"],
            "over",
            wrap=True,
            help=_(
                "Runs that differ in nothing else become one line: their mean, its 95 % interval, each run faintly."
            ),
        )
        self.over = {options[label] for label in chosen}
        left = [key for key in self.different.index if key not in self.over]
        self.different = self.different[ranked(self.different, left)]
        if self.over & set(self.different.index):
            self.groups = alike(self.different, left)
            self.called = dict(zip(self.groups.values(), alike(self.different, left, _).values(), strict=True))

    def members(self) -> dict[str, Rows]:
        """Group -> the rows of its runs, in the order of what differs."""
        found: dict[str, Rows] = {self.groups[name]: [] for name in self.different}
        for row in self.rows:
            found[self.groups[self.names[row["id"]]]].append(row)
        return found

    def partner(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """What a run has in common with those of other groups that it is paired with: seed, and all averaged over."""
        settings = settings_of(self.configs[self.names[row["id"]]])
        return tuple(plain(settings.get(key)) for key in sorted({"seed", *self.over}))


def curve_controls() -> dict[str, Any]:
    """How the curves are to be drawn."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = segments(_("Figure"), list(TITLES), "accuracy", "metric", width="content")
        fold = segments(_("Trials"), FOLDS, "test", "fold", width="content")
        x = segments(_("Along"), list(X_TITLES), "epoch", "along", width="content")
        axes: dict[str, Any] = {"selection_mode": "multi", "default": [], "bind": "query-params", "width": "content"}
        log = st.pills(_("Log axis"), ["x", "y"], key="log", **axes)
        smooth = st.slider(
            _("Smoothing"),
            *(0.0, 0.98, 0.0, 0.02),
            key="smooth",
            bind="query-params",
            width=200,
            help=_("A running average over all epochs before; 0 draws what was measured. The single runs stay raw."),
        )
    return {"metric": metric, "fold": fold, "x": x, "log": tuple(log or ()), "smooth": smooth}


def curves(picked: Picked, how: dict[str, Any]) -> None:
    """The curves of all groups on one chart."""
    follow_clicks()
    histories = {name: _history(picked.runs[name]) for name in picked.different}
    seen = _trials_seen(picked) if how["x"] == "trials" else None
    raw = curve_table(histories, f"{how['fold']}_{how['metric']}", seen)
    members = picked.members()
    begun = [[row for row in rows if histories[picked.names[row["id"]]]] for rows in members.values()]
    once = {picked.names[row["id"]] for rows in begun for row in distinct(rows)}  # of a group, what repeats another
    means = group_table(smoothed(raw[raw["run"].isin(once)], how["smooth"]), picked.groups)
    singles = raw.assign(group=raw["run"].map(picked.groups))
    if not how["smooth"]:
        several = [group for group, rows in members.items() if len(rows) > 1]
        singles = singles[singles["group"].isin(several)]
    focus = in_focus(list(members))
    chart = comparison_curves(
        thinned(means, "group"),
        thinned(singles, "run"),
        {group: rows[0]["activation"] for group, rows in members.items()},
        metric=how["metric"],
        fold=how["fold"],
        x=how["x"],
        log=how["log"],
        focus=focus,
        names=picked.called,
    )
    spoken = describe_comparison(means, how["metric"], how["fold"], picked.called)
    show(chart, key="curves", alt=spoken, on_select=curve_clicked, selection_mode=[CLICKED])
    release(focus, picked.called.get(focus, ""))
    with st.container(horizontal=True):
        st.download_button(
            _("Curves (CSV)"),
            lambda: raw.to_csv(index=False),
            "curves.csv",
            icon=":material/download:",
            on_click="ignore",
        )
        picture_buttons(chart, "curves")


def _trials_seen(picked: Picked) -> dict[str, int]:
    """Run -> how many training trials it sees in an epoch: as the run stored it, or else counted in its data."""
    found = {name: row["train_trials"] for name, row in zip(picked.names.values(), picked.rows, strict=True)}
    counted: dict[tuple[str, float], int] = {}  # the seed draws which trials are held back, not how many
    for name in [name for name, n in found.items() if not n]:
        config = picked.configs[name]
        place = config.data.to_json(), config.training.validation
        try:
            counted[place] = counted.get(place) or len(split(trials(config.data), place[1], 0).train)
        except InputError:
            st.caption(
                _(
                    "{run} is left out: how many trials it saw is not known, and its data are not here.",
                    run=as_written(name),
                )
            )
        found[name] = counted.get(place, 0)
    return {name: n for name, n in found.items() if n}


def _history(run: Run) -> list[dict[str, Any]]:
    """A run's epochs; of a damaged history none, and a word about it."""
    try:
        return run.history()
    except RunError as error:
        st.warning(without_links(error), icon=":material/broken_image:")
        return []


def settings_table(different: pd.DataFrame) -> None:
    """Only what differs: a row for each setting, a column for each run."""
    st.header(_("What differs"), anchor=False)
    if different.empty:
        st.caption(_("Nothing: these runs were asked to do the same."))
        return
    shown = different.map(plain)
    words = _("The settings that are not the same in all picked runs")
    st.dataframe(shown.rename(index=setting_label), alt=words)


def group_scores(picked: Picked) -> str:
    """Mean score of each group's finished runs, and its difference from the first group's; returns which score."""
    st.header(_("Mean scores"), anchor=False)
    key = score_choice("score", "last")
    members = picked.members()
    table = _score_rows(picked, key).dropna(axis=1, how="all")
    if unfinished := sum(row["state"] != "finished" for row in picked.rows):
        st.caption(
            ngettext(
                "{n} run that has not finished is left out: at another epoch another score would be fair.",
                "{n} runs that have not finished are left out: at another epoch another score would be fair.",
                unfinished,
            )
        )
    table["Runs"] = table["Runs"].map(picked.called)
    headings: dict[str, Any] = {"Runs": _("Runs")}
    headings |= {name: st.column_config.NumberColumn(_(name), format="%.1f") for name in table.columns[2:]}
    clicks = row_selection(list(members), in_focus(list(members)))
    spoken = table.rename(columns=_).to_string(index=False)
    st.dataframe(table, hide_index=True, column_config=headings, alt=spoken, **clicks)
    if len(table) > 1:
        st.caption(
            _(
                "Points are percentage points. A difference is paired: runs with the same seed (and the same of all "
                "else that is averaged over), so that what it does to both falls out. An interval that holds 0 says "
                "that the luck of training alone would do. It speaks of these test trials: others may tell "
                "otherwise, however many seeds there are."
            )
        )
    if len(table) > 2:
        st.caption(
            _(
                "These are {n} comparisons: at least one looks different by chance alone with a probability of up to "
                "{chance:.0%}.",
                n=len(table) - 1,
                chance=false_alarms(len(table) - 1),
            )
        )
    return key


def _score_rows(picked: Picked, key: str) -> pd.DataFrame:
    """Rows of group, n, mean and interval in per cent, difference from the first group and its interval in points.

    Of finished runs. Those of two groups are paired where they agree in all that is averaged over.
    """
    rows: list[dict[str, Any]] = []
    first: dict[tuple[str, ...], float] = {}
    for group, members in picked.members().items():
        ended = distinct(row for row in members if row[key] is not None and row["state"] == "finished")
        scores = {picked.partner(row): 100 * row[key] for row in ended}
        mean = mean_interval(list(scores.values()))
        told: dict[str, Any] = {"Runs": group, "n": mean.n, N_("Mean (%)"): mean.mean}
        told |= {N_("from (%)"): mean.low, N_("to (%)"): mean.high}
        if rows:
            gap = paired_difference(scores, first)
            told |= {N_("Less the first (points)"): gap.mean}
            told |= {N_("from (points)"): gap.low, N_("to (points)"): gap.high}
        else:
            first = scores
        rows.append(told)
    return pd.DataFrame(rows)


def really_different(picked: Picked) -> None:
    """Two runs on the same test trials: the exact paired test in a sentence."""
    st.header(_("Are two runs really different?"), anchor=False)
    names = list(picked.runs)
    left, right = st.columns(2)
    first = left.selectbox(_("First"), names, key="first")
    second = right.selectbox(_("Second"), [name for name in names if name != first], key="second")
    if picked.configs[first].data != picked.configs[second].data:
        st.caption(_("Only runs on the same data can be paired: the same source, subjects and options."))
        return
    tables = [picked.runs[name].predictions() for name in (first, second)]
    if tables[0] is None or tables[1] is None:
        st.caption(_("Only runs that have ended and saw test trials can be paired."))
        return
    st.markdown(paired_words(as_written(first), as_written(second), compare_predictions(*tables)))
    st.caption(
        _(
            "It tells these two trained networks apart, not their settings: the same settings with another seed may "
            "turn it round. What a setting does, the mean scores tell over several seeds."
        )
    )
    if any(picked.configs[name].training.keep == "best_test" for name in (first, second)):
        st.warning(
            _(
                "A network here kept the weights that did best on these very test trials: the test flatters it, and "
                "the comparison with it."
            ),
            icon=":material/warning:",
        )
    if len(names) > 2:
        n = comb(len(names), 2)
        st.caption(
            _(
                "The picked runs make {n} pairs. Trying them all, at least one looks different by chance alone with a "
                "probability of up to {chance:.0%}: decide which pair to test before you look.",
                n=n,
                chance=false_alarms(n),
            )
        )


def paired_words(first: str, second: str, found: PairedTrials) -> str:
    """The paired test in words."""
    parts = [
        _(
            "**{run}** is correct in {share:.1%} (95 % interval {low:.1%} to {high:.1%})",
            run=name,
            share=correct / found.n,
            low=low,
            high=high,
        )
        for name, correct, (low, high) in zip((first, second), found.correct, found.intervals, strict=True)
    ]
    return _(
        "On the same {n} test trials, with the weights that each kept, {both}. The first alone is correct in {first}, "
        "the second alone in {second}: **{verdict}** (exact McNemar test, p = {p:.2g}).",
        n=found.n,
        both=_(", ").join(parts),
        first=found.alone[0],
        second=found.alone[1],
        verdict=_("hardly chance alone") if found.p < 0.05 else _("chance alone would do"),
        p=found.p,
    )


def open_links(runs: dict[str, Run]) -> None:
    """A way to each run's own page."""
    with st.container(horizontal=True):
        for name, run in runs.items():
            words = _("Open {run}", run=as_written(name))
            st.page_link("pages/train.py", label=words, icon=":material/open_in_new:", query_params={"run": run.id})
