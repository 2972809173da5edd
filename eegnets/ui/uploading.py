"""Files of one's own, answered at once: read, brought to what the network takes where that is asked for, and told."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from eegnets.config import InputError
from eegnets.fitting import fitted, likely_channels, likely_recipe, misfits
from eegnets.run_folder import Run
from eegnets.sources.recipe import Recipe
from eegnets.statistics import judged
from eegnets.translation import N_, _, ngettext
from eegnets.trials import Trials, concatenate
from eegnets.ui.classifying import classifier, of, written
from eegnets.ui.importing import cut, preview, recipe_form, show_preview, uploads
from eegnets.ui.links import class_words, without_links
from eegnets.ui.state import trials

if TYPE_CHECKING:
    from eegnets.classification import Shape

MARKS = 5  # that are named of more
COLUMNS = {
    N_("file"): N_("File"),
    N_("trials"): N_("Trials"),
    N_("channels"): N_("Channels"),
    N_("seconds"): N_("Seconds"),
    N_("rate"): N_("Rate (Hz)"),
    N_("fits"): N_("Fits"),
}


def answered_uploads(run: Run) -> tuple[Trials, pd.DataFrame] | None:
    """The trials of the files that were dropped here, and the network's answers to them; None before there are any."""
    shape = of(run).shape
    paths = uploads(_("Files to classify: arrays of trials or recordings, one or many"))
    if not paths:
        st.info(
            _(
                "Drop files above. The network takes {channels} channels ({names}), {samples} samples at {rate:g} Hz; "
                "what is otherwise can be mended here.",
                channels=shape.n_chans,
                names=", ".join(shape.ch_names),
                samples=shape.n_times,
                rate=shape.sfreq,
            ),
            icon=":material/upload_file:",
        )
        return None
    recipes = _recipes(paths, shape)
    parts = _read(paths, recipes)
    fitting = _brought(parts, shape, _levels(run), f"{run.id} {[str(path) for path in parts]} {recipes}")
    if not fitting:
        return None
    fold = concatenate([replace(part, windows=fitting[0].windows) for part in fitting])
    key = f"{sorted(str(path) for path in parts)} {recipes} {len(fold)}"
    with st.spinner(_("Asking the network …")):
        fold, table = _asked(str(run.path), written(run), fold, key)
    counts = ", ".join(f"{(table['answer'] == name).sum()} {class_words(name)}" for name in shape.class_names)
    known, right = int((table["label"] != "").sum()), table["correct"].sum()
    told = ngettext(
        "**{n} trial answered:** {counts}.", "**{n} trials answered:** {counts}.", len(table), counts=counts
    )
    of_known = _("Of no trial is the class known.")
    if known:
        of_known = _("Of {known} of known class, {right} are answered correctly.", known=known, right=right)
    st.markdown(f"{told} {of_known}")
    return fold, table


def _recipes(paths: list[Path], shape: "Shape") -> dict[str, Recipe]:
    """How the files of each kind are read, by their ending; asked of the first one."""
    recipes = {}
    for kind in sorted({path.suffix.lower() for path in paths}):
        first = next(path for path in paths if path.suffix.lower() == kind)
        try:
            found = preview(first)
        except InputError:
            continue  # told when it is read
        with st.expander(_("How {kind} files are read", kind=kind), expanded=found.kind == "recording"):
            show_preview(found)
            recipe = recipe_form(found, likely_recipe(found, shape), shape.class_names, f"{kind[1:]}_")
        if recipe.label and not recipe.classes:
            _tell_unnamed(recipe.label, list(found.marks[recipe.label]), kind)
        recipes[kind] = recipe if recipe.classes else replace(recipe, label="")
    return recipes


def _tell_unnamed(label: str, marks: list[str], kind: str) -> None:
    """Say that labels were found which do not tell their class themselves."""
    words = _("`{label}` has {marks}: say above, under the way {kind} files are read, which class each is.")
    some = _(", ").join(marks[:MARKS]) + (" …" if len(marks) > MARKS else "")
    st.info(words.format(label=label, marks=some, kind=kind), icon=":material/label:")


def _read(paths: list[Path], recipes: dict[str, Recipe]) -> dict[Path, Trials]:
    """The trials of each file; one that cannot be read is told."""
    parts = {}
    for path in paths:
        try:
            recipe = recipes.get(path.suffix.lower(), Recipe())
            parts[path] = cut(path, recipe)
        except InputError as error:
            st.error(without_links(error), icon=":material/broken_image:")
    return parts


def _levels(run: Run) -> np.ndarray | None:
    """The mean of each channel of the trials that a network has learned from, µV; None where they are not here."""
    try:
        return trials(run.config.data).of_split("train").channel_means()
    except InputError:
        return None


def _brought(parts: dict[Path, Trials], shape: "Shape", levels: np.ndarray | None, about: str) -> list[Trials]:
    """The trials that the network can take; what does not fit is told, and mended once the reader asks for it."""
    rows, wrong, channels = [], {}, {}
    for path, recorded in parts.items():
        try:
            channels[path] = likely_channels(recorded.ch_names, shape)
        except InputError as error:
            st.error(_("{file}: {error}", file=path.name, error=error), icon=":material/broken_image:")
            continue
        wrong[path] = misfits(recorded, shape, channels[path], levels)
        about_it = (path.name, len(recorded), recorded.n_chans, recorded.n_times / recorded.sfreq, recorded.sfreq)
        rows.append((*about_it, _("no") if wrong[path] else _("yes")))
    if rows:
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        columns = {name: _(words) for name, words in COLUMNS.items()}
        about_all = table.rename(columns=_).to_string(index=False)
        st.dataframe(table, hide_index=True, column_config=columns, key="files", alt=about_all)
    mended = any(wrong.values()) and _mend(wrong, about)
    takes = [path for path in channels if mended or not wrong[path]]
    brought = {path: fitted(parts[path], shape, channels[path], levels=levels) for path in takes}
    return [replace(mended, subject=[path.name] * len(mended)) for path, mended in brought.items()]


def _mend(wrong: dict[Path, list[str]], about: str) -> bool:
    """Tell what does not fit, and whether the reader wants it mended; `about` says of which files that was said."""
    wanted = st.session_state.get("mended") == about
    for told in dict.fromkeys(tuple(told) for told in wrong.values() if told):
        names = [f"`{path.name}`" for path, one in wrong.items() if tuple(one) == told]
        lines = "\n".join(f"- {words}" for words in told)
        of_what = f"{', '.join(names[:5])}{' …' if len(names) > 5 else ''}"
        if wanted:
            mended = _("{files} was mended, and is no longer as it was recorded:", files=of_what)
            st.info(f"{mended}\n\n{lines}", icon=":material/build:")
        else:
            unfit = _("{files} does not fit the network:", files=of_what)
            st.warning(f"{unfit}\n\n{lines}", icon=":material/warning:")
    if wanted:
        st.button(_("Leave the files as they are"), icon=":material/undo:", on_click=_want, args=("",))
    else:
        st.button(_("Do these repairs"), icon=":material/build:", type="primary", on_click=_want, args=(about,))
    return wanted


def _want(about: str) -> None:
    st.session_state.mended = about


@st.cache_resource(max_entries=4, ttl=1800, show_spinner=False)
def _asked(path: str, stamp: int, _fold: Trials, key: str) -> tuple[Trials, pd.DataFrame]:
    """The trials without gaps, and what the network answers; `key` stands for the trials."""
    network = classifier(path, stamp)
    fold = network.fold(replace(_fold, split=["test"] * len(_fold)), "test")
    return fold, judged(network.answers(fold), network.shape.class_names)
