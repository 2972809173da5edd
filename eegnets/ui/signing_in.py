"""Signing in, where .streamlit/secrets.toml has a section [auth]: by Streamlit's own `st.login`; elsewhere, nothing."""

import contextlib
import hashlib
import math
import time
from collections.abc import Callable
from typing import NoReturn

import streamlit as st
from streamlit.errors import StreamlitAuthError

from eegnets.config import InputError
from eegnets.owners import LONGEST, Owners
from eegnets.translation import _

LEAVING = "leaving"  # the key in a session of since when, and how, its browser is on its way to sign in or out
LEAVES = 10.0  # seconds that this may take; whoever is back after them has changed their mind


def is_offered() -> bool:
    """Whether one can sign in here."""
    return "is_logged_in" in st.user


def signed_in() -> str:
    """The id of who has signed in, the same at every browser; nothing where nobody has."""
    if not (is_offered() and st.user["is_logged_in"]):
        return ""
    person = f"{st.user.get('iss')} {st.user.get('sub') or st.user.get('email')}"
    return hashlib.sha256(person.encode()).hexdigest()[:8]


def account(owners: Owners) -> None:
    """Who has signed in and a way out, or a way in; for the sidebar."""
    began, way = st.session_state.get(LEAVING, (-math.inf, None))
    if way and time.monotonic() - began < LEAVES:
        _leave(way)
    me = signed_in()
    if me:
        st.caption(_("Signed in as {name}", name=_named(owners, me)))
        way, words, icon = st.logout, _("Sign out"), ":material/logout:"
    else:
        way, words, icon = st.login, _("Sign in"), ":material/login:"
    if st.button(words, icon=icon, width="stretch"):
        st.session_state[LEAVING] = time.monotonic(), way
        _leave(way)


def _leave(way: Callable[[], None]) -> NoReturn:
    """Send the browser where one signs in or out, and draw nothing behind it.

    Where the page is drawn anew before it has gone, as one is that watches a run, the address may have been forgotten
    with all else that was on its way to the browser: so it is sent again.
    """
    try:
        way()
    except StreamlitAuthError as error:
        del st.session_state[LEAVING]
        raise InputError(_("signing in is not set up on this server: {error}", error=error)) from error
    st.stop()


def _named(owners: Owners, me: str) -> str:
    """What a person is called here: as they were the first time, told apart where two have the same name."""
    name = str(st.user.get("name") or st.user.get("email") or me)[:LONGEST]
    if not owners.name(me):
        try:
            owners.rename(me, name)
        except InputError:
            with contextlib.suppress(InputError):  # where nothing can be written, nobody is kept out for it
                owners.rename(me, f"{name[: LONGEST - 5]} {me[:4]}")
    return owners.name(me) or name
