"""Devices: what computes here, how long an epoch takes, and what makes it faster."""

import streamlit as st

from eegnets.translation import _
from eegnets.ui.machine_facts import machine_panel
from eegnets.ui.measuring import chosen, earlier, machine, measure_form, measurement_panel
from eegnets.ui.state import framed, friendly_errors

data = framed()
st.title(_("Devices"))
st.markdown(_("What computes here, how long an epoch takes, and what makes it faster."))
machine_panel(machine())

st.header(_("Seconds per epoch"), anchor="seconds")
st.markdown(
    _(
        "One click lets networks, engines, precisions, threads and batch sizes take turns, an epoch each, so that "
        "whatever else the machine does meets all alike. The usual loop is PyTorch's textbook one, which "
        "everything is compared with."
    )
)
with friendly_errors():
    measure_form(machine(), data)
    found = chosen()
    if not found:
        st.info(
            _("Nothing has been measured on this machine yet. **Measure** takes about a minute; the figures are kept."),
            icon=":material/timer:",
        )
        st.stop()
    earlier()
    measurement_panel(found)
