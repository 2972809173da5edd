"""What the theme cannot say about colours, in CSS."""

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
"""


def readable() -> None:
    """Words on primary buttons, and a frame round what the keyboard is at, that are seen in both themes."""
    st.html(f"<style>{CSS}</style>")
