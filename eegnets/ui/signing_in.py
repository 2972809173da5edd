"""Signing in, where .streamlit/secrets.toml has a section [auth]: by Streamlit's own `st.login`; elsewhere, nothing."""

import hashlib

import streamlit as st
from streamlit.errors import StreamlitAuthError

from eegnets.config import InputError
from eegnets.owners import LONGEST, Owners
from eegnets.translation import _


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
    """Who has signed in and a way out, or a way in; for the sidebar.

    Either way leads to another address, and nothing may be drawn behind it: where what follows asked for the page to
    be drawn anew, Streamlit would forget the address.
    """
    me = signed_in()
    if not me:
        if st.button(_("Sign in"), icon=":material/login:", width="stretch"):
            _sign_in()
            st.stop()
        return
    st.caption(_("Signed in as {name}", name=_named(owners, me)))
    if st.button(_("Sign out"), icon=":material/logout:", width="stretch"):
        st.logout()
        st.stop()


def _sign_in() -> None:
    try:
        st.login()
    except StreamlitAuthError as error:
        raise InputError(_("signing in is not set up on this server: {error}", error=error)) from error


def _named(owners: Owners, me: str) -> str:
    """What a person is called here: as they were the first time, told apart where two have the same name."""
    if not owners.name(me):
        name = str(st.user.get("name") or st.user.get("email") or me)[:LONGEST]
        try:
            owners.rename(me, name)
        except InputError:
            owners.rename(me, f"{name[: LONGEST - 5]} {me[:4]}")
    return owners.name(me)
