"""Activations: the bends between the layers, their slopes, and what they do to a trial."""

import streamlit as st

from eegnets.translation import _
from eegnets.ui.bending import curves_part, trial_part
from eegnets.ui.racing import race
from eegnets.ui.state import framed

data = framed()
st.title(_("Activations"))
st.markdown(
    _(
        "Without a bend between its layers EEGNet could only draw a straight border; DeepConvNet would still bend "
        "where it takes the largest of neighbouring values. Learning goes backwards through the same bends: each "
        "passes on the gradient times its slope, and **where it is flat, nothing gets through**. Below: the curves, a "
        "trial passing one of them, and a [race](#race) of networks that differ in nothing else."
    )
)
race_first = st.query_params.get("lesson") == "activations"  # it is what the lesson looks at
if race_first:
    race(data)
curves_part()
st.header(_("What it does to this trial"), anchor=False)
trial_part(data)
if not race_first:
    race(data)
