"""Compare: every run in a table; those that are picked on one chart, with their three scores."""

import pandas as pd
import streamlit as st

from eegnets.runs import SCORES
from eegnets.ui.panels import ago, label, live, overlay, standings_columns
from eegnets.ui.state import chosen_runs, framed, store

COLUMNS = [
    *("made", "state", "model", "activation", *SCORES, "epoch", "learning_rate", "weight_decay", "seed"),
    *("source", "subjects", "seconds", "id", "message"),
]
DETAILS = {
    "made": "Made",
    "source": "Data",
    "subjects": "Subjects",
    "model": "Network",
    "activation": "Activation",
    "learning_rate": st.column_config.NumberColumn("Learning rate", format="%g"),
    "weight_decay": st.column_config.NumberColumn("Weight decay", format="%g"),
    "seed": "Seed",
    "seconds": st.column_config.NumberColumn("Seconds", format="%.0f"),
    "id": "Id",
    "message": "Message",
}

framed()
st.title("Compare")
rows = store().table()
if not rows:
    st.info(
        "There is no run to compare yet. Train a first one, then a second with one setting changed.",
        icon=":material/stacked_line_chart:",
    )
    st.page_link("pages/train.py", label="Train", icon=":material/model_training:")
    st.stop()

table = pd.DataFrame(rows)
table.insert(1, "made", table["created"].map(ago))
opened = [run.id for run in chosen_runs()]
event = st.dataframe(
    table.reindex(columns=COLUMNS),
    hide_index=True,
    on_select="rerun",
    selection_mode="multi-row",
    selection_default={"selection": {"rows": table.index[table["id"].isin(opened)].tolist()}},
    key=f"runs_{len(table)}_{table['id'].iloc[0]}",  # rows are picked by place: a new run makes a new table
    column_config=standings_columns() | DETAILS,
    alt="All runs with their settings and scores",
)
picked = table["id"].iloc[event.selection.rows].tolist()
st.query_params["run"] = picked
if not picked:
    st.caption("Pick runs with the boxes on the left of their rows: their curves appear here, on one chart.")
    st.stop()

runs = [store().get(run_id) for run_id in picked]
live(runs, lambda: overlay(runs, {label(run): run.history() for run in runs}, key="compare"))
for run in runs:
    st.page_link("pages/train.py", label=f"Open {label(run)}", query_params={"run": run.id})
