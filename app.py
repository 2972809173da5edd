"""EEGNets Explorer: `streamlit run app.py`."""

import streamlit as st

from eegnets.ui.forms import data_picker
from eegnets.ui.panels import running_now, your_name
from eegnets.ui.sharing import hide_controls, share_button
from eegnets.ui.state import friendly_errors, runner
from eegnets.ui.teaching import follow_link, lesson_box

st.set_page_config("EEGNets Explorer", page_icon=".streamlit/icon.svg", layout="wide")

page = st.navigation(
    {
        "": [
            st.Page(
                "pages/start.py",
                title="Start",
                icon=":material/home:",
                default=True,
                help="What this is, what data there is, and your first network in one click.",
            ),
        ],
        "Data": [
            st.Page(
                "pages/trials.py",
                title="Trials",
                icon=":material/timeline:",
                help="Every trial as it was recorded: over time, by frequency, and beside its class.",
            ),
            st.Page(
                "pages/import.py",
                title="Import",
                icon=":material/upload_file:",
                help="Trials out of a file of your own, looked at before they are kept.",
            ),
        ],
        "Experiment": [
            st.Page(
                "pages/train.py",
                title="Train",
                icon=":material/model_training:",
                help="Pick a network and its settings, train it and watch the curves grow.",
            ),
            st.Page(
                "pages/sweep.py",
                title="Sweep",
                icon=":material/grid_on:",
                help="Train every combination of some lists of settings, and see which setting matters.",
            ),
            st.Page(
                "pages/compare.py",
                title="Compare",
                icon=":material/stacked_line_chart:",
                help="All runs in a table; pick some and see their curves on one chart.",
            ),
        ],
        "Understand": [
            st.Page(
                "pages/activations.py",
                title="Activations",
                icon=":material/show_chart:",
                help="The bends between the layers: their curves and slopes, and what they do to a trial.",
            ),
            st.Page(
                "pages/network.py",
                title="Network",
                icon=":material/account_tree:",
                help="Look inside a network: all layers on one trial, one value worked out, what it hears.",
            ),
        ],
        "Use": [
            st.Page(
                "pages/classify.py",
                title="Classify",
                icon=":material/psychology:",
                help="Ask a trained network about single trials, and see where it looked.",
            ),
        ],
        "Machine": [
            st.Page(
                "pages/devices.py",
                title="Devices",
                icon=":material/memory:",
                help="What computes here, how long an epoch takes, and what makes it faster.",
            ),
        ],
    }
)
runner()  # its workers warm up while the page is read

with friendly_errors():
    follow_link(page.url_path)
    hide_controls()
    with st.sidebar:
        data = data_picker()
        st.session_state.data = data.to_json()
        st.divider()
        running_now()
        your_name()
        share_button()
    lesson_box(data)
    page.run()
