"""The visitor's language: chosen in the sidebar, kept in the address."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from eegnets.translation import ENGLISH, LANGUAGES, ask_for_language
from eegnets.ui.choices import segments

KEY = "lang"


def language_picker() -> None:
    """The switch; from here on every text comes in the language that it shows."""
    ask_for_language(visitors_language)
    segments("Language · 語言", list(LANGUAGES), ENGLISH, KEY, LANGUAGES.__getitem__, width="stretch")


def visitors_language() -> str:
    """The language of who sits at this browser; English where nobody does, as in a worker's thread."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ENGLISH
    return st.session_state.get(KEY) or ENGLISH  # for a moment a browser may say that none is chosen
