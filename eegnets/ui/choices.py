"""Choices among words: shown in the reader's language, kept in the address in English, so that a link fits both.

Streamlit's own `bind="query-params"` puts into the address what the list shows. These do the same with the options as
they stand in the code: the address's value is taken where it is new, and every choice but the default is written back.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from eegnets.translation import _

LAST = "address of "
NONE = ""  # an address that says that none is chosen, where the default is some


def segments(
    label: str, options: Sequence[str], default: str, key: str, words: Callable[[str], str] = _, **how: Any
) -> str:
    """One of a few, side by side; always one."""
    first = _take(key, options, [default], many=False)
    start = first[0] if first else None
    chosen = st.segmented_control(label, options, required=True, default=start, key=key, format_func=words, **how)
    # While a page changes, a browser may say for a moment that none is chosen.
    return _keep(key, chosen or default, [default])[0]


def listed(
    label: str, options: Sequence[str], default: str, key: str, words: Callable[[str], str] = _, **how: Any
) -> str:
    """One of many, in a list that opens."""
    first = _take(key, options, [default], many=False)
    start = options.index(first[0]) if first else 0
    return _keep(key, st.selectbox(label, options, start, key=key, format_func=words, **how), [default])[0]


def pill(
    label: str,
    options: Sequence[str],
    default: str | None,
    key: str,
    words: Callable[[str], str] = _,
    **how: Any,
) -> str | None:
    """One of a few, side by side, in as many lines as it takes; one or none where the default is None."""
    first = _take(key, options, _as_list(default), many=False)
    start = first[0] if first else None
    how |= {"required": default is not None, "default": start, "format_func": words}
    chosen = st.pills(label, options, key=key, wrap=True, **how)
    return next(iter(_keep(key, chosen, _as_list(default))), None)


def pills(
    label: str, options: Sequence[str], default: Sequence[str], key: str, words: Callable[[str], str] = _, **how: Any
) -> list[str]:
    """Any of a few, side by side."""
    start = _take(key, options, default, many=True)
    chosen = st.pills(label, options, selection_mode="multi", default=start, key=key, format_func=words, **how)
    return _keep(key, chosen, default)


def several(label: str, options: Sequence[str], key: str, words: Callable[[str], str] = _, **how: Any) -> list[str]:
    """Any of many, in a list that opens; none at first."""
    start = _take(key, options, [], many=True)
    return _keep(key, st.multiselect(label, options, start, key=key, format_func=words, **how), [])


def kept_here() -> list[str]:
    """The keys of the choices of the page as it was last drawn."""
    return [str(key) for key in st.session_state if f"{LAST}{key}" in st.session_state]


def _take(key: str, options: Sequence[str], default: Sequence[str], *, many: bool) -> list[str] | None:
    """What the address names, where that is news; else what is chosen, or the default, where that is not on offer.

    Returned for the widget to begin with: Python may remember what is chosen in one that was away, the browser does
    not. Where the widget must change, it is set, and None is returned.
    """
    address, held = st.query_params.get_all(key), st.session_state.get(key)
    if address and (key not in st.session_state or address != st.session_state.get(LAST + key)):
        values = [option for option in options if option in address]
        allowed_none = many and address == [NONE]
    else:
        values = [value for value in _as_list(held) if value in options]
        allowed_none = many and key in st.session_state and not held
    values = values if values or allowed_none else list(default)
    if key in st.session_state and values != _as_list(held):  # to set what is there would undo a click under way
        st.session_state[key] = values if many else next(iter(values), None)
        return None
    return values if many else values[:1]


def _keep(key: str, chosen: Any, default: Sequence[str]) -> list[str]:
    """Write a choice into the address, and give it as a list."""
    values = _as_list(chosen)
    if values == list(default):
        st.query_params.pop(key, None)
    elif st.query_params.get_all(key) != (values or [NONE]):
        st.query_params[key] = values or [NONE]
    st.session_state[LAST + key] = st.query_params.get_all(key)
    return values


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
