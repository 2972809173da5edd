"""Share this view: the address of a page as it stands, and which of its controls those who open it do not see."""

import contextlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from eegnets.config import SETTINGS
from eegnets.translation import N_, _
from eegnets.ui.choices import kept_here
from eegnets.ui.forms import hidden
from eegnets.ui.state import is_alone

# What can be hidden: whatever asks something. A chart or a table is none of these, so no link can hide a result.
CONTROLS = (
    *(".stSlider", ".stNumberInput", ".stSelectbox", ".stMultiSelect", ".stButtonGroup", ".stCheckbox"),
    ".stTextInput",
)
# What stands beside each control, of those that are not made from the settings table.
LABELS = {
    "lang": N_("Language"),
    "source": N_("Data"),
    "data_difficulty": N_("Difficulty"),
    "trial": N_("Trial"),
    "answer": N_("Trial"),
    "part": N_("Trials"),
    "cell": N_("Trials, shown → answered"),
    "average": N_("Of what"),
    "baseline": N_("Baseline (s)"),
    "way": N_("Where it looked, by"),
    "cover": N_("Window (s)"),
    "fresh": N_("Check against fresh weights"),
    "curve_alpha": N_("ELU alpha"),
    "curve_negative_slope": N_("Leaky slope"),
    "x": N_("Read at x"),
    "count": N_("Count the values of"),
    "instead": N_("What if another function stood here?"),
    "kernel": N_("Kernel"),
    "map": N_("Map"),
    "sample": N_("Sample"),
    "k": N_("Kernel k"),
    "n_in": N_("Channels in"),
    "n_out": N_("Filters Nk"),
    "sides": N_("Do the filters know the two sides?"),
    "metric": N_("Figure"),
    "fold": N_("Trials"),
    "race_metric": N_("Figure"),
    "race_fold": N_("Trials"),
    "only_state": N_("State"),
    "only_model": N_("Network"),
    "only_activation": N_("Activation"),
    "starred": N_("★ only"),
    "mine": N_("Mine only"),
    "log": N_("Log axis"),
    "smooth": N_("Smoothing"),
    "over": N_("Average over"),
    "score": N_("Test accuracy"),
    "matters": N_("Which setting matters"),
    "of": N_("Data of the runs"),
    "models": N_("Networks"),
    "sweep_score": N_("Test accuracy"),
    "code": N_("Show the code"),
    "bench_trials": N_("Trials"),
    "bench_seconds": N_("At most (s)"),
    "bench_networks": N_("Networks"),
    "bench_engines": N_("Engines"),
    "bench_precisions": N_("Precisions"),
    "bench_threads": N_("Threads"),
    "bench_batch_sizes": N_("Batch sizes"),
    "view": N_("View"),
    "functions": N_("Functions"),
    "racers": N_("Racers"),
    "seeds": N_("Seeds"),
    "instrument": N_("Instrument"),
    "gain": N_("Gain"),
    "data_seed": N_("Data seed"),
}
WORDS = {rule.key: rule.label for rule in SETTINGS.values()} | LABELS


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
    about = _("The page and its settings alone.")
    bare = "run" in st.query_params and st.checkbox(_("Without the runs"), key="bare", help=about)
    params = {key: st.query_params.get_all(key) for key in st.query_params if not (bare and key == "run")}
    address = link(st.context.url or "", params, picked or ())
    st.code(address, language=None, wrap_lines=True)
    st.caption(
        _("Copy it with the sign at its right. Runs that are named in it are found by those who use this server.")
    )
    if is_alone():
        st.caption(
            _(
                "The app listens to this machine alone, so nobody else can open it. For a class, start it with "
                "`--server.address=0.0.0.0` and open it by this machine's name in the network."
            )
        )
    elif urlsplit(address).hostname in ("localhost", "127.0.0.1", "::1"):
        st.caption(_("This address leads others to their own machine: open the app by this machine's name first."))
    elif code := qr_code(address):
        st.image(code, _("The same for a phone's camera"), width=240)


def qr_code(address: str) -> bytes:
    """An address as a QR code, a PNG; empty for one that is too long for it."""
    import segno  # only who shares needs it

    file = io.BytesIO()
    with contextlib.suppress(segno.DataOverflowError):
        segno.make(address, micro=False).save(file, kind="png", scale=6)
    return file.getvalue()


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
