"""Share this view: the address of a page as it stands, and which of its controls those who open it do not see."""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from eegnets.config import SETTINGS
from eegnets.translation import N_, _
from eegnets.ui.choices import kept_here
from eegnets.ui.forms import hidden

# What can be hidden: whatever asks something. A chart or a table is none of these, so no link can hide a result.
CONTROLS = (
    *(".stSlider", ".stNumberInput", ".stSelectbox", ".stMultiSelect", ".stButtonGroup", ".stCheckbox"),
    ".stTextInput",
)
WORDS = {rule.key: rule.label for rule in SETTINGS.values()}
# Other controls are called by their keys; these are not the words of a label too, so they are marked here.
KEYS = (
    *(N_("Lang"), N_("Data difficulty"), N_("Data seed"), N_("Curve alpha"), N_("Curve negative slope")),
    *(N_("Functions"), N_("Part"), N_("Count"), N_("Instead"), N_("Racers"), N_("Seeds"), N_("Instrument")),
    *(N_("Weights bend"), N_("View"), N_("Way"), N_("Smooth"), N_("Only state"), N_("Only model")),
    *(N_("Only activation"), N_("Metric"), N_("Fold"), N_("Log"), N_("Over"), N_("Score"), N_("Bench trials")),
    *(N_("Bench seconds"), N_("Bench networks"), N_("Bench engines"), N_("Bench precisions")),
    *(N_("Bench threads"), N_("Bench batch sizes"), N_("N in"), N_("N out"), N_("Gain"), N_("Models")),
    *(N_("Sweep score"), N_("Race metric"), N_("Race fold")),
)


def hide_controls() -> None:
    """Draw the controls that the address hides unseen: they keep the values of the link and act as ever.

    Those that are made from the settings table (`forms.control`) are not drawn at all.
    """
    keys = [key for key in hidden() if re.fullmatch(r"[\w-]+", key)]
    rules = [f".stElementContainer.st-key-{key}:has({', '.join(CONTROLS)})" for key in keys]
    if rules:
        st.html(f"<style>{', '.join(rules)} {{ display: none; }}</style>")


def share_button() -> None:
    """A small button that shows the link."""
    if st.button(
        _("Share this view"),
        icon=":material/share:",
        width="stretch",
        help=_("The address of this page as it stands, and what of it to hide."),
    ):
        st.dialog(_("Share this view"), icon=":material/share:")(_share)()


def _share() -> None:
    """The link; it is made when asked for, as the page below has written its state into the address by then."""
    st.markdown(_("Whoever opens this link sees the page as it stands now: data, settings, runs, what is open."))
    picked = st.pills(
        _("Hide from them"),
        controls_here(),
        selection_mode="multi",
        default=[key for key in controls_here() if key in hidden()],
        format_func=words_for,
        key="to_hide",
        wrap=True,
        help=_("These controls are not shown and keep their values. A result is never hidden."),
    )
    params = {key: st.query_params.get_all(key) for key in st.query_params}
    st.code(link(st.context.url or "", params, picked or ()), language=None, wrap_lines=True)
    st.caption(
        _("Copy it with the sign at its right. Runs that are named in it are found by those who use this server.")
    )


def controls_here() -> list[str]:
    """The keys of the controls that the address keeps, of the page as it was last drawn, and of those hidden."""
    context = get_script_run_ctx()
    if context is None:
        return sorted(filter(None, hidden()))
    with context.session_state.query_params() as address:
        bound = [str(key) for key in st.session_state if address.is_bound(str(key))]
    return sorted({*bound, *kept_here(), *filter(None, hidden())})


def words_for(key: str) -> str:
    """How a control is called in the list."""
    return _(WORDS.get(key, key.replace("_", " ").replace("-", " ").capitalize()))


def link(page: str, params: Mapping[str, Sequence[str]], hide: Iterable[str]) -> str:
    """The whole address: of the page, and all that stands behind the question mark."""
    named = {key: values for key, values in params.items() if key != "hide"}
    named |= {"hide": [",".join(hide)]} if hide else {}
    question = urlencode(named, doseq=True, safe=",")
    return page + (f"?{question}" if question else "")
