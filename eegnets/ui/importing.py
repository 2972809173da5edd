"""Bringing files of one's own: an upload on disk, what is inside, and a recipe out of a form."""

import tempfile
from collections import Counter
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from eegnets.config import InputError, Setting
from eegnets.sources import files
from eegnets.sources.recipe import UNKNOWN, Preview, Recipe
from eegnets.translation import N_, _
from eegnets.trials import Trials
from eegnets.ui.forms import control
from eegnets.ui.links import as_written

KINDS = [*files.BEGINS, ".eeg", ".vmrk", ".fdt"]  # the last three: companions of .vhdr and .set
TABLE = Recipe.table()
NONE = N_("none")
A_CLASS = 64  # of students, each with an upload of their own
CUTS = 16  # whose trials are remembered: they may be large
# What marks mean in GDF files of BCI experiments: table of event codes, BioSig (https://biosig.sourceforge.net).
USUAL = {"769": "left hand", "770": "right hand", "771": "feet", "772": "tongue", "783": UNKNOWN}
INSIDE = (N_("arrays"), N_("recording"))  # the kinds of a `Preview`


def upload() -> Path | None:
    """The file that was dropped on the page, on disk beside its companions; None before."""
    mains = uploads(_("A file, or all files of one recording"))
    if mains and len(mains) != 1:
        raise InputError(_("one file with its companions at a time, please; {n} files to read came.", n=len(mains)))
    return mains[0] if mains else None


def uploads(label: str) -> list[Path]:
    """The files that were dropped on the page, on disk beside their companions, which are not named; none before."""
    dropped = st.file_uploader(
        label,
        type=KINDS,
        accept_multiple_files=True,
        help=_(
            "Arrays: .npz, .npy, .mat, .csv. Recordings: .edf, .bdf, .gdf, .fif, .set (with .fdt), .vhdr (with .eeg "
            "and .vmrk). They stay on this machine."
        ),
    )
    if not dropped:
        return []
    _check_names(dropped)
    folder = _on_disk(tuple(file.file_id for file in dropped), dropped)
    st.session_state.uploads = folder  # it stays while its owner works with it, however many others come
    mains = [path for path in sorted(Path(folder.name).iterdir()) if path.suffix.lower() in files.BEGINS]
    if not mains:
        raise InputError(
            _(
                "none of these is a file to read, but companions alone; to read are {kinds}.",
                kinds=", ".join(files.BEGINS),
            )
        )
    return mains


def _check_names(dropped: list[UploadedFile]) -> None:
    """Refuse two files of one name: one would take the place of the other."""
    names = [_name(file) for file in dropped]
    times = Counter(map(str.casefold, names))  # some disks take A and a for one
    twins = dict.fromkeys(name for name in names if times[name.casefold()] > 1)
    if twins:
        raise InputError(_("several of these files are called {name}; rename them apart.", name=", ".join(twins)))


def _name(file: UploadedFile) -> str:
    """What follows the last slash of its name."""
    return Path(file.name.replace("\\", "/")).name


@st.cache_resource(max_entries=A_CLASS, ttl=1800, show_spinner=False)
def _on_disk(ids: tuple[str, ...], _dropped: list[UploadedFile]) -> "tempfile.TemporaryDirectory[str]":
    """A folder with the uploads, which goes when it is forgotten here and in its session."""
    folder = tempfile.TemporaryDirectory(prefix="eegnets-")
    for file in _dropped:
        name = _name(file)
        if name.strip(". "):
            (Path(folder.name) / name).write_bytes(file.getbuffer())
    return folder


def show_preview(found: Preview) -> None:
    """What is inside, in a sentence and a table."""
    what = [_(found.kind)]
    what += [f"{found.sfreq:g} Hz"] if found.sfreq else []
    what += [_("in {unit}", unit=found.unit)] if found.unit else []
    told = _("**Inside: {what}.**", what=", ".join(what))
    if found.ch_names:
        told += " " + _("Channels: {names}.", names=as_written(", ".join(found.ch_names)))
    st.markdown(told)
    rows = [{"name": name, "shape": " × ".join(map(str, shape))} for name, shape in found.shapes.items()]
    columns = {"name": _("Name"), "shape": _("Shape")}
    st.dataframe(rows, hide_index=True, column_config=columns, alt=_("Arrays and their shapes"))


def recipe_form(found: Preview, start: Recipe | None = None, known: tuple[str, ...] = (), key: str = "file_") -> Recipe:
    """Ask what the file does not say itself, and which mark is which class.

    start: what the form says at first. known: the only classes that count, of a network that is to answer; without
    them, the classes are free. key: a prefix, where a page asks of several files.
    """
    first = start or Recipe(stop=6.0 if found.kind == "recording" else None)
    rules = {name: replace(rule, default=getattr(first, name)) for name, rule in TABLE.items()}
    values: dict[str, Any] = {}
    with st.container(horizontal=True):
        if found.unit is None:
            values["unit"] = control(rules["unit"], key)
        if found.sfreq is None:
            values["sfreq"] = control(rules["sfreq"], key)
        asked = ["start", "stop", *(["low", "high"] if found.kind == "recording" else [])]
        for name in asked if known else [*asked, "resample", "test"]:
            values[name] = control(rules[name], key)
    if not found.ch_names:
        values["names"] = control(rules["names"], key)
    elif not known:
        rule = TABLE["channels"]
        values["channels"] = tuple(st.multiselect(_("Channels"), found.ch_names, help=_(rule.help)))
    if found.kind == "arrays":
        values |= _arrays(found, rules, key)
    marks = found.marks.get(values.get("label") or next(iter(found.marks), ""), {})
    return Recipe(classes=_classes(marks, known, key) if values.get("label") != "" else {}, **values)


def _arrays(found: Preview, rules: dict[str, Setting], key: str) -> dict[str, Any]:
    """Which array is the signal, how it lies, and which has the labels."""
    largest = max(found.shapes, key=lambda name: prod(found.shapes[name]))
    names, of_signal, of_labels = list(found.shapes), TABLE["signal"], TABLE["label"]
    with st.container(horizontal=True):
        signal = st.selectbox(_("Signal"), names, names.index(largest), help=_(of_signal.help), key=f"{key}signal")
        axes = control(rules["axes"], key)
        label = st.selectbox(
            _("Labels"),
            [*found.marks, NONE],
            format_func=lambda name: _(NONE) if name == NONE else name,
            help=_(of_labels.help),
            key=f"{key}label",
        )
    return {"signal": signal, "axes": axes, "label": "" if label == NONE else label}


def _classes(marks: dict[str, int], known: tuple[str, ...], key: str) -> dict[str, str]:
    """Which mark is which class, out of a table that is filled in; a mark that is a known class is so already."""
    st.caption(
        _(
            "Choose the class of each mark that begins a trial. {sign} stands for a trial whose class is not known.",
            sign=UNKNOWN,
        )
        if known
        else _(
            "Write a class beside each mark that begins a trial, such as left hand and right hand; leave the others "
            "empty. {sign} stands for a trial whose class is not known.",
            sign=UNKNOWN,
        )
    )
    table = pd.DataFrame({"mark": list(marks), "times": list(marks.values())})
    table["class"] = [mark if mark in known else "" if known else USUAL.get(mark, "") for mark in marks]
    column: Any = _("Class")
    if known:
        column = st.column_config.SelectboxColumn(column, options=[*known, UNKNOWN], format_func=_)
    filled = st.data_editor(
        table,
        hide_index=True,
        disabled=["mark", "times"],
        column_config={"mark": _("Mark"), "times": _("Times"), "class": column},
        key=f"{key}classes",
    )
    named = filled[filled["class"].fillna("").str.strip() != ""]
    return dict(zip(named["mark"], named["class"].str.strip(), strict=True))


def lacks_classes(found: Preview, recipe: Recipe) -> bool:
    """Whether marks have still to be given a class before anything can be cut: two classes must be told apart."""
    classes = set(recipe.classes.values()) - {UNKNOWN}
    return len(classes) < 2 and (found.kind == "recording" or bool(recipe.label))


def preview(path: Path) -> Preview:
    """What is inside a file."""
    with st.spinner(_("Looking into the file …")):
        return _previewed(path)


@st.cache_data(max_entries=A_CLASS, ttl=1800, show_spinner=False)
def _previewed(path: Path) -> Preview:
    return files.preview(path)


def cut(path: Path, recipe: Recipe) -> Trials:
    """The trials that a recipe takes out of a file."""
    with st.spinner(_("Cutting the trials …")):
        return _cut(path, repr(recipe), recipe)


@st.cache_resource(max_entries=CUTS, ttl=1800, show_spinner=False)
def _cut(path: Path, recipe_key: str, _recipe: Recipe) -> Trials:
    """`recipe_key` stands for the recipe."""
    return files.read(path, _recipe)
