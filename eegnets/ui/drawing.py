"""Charts on a page; those that a whole class looks at are made once, and shared by all sessions."""

from collections.abc import Callable
from typing import Any

import altair
import streamlit as st
from altair.utils.schemapi import disable_debug_mode
from streamlit.elements.vega_charts import _convert_altair_to_vega_lite_spec

from eegnets.translation import language
from eegnets.ui.identity import BY_NUMBER, number
from eegnets.ui.survey import Survey

Specification = dict[str, Any]  # a chart in Vega's words; its data are bytes

disable_debug_mode()  # Altair would check every part of a chart as it is made, a third of the time that it takes

MANY = 512  # charts that are remembered, of some ten to a hundred kilobytes


def show(chart: altair.TopLevelMixin | Specification, *, key: str, alt: str, place: Any = st, **how: Any) -> Any:
    """Draw a chart as `st.altair_chart` does, without Altair's check of the whole: that is most of its time.

    No other session moves meanwhile; the tests of the charts check them.
    """
    made = chart if isinstance(chart, dict) else _specification(chart)
    return place.vega_lite_chart(spec=made, key=key, alt=alt, **how)


def shared(make: Callable[..., altair.TopLevelMixin], *of: Any, **named: Any) -> Specification:
    """The chart that `make` gives for these, to be shown; made once for all who look at the same.

    A maker is known by its name, so it must be a function of a module, and depend on nothing but what it is given.
    """
    return _made(f"{make.__module__}.{make.__qualname__}", language(), of, named, make)


@st.cache_data(max_entries=MANY, show_spinner=False, hash_funcs=BY_NUMBER | {Survey: number})
def _made(name: str, language: str, of: tuple[Any, ...], named: dict[str, Any], _make: Callable[..., Any]) -> Any:
    return _specification(_make(*of, **named))  # kept as bytes: less memory than so many small objects


class _Unchecked:
    """A chart whose words for Vega are taken as they are."""

    def __init__(self, chart: altair.TopLevelMixin) -> None:
        self._chart = chart

    def to_dict(self) -> Specification:
        return self._chart.to_dict(validate=False)


def _specification(chart: altair.TopLevelMixin) -> Specification:
    """A chart as Streamlit itself converts it."""
    return dict(_convert_altair_to_vega_lite_spec(_Unchecked(chart)))  # type: ignore[arg-type]
