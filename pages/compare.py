"""Compare: all runs in a table; those that are picked against each other; what all of them say together."""

import streamlit as st

from eegnets.translation import N_, _, retold
from eegnets.ui.choices import segments
from eegnets.ui.comparing import (
    Picked,
    curve_controls,
    curves,
    group_scores,
    names_of,
    open_links,
    really_different,
    settings_table,
)
from eegnets.ui.links import without_links
from eegnets.ui.mattering import mattering_panel
from eegnets.ui.panels import live
from eegnets.ui.picking import actions, filtered, picked_from, run_table
from eegnets.ui.reporting import flattery_panel, report_panel
from eegnets.ui.state import chosen_runs, framed, store

VIEWS = [N_("Runs"), N_("Lab report"), N_("Best test epoch")]

data = framed()
st.title(_("Compare"))
rows = store().table()
if not rows:
    st.info(
        _("There is no run to compare yet. Train a first one, then a second with one setting changed."),
        icon=":material/stacked_line_chart:",
    )
    actions([], {})
    st.page_link("pages/train.py", label=_("Train"), icon=":material/model_training:")
    st.stop()

view = segments(_("View"), VIEWS, "Runs", "view", label_visibility="collapsed")
if view == "Lab report":
    report_panel(rows)
    st.stop()
if view == "Best test epoch":
    flattery_panel(rows, data.source)
    st.stop()
table = run_table(rows)

opened = [run.id for run in chosen_runs()]
readable = [row for row in rows if row["state"] != "damaged"]
names = names_of(readable)
ids = picked_from(filtered(table, opened), opened, names)
st.query_params["run"] = ids
whole = [row for row in readable if row["id"] in ids]
actions(ids, names)
for row in rows:
    if row["id"] in ids and row["state"] == "damaged":
        words = _("Run {run} cannot be drawn. {why}", run=row["id"], why=retold(row["message"]))
        st.warning(without_links(words), icon=":material/broken_image:")
if not whole:
    st.caption(_("Pick runs with the boxes on the left of their rows: their curves appear here, on one chart."))
    st.stop()

picked = Picked(whole)
how = curve_controls()
picked.choose_groups()
live(list(picked.runs.values()), lambda: curves(picked, how))
open_links(picked.runs)
if len(whole) > 1:
    settings_table(picked.different)
    score = group_scores(picked)
    several = len(picked.varied.difference(["seed"])) > 1
    if several and st.toggle(_("Which setting matters"), key="matters", bind="query-params"):
        mattering_panel(whole, score)
    really_different(picked)
