"""Sweep: every combination of some lists of settings, trained while the grid fills."""

import streamlit as st

from eegnets.sweep import command, grid
from eegnets.translation import _
from eegnets.ui.mattering import mattering_panel
from eegnets.ui.panels import live
from eegnets.ui.scores import score_choice
from eegnets.ui.state import framed, friendly_errors, store
from eegnets.ui.steering import steering
from eegnets.ui.sweeping import base_config, grid_panel, lists_form, open_links, shared_form, standing, start_bar

data = framed()
st.title(_("Sweep"))
st.markdown(_("Give some settings several values: every combination is trained, each with every seed."))
controls, results = st.columns([1, 2], gap="large")

with controls:
    lists = lists_form()
    shared = shared_form()

with results, friendly_errors():
    base = base_config(data, shared)
    configs = grid(base, lists)
    cells, rows = standing(configs)
    start_bar(cells, rows)
    runs = [store().get(cell.run_id) for cell in cells if cell.run_id]
    at_work = [store().get(cell.run_id) for cell in cells if cell.run_id and cell.state != "finished"]
    if at_work:
        with st.container(horizontal=True):
            steering(at_work, "sweep")
    score = score_choice("sweep_score", "last", ("last", "best_validation"))
    live(runs, lambda: grid_panel(configs, score))
    open_links(runs)
    st.caption(_("The same from the command line:"))
    st.code(command(base, lists), language=None, wrap_lines=True)
    if runs:
        ids = {run.id for run in runs}
        mattering_panel([row for row in rows if row["id"] in ids], score)
