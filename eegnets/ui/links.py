"""Addresses of one page that another page links to."""

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
    options = {f"data_{name}": str(value) for name, value in data.options.items()}
    where: dict[str, Any] = {"source": data.source, "part": part, "answer": str(place)} | options
    where |= {"subjects": list(data.subjects)} if data.subjects else {}
    label = _("Classify this trial")
    st.page_link("pages/classify.py", label=label, icon=":material/psychology:", query_params=where)
