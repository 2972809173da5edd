"""Import: trials out of a file of one's own, looked at before they are kept."""

import streamlit as st

from eegnets import sources
from eegnets.charts.trial import trial_chart, trial_title
from eegnets.sources import files
from eegnets.ui.importing import cut, lacks_classes, preview, recipe_form, show_preview, upload
from eegnets.ui.state import framed, friendly_errors

framed()
st.title("Import")
st.markdown(
    "Any recording in which two or more kinds of trial can be told apart by their marks: say which is which, look at "
    "what comes out, and keep it as a source of trials for every page."
)
with friendly_errors():
    path = upload()
    if path is None:
        st.info("Drop a file above. What it holds is shown before anything is kept.", icon=":material/upload_file:")
        st.stop()
    found = preview(path)
show_preview(found)

st.subheader("How it becomes trials", anchor=False)
with friendly_errors():
    recipe = recipe_form(found)
    if lacks_classes(found, recipe):
        st.info("Give at least two marks a class in the table above.", icon=":material/label:")
        st.stop()
    recorded = cut(path, repr(recipe), recipe)

st.subheader("What comes out", anchor=False)
known = recorded.y[recorded.y >= 0]
counts = [f"{(known == i).sum()} {name}" for i, name in enumerate(recorded.class_names)]
if len(known) < len(recorded):
    counts.append(f"{len(recorded) - len(known)} of unknown class")
st.markdown(
    f"**{len(recorded)} trials** of {recorded.n_chans} channels, {recorded.n_times} samples "
    f"({recorded.n_times / recorded.sfreq:g} s at {recorded.sfreq:g} Hz): {', '.join(counts)}."
)
index = st.slider("Trial", 1, len(recorded), 1, key="file_trial") - 1 if len(recorded) > 1 else 0
st.altair_chart(trial_chart(recorded, index), key="file_chart", alt=trial_title(recorded, index))

name = st.text_input("Keep them under the name", files.safe_name(path.name), key="file_name")
if st.button("Keep these trials", type="primary", icon=":material/save:"):
    with friendly_errors():
        kept = files.store(recorded, name, sources.data_root())
    st.success(f"Kept as {kept.stem}. Choose **files** in the sidebar to work with it on every page.")
