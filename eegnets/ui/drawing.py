"""Charts that a whole class looks at: each is made once, and shared by all sessions."""

from collections.abc import Callable, Hashable
from typing import Any

import altair
import streamlit as st
from streamlit.elements.vega_charts import _convert_altair_to_vega_lite_spec

from eegnets.translation import language

MANY = 512  # charts that are remembered, of some ten to a hundred kilobytes


def draw(make: Callable[[], altair.TopLevelMixin], *of: Hashable, key: str, alt: str, place: Any = st) -> None:
    """Draw a chart by `make`, unless one of the same `key`, language and `of` has been made: whatever it depends on.

    To make a chart takes tens of milliseconds, in which no other session moves: Altair checks every part of it.
    """
    place.vega_lite_chart(spec=_made(key, language(), of, make), key=key, alt=alt)


@st.cache_resource(max_entries=MANY, show_spinner=False)
def _made(key: str, language: str, of: tuple[Hashable, ...], _make: Callable[[], Any]) -> Any:
    """As Streamlit itself converts a chart; its data are bytes already."""
    return _convert_altair_to_vega_lite_spec(_make())
