"""Classify: ask a trained network about single trials, see where it looked, and how good it is on all of them."""

import streamlit as st

from eegnets.translation import N_, _, ngettext
from eegnets.ui.bringing import bring_network
from eegnets.ui.choices import segments
from eegnets.ui.classifying import VIEWS, answer_browser, answers_of, network_picker, open_trial, other_classes
from eegnets.ui.forgetting import without_evaluation_mode
from eegnets.ui.links import as_written
from eegnets.ui.naming import label
from eegnets.ui.quizzing import quiz
from eegnets.ui.scoring import scores_panel
from eegnets.ui.state import caution, framed, friendly_errors, trials
from eegnets.ui.uploading import answered_uploads

data = framed()
st.title(_("Classify"))
st.markdown(_("A trained network is shown one trial at a time and says which hand was imagined."))
caution(data)
with friendly_errors():
    recorded = trials(data)
with st.container(horizontal=True, vertical_alignment="bottom"):
    bring_network(data, recorded)
    run = network_picker(recorded, data.source)
    view = segments(_("View"), VIEWS, VIEWS[0], "view")
    part = segments(
        _("Trials"),
        [N_("test"), N_("train")],
        "test",
        "part",
        help=_("A network has seen the training trials while it learned: on them it looks better than it is."),
        disabled=view == "Your files",
    )
if run is None:
    st.info(
        _(
            "No network here takes trials of {channels} channels and {samples} samples at {rate:g} Hz. Train one on "
            "these data first.",
            channels=recorded.n_chans,
            samples=recorded.n_times,
            rate=recorded.sfreq,
        ),
        icon=":material/model_training:",
    )
    st.page_link("pages/train.py", label=_("Train"), icon=":material/model_training:")
    st.stop()

with friendly_errors():
    if view == "Your files":
        found = answered_uploads(run)
        if found is None:
            st.stop()
        fold, table = found
    else:
        fold, table = answers_of(run, recorded, part)
        other_classes(run, recorded)
if view == "Quiz":
    st.markdown(
        _(
            "**You against the network.** Say which it was, with the buttons or the arrow keys; then it says what it "
            "thinks."
        )
    )
    quiz(run.id, fold, table)
elif view == "All trials":
    who = _("{run} on the {part} trials", run=as_written(label(run)), part=_(part))
    scores_panel(table, fold.class_names, who, part, open_trial, recorded if part == "test" else None)
else:
    answer_browser(run, fold, table)
if view != "Quiz":
    words = ngettext("Answers to {n} trial (CSV)", "Answers to {n} trials (CSV)", len(table))
    st.download_button(words, table.to_csv(index=False), f"{run.id}-answers.csv", icon=":material/download:")
if view == "All trials":
    without_evaluation_mode(run, fold, part)
