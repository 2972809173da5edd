"""Start: what this is, what data there is, a first network in one click, and lessons."""

import streamlit as st

from eegnets import sources
from eegnets.charts.trial import trial_chart
from eegnets.config import RunConfig
from eegnets.glossary import WORDS
from eegnets.presets import PRESETS
from eegnets.translation import _
from eegnets.ui.drawing import shared, show
from eegnets.ui.forms import offer
from eegnets.ui.links import as_written, class_words
from eegnets.ui.panels import shipped_links
from eegnets.ui.state import frame_params, framed, friendly_errors, owner, runner, trials
from eegnets.ui.teaching import lesson_links

data = framed()
st.title("EEGNets Explorer")
st.markdown(
    _(
        "People imagined moving their left or their right hand while two electrodes over the motor cortex recorded "
        "them. Here you train small neural networks to tell which hand it was, and measure what each of their settings "
        "does."
    )
)

source = sources.SOURCES[data.source]
ready = source.state(sources.data_root()).state == "ready"

with st.container(horizontal=True, vertical_alignment="center"):
    start = st.button(
        _("Train your first network"),
        type="primary",
        icon=":material/play_arrow:",
        disabled=not ready,
        help=_("EEGNet, 30 epochs, on the data chosen in the sidebar: about half a minute."),
    )
    st.caption(_("EEGNet with ELU, 30 epochs, on: {data}", data=_(source.title)))
if start:
    run = runner().submit(RunConfig(data).with_(**PRESETS["First network"]), owner=owner())
    st.switch_page("pages/train.py", query_params=frame_params() | {"run": run.id})

left, right = st.columns([3, 2], gap="large")
with left, friendly_errors(go_on=True):
    st.header(_("This is one trial"), anchor=False)
    recorded = trials(data)
    several = len(recorded) > 1
    index = st.slider(_("Trial"), 1, len(recorded), 1, key="trial", bind="query-params") - 1 if several else 0
    hand = class_words(recorded.class_names[recorded.y[index]]) if recorded.y[index] >= 0 else _("unknown")
    who, part = as_written(str(recorded.subject[index])), _(str(recorded.split[index]))
    st.caption(_("Subject {who}, {part} split. Imagined: **{hand}**.", who=who, part=part, hand=hand))
    show(
        shared(trial_chart, recorded, index),
        key="first_trial",
        alt=_(
            "EEG of one trial, {channels} channels, {seconds:g} seconds",
            channels=recorded.n_chans,
            seconds=recorded.n_times / recorded.sfreq,
        ),
    )
    st.caption(_(source.about))

with right:
    st.header(_("Lessons"), anchor=False)
    lesson_links()

st.header(_("Trained networks"), anchor=False)
shipped_links()

st.header(_("Data"), anchor=False)
with st.container(horizontal=True):
    for other in sources.SOURCES.values():
        state = other.state(sources.data_root())
        with st.container(border=True, width=390):
            words = {
                "ready": _(":green-badge[ready]"),
                "fetch": _(":blue-badge[one click]"),
                "manual": _(":orange-badge[by hand]"),
            }
            st.markdown(f"**{_(other.title)}** {words[state.state]}")
            st.caption(f"{_(other.licence)} · {_(other.size)}")
            offer(other, state, "start")

with st.expander(_("Words that come up"), icon=":material/menu_book:"):
    st.markdown("\n".join(f"- **{_(word)}**: {_(about)}" for word, about in WORDS.items()))
