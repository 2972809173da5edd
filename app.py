"""EEGNets Explorer: `streamlit run app.py`."""

import streamlit as st

from eegnets.translation import _
from eegnets.ui.forms import data_picker, forget_infinite
from eegnets.ui.language import language_picker
from eegnets.ui.memory import keep_tidy
from eegnets.ui.panels import running_now, your_name
from eegnets.ui.readable import readable
from eegnets.ui.sharing import hide_controls, share_button
from eegnets.ui.state import friendly_errors, own_navigation, runner
from eegnets.ui.teaching import follow_link, lesson_box

own_navigation()
forget_infinite()
st.set_page_config("EEGNets Explorer", page_icon=".streamlit/icon.svg", layout="wide")

with st.sidebar:
    choices = st.container()
    language_picker()  # the titles below are in its language
    working = st.container()  # last, as it grows and shrinks by itself, and nothing must move under a pointer

page = st.navigation(
    {
        "": [
            st.Page(
                "pages/start.py",
                title=_("Start"),
                icon=":material/home:",
                default=True,
                help=_("What this is, what data there is, and your first network in one click."),
            ),
        ],
        _("Data"): [
            st.Page(
                "pages/trials.py",
                title=_("Trials"),
                icon=":material/timeline:",
                help=_("Every trial as it was recorded: over time, by frequency, and beside its class."),
            ),
            st.Page(
                "pages/import.py",
                title=_("Import"),
                icon=":material/upload_file:",
                help=_("Trials out of a file of your own, looked at before they are kept."),
            ),
        ],
        _("Experiment"): [
            st.Page(
                "pages/train.py",
                title=_("Train"),
                icon=":material/model_training:",
                help=_("Pick a network and its settings, train it and watch the curves grow."),
            ),
            st.Page(
                "pages/sweep.py",
                title=_("Sweep"),
                icon=":material/grid_on:",
                help=_("Train every combination of some lists of settings, and see which setting matters."),
            ),
            st.Page(
                "pages/compare.py",
                title=_("Compare"),
                icon=":material/stacked_line_chart:",
                help=_("All runs in a table; pick some and see their curves on one chart."),
            ),
        ],
        _("Understand"): [
            st.Page(
                "pages/activations.py",
                title=_("Activations"),
                icon=":material/show_chart:",
                help=_("The bends between the layers: their curves and slopes, and what they do to a trial."),
            ),
            st.Page(
                "pages/network.py",
                title=_("Network"),
                icon=":material/account_tree:",
                help=_("Look inside a network: all layers on one trial, one value worked out, what it hears."),
            ),
        ],
        _("Use"): [
            st.Page(
                "pages/classify.py",
                title=_("Classify"),
                icon=":material/psychology:",
                help=_("Ask a trained network about single trials, and see where it looked."),
            ),
        ],
        _("Machine"): [
            st.Page(
                "pages/devices.py",
                title=_("Devices"),
                icon=":material/memory:",
                help=_("What computes here, how long an epoch takes, and what makes it faster."),
            ),
        ],
    }
)
runner()  # its workers warm up while the page is read
keep_tidy()

with friendly_errors():
    follow_link(page.url_path)
    hide_controls()
    readable()
    with choices:
        data = data_picker()
        st.session_state.data = data.to_json()
        st.divider()
        your_name()
        share_button()
    with working:
        st.divider()
        running_now()
    lesson_box(data)
    page.run()
