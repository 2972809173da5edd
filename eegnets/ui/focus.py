"""One group of runs in focus: a click on its curve or on its row makes it stand out in both; kept in the address."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from eegnets.charts.comparison import CLICKED
from eegnets.translation import _


def in_focus(groups: Sequence[str]) -> str:
    """The group that stands out; "" where none of these does."""
    group = st.query_params.get("focus", "")
    return group if group in groups else ""


def follow_clicks() -> None:
    """Draw the whole page anew after a click that a part of it took: for the first line of such a part."""
    if st.session_state.pop("focus_moved", False):
        st.rerun()


def curve_clicked() -> None:
    """A curve of the chart `curves` was clicked; for its `on_select`."""
    chosen = st.session_state.curves.selection.get(CLICKED) or []
    _move(chosen[0]["group"] if chosen else "")


def row_selection(groups: Sequence[str], focus: str) -> dict[str, Any]:
    """The arguments that let a table's rows, one for each group, take and show the focus."""
    key = f"rows_{hash((tuple(groups), focus))}"  # a table that shows another focus is another table
    rows = [groups.index(focus)] if focus else []
    return {
        "key": key,
        "on_select": _row_clicked(key, groups),
        "selection_mode": "single-row",
        "selection_default": {"selection": {"rows": rows}},
    }


def _row_clicked(key: str, groups: Sequence[str]) -> Callable[[], None]:
    def clicked() -> None:
        rows = st.session_state[key].selection.rows
        _move(groups[rows[0]] if rows else "")

    return clicked


def release(focus: str, name: str) -> None:
    """Say what is in focus, as the reader calls it, with a way to let it go."""
    if focus:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_("In focus: **{group}**", group=name), width="content")
            st.button(_("Show all alike"), icon=":material/close:", on_click=_move, args=("",))


def _move(group: str) -> None:
    if group:
        st.query_params["focus"] = group
    else:
        st.query_params.pop("focus", None)
    st.session_state.focus_moved = True
