"""Files to take along: a chart as a picture, runs and their epochs as tables."""

from typing import Any

import streamlit as st

from eegnets.export import FILES, PICTURES, picture, tensorboard_refusal
from eegnets.translation import N_, _
from eegnets.ui.state import store

ABOUT = {
    "runs.csv": N_("Settings, state and scores, a line for each run."),
    "runs.json": N_("The same as a list of objects."),
    "histories.csv": N_("All epochs, a line for each."),
    "histories.json": N_("The same, by run."),
    "tensorboard.zip": N_("Events that `tensorboard --logdir` reads, a folder for each run."),
}


def picture_buttons(chart: Any, name: str) -> None:
    """A chart as PNG and as SVG; it is drawn when somebody asks for it."""
    for form in PICTURES:
        st.download_button(
            form.upper(),
            lambda form=form: picture(chart, form),
            f"{name}.{form}",
            key=f"{name}_{form}",
            icon=":material/image:",
            on_click="ignore",
            help=_("The chart “{name}” as {format}, on white.", name=name, format=form.upper()),
        )


def table_buttons(ids: list[str]) -> None:
    """The picked runs as tables for other programs."""
    with st.popover(_("Tables"), icon=":material/table:", disabled=not ids):
        refusal = tensorboard_refusal()
        for name, write in FILES.items():
            refused = bool(refusal) and name.startswith("tensorboard")
            st.download_button(
                name,
                lambda write=write: write([store().get(run_id) for run_id in ids]),
                name,
                key=f"table_{name}",
                icon=":material/download:",
                on_click="ignore",
                width="stretch",
                disabled=refused,
                help=refusal if refused else _(ABOUT[name]),
            )
        if refusal:
            st.caption(refusal)
