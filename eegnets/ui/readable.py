"""What the theme cannot say about colours and room, in CSS."""

import streamlit as st

CSS = """
/* On a primary button Streamlit writes in white, whatever its colour: in the dark that colour is too light for it. */
[data-testid^="stBaseButton-primary"]:enabled { color: light-dark(#ffffff, #000000); }
/* Its ring round what the keyboard is at is half transparent, and links of the menu and pages have none. */
:is(a, button, summary, [role="tab"], [role="radio"]):focus-visible {
    outline: 2px solid light-dark(#0b1822, #e8eef2) !important;
    outline-offset: 1px;
}
/* The slant of a formula's letters leaves its box by two pixels, which makes a scroller of it that no key reaches. */
.katex-display { padding-inline: 4px; }
/* The last label of an axis ends half a pixel outside the picture, which would cut off a stroke of its last digit. */
svg.marks { overflow: visible; }
@media (hover: none) {
    /* Where nothing hovers, a table's buttons are always there, above its frame: they need a place of their own. */
    [data-testid="stElementContainer"]:has([data-testid="stDataFrame"]) { margin-top: 2.5rem; }
    [data-testid="stCodeCopyButton"] { opacity: 1; }
}
"""
# On a narrow screen columns stand below each other.
RUN_FIRST = """@media (max-width: 640px) {
    .st-key-train > div > .stHorizontalBlock > .stColumn:first-child { order: 1; }
}"""


def readable() -> None:
    """Words on primary buttons, and a frame round what the keyboard is at, that are seen in both themes."""
    st.html(f"<style>{CSS}</style>")


def run_first() -> None:
    """Where a narrow screen has the form of the page Train and a run below each other, the run comes first."""
    st.html(f"<style>{RUN_FIRST}</style>")
