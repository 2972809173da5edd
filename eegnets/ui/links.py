"""Addresses of one page that another page links to, and names that people chose in what is said of them."""

import re
from dataclasses import replace
from typing import Any

import streamlit as st

from eegnets.config import DataConfig
from eegnets.translation import _
from eegnets.trials import Trials, place_in_split


def classify_link(data: DataConfig, trials: Trials, index: int) -> None:
    """A link that opens one of these trials on the page Classify; of several people's, this one's alone."""
    part, place = place_in_split(trials, index)
    if len(trials.subjects) > 1:
        data = replace(data, subjects=(str(trials.subject[index]),))
    where = of_data(data) | {"part": part, "answer": str(place)}
    label = _("Classify this trial")
    st.page_link("pages/classify.py", label=label, icon=":material/psychology:", query_params=where)


def of_data(data: DataConfig) -> dict[str, Any]:
    """What an address says of a choice of data."""
    options = {f"data_{name}": str(value) for name, value in data.options.items()}
    subjects = {"subjects": list(data.subjects)} if data.subjects else {}
    return {"source": data.source} | options | subjects


def class_words(name: str) -> str:
    """A class in the reader's language; one that somebody named, as it was written."""
    return as_written(_(name))


def without_links(text: object) -> str:
    """What is said of what anybody may have written: `code` and **bold** stay, no link or image is drawn."""
    return re.sub(r"([\\\[\]])", r"\\\1", str(text))


def as_written(name: str) -> str:
    """A name that somebody chose, as it was written: what is Markdown in it stays text."""
    return re.sub(r"([\\`*_{}\[\]()<>#+.!|$:~-])", r"\\\1", name)
