"""Import: trials out of a file of one's own, looked at before they are kept."""

import streamlit as st

from eegnets.charts.trial import trial_chart, trial_title
from eegnets.sources import files
from eegnets.translation import _
from eegnets.ui.drawing import show
from eegnets.ui.importing import cut, lacks_classes, preview, recipe_form, show_preview, upload
from eegnets.ui.keeping import keep, kept_imports
from eegnets.ui.links import class_words
from eegnets.ui.state import framed, friendly_errors

framed()
st.title(_("Import"))
st.markdown(
    _(
        "Any recording in which two or more kinds of trial can be told apart by their marks: say which is which, look "
        "at what comes out, and keep it as a source of trials for every page."
    )
)
kept_imports()
with friendly_errors():
    path = upload()
    if path is None:
        st.info(_("Drop a file above. What it holds is shown before anything is kept."), icon=":material/upload_file:")
        st.stop()
    found = preview(path)
show_preview(found)

st.header(_("How it becomes trials"), anchor=False)
with friendly_errors():
    recipe = recipe_form(found)
    if lacks_classes(found, recipe):
        st.info(_("Give at least two marks a class in the table above."), icon=":material/label:")
        st.stop()
    recorded = cut(path, recipe)

st.header(_("What comes out"), anchor=False)
known = recorded.y[recorded.y >= 0]
counts = [f"{(known == i).sum()} {class_words(name)}" for i, name in enumerate(recorded.class_names)]
if len(known) < len(recorded):
    counts.append(_("{n} of unknown class", n=len(recorded) - len(known)))
st.markdown(
    _(
        "**{n} trials** of {channels} channels, {samples} samples ({seconds:g} s at {rate:g} Hz): {counts}.",
        n=len(recorded),
        channels=recorded.n_chans,
        samples=recorded.n_times,
        seconds=recorded.n_times / recorded.sfreq,
        rate=recorded.sfreq,
        counts=", ".join(counts),
    )
)
index = st.slider(_("Trial"), 1, len(recorded), 1, key="file_trial") - 1 if len(recorded) > 1 else 0
show(trial_chart(recorded, index), key="file_chart", alt=trial_title(recorded, index))

keep(recorded, files.safe_name(path.name))
