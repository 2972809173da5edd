"""Signing in and out, as far as the app itself does it; `browser/test_sign_in.py` has the rest."""

import time

import pytest
import streamlit as st
from streamlit.errors import StreamlitAuthError

from eegnets.ui import signing_in

WHO = {"is_logged_in": True, "iss": "https://example.org", "sub": "1815", "name": "Ada Lovelace"}


@pytest.mark.parametrize(
    ("user", "label", "call"), [(WHO, "Sign out", "logout"), ({"is_logged_in": False}, "Sign in", "login")]
)
def test_nothing_is_drawn_behind_a_way_in_or_out_and_it_is_shown_until_it_is_taken(app, monkeypatch, user, label, call):
    """What asks for the page anew behind it would make Streamlit forget where it leads."""
    calls, now = [], time.monotonic()
    monkeypatch.setattr(st, "user", user)
    monkeypatch.setattr(st, call, lambda: calls.append(call))
    app.run()
    assert app.title
    next(button for button in app.button if button.label == label).click().run()
    monkeypatch.setattr(st, "user", {"is_logged_in": False})
    app.run()
    assert not app.exception
    assert calls == [call, call]
    assert not app.title
    monkeypatch.setattr(signing_in.time, "monotonic", lambda: now + 60)
    app.run()
    assert calls == [call, call]
    assert app.title


def test_where_signing_in_fails_the_page_says_so_and_stays(app, monkeypatch):
    def fail():
        raise StreamlitAuthError("no provider")

    monkeypatch.setattr(st, "user", {"is_logged_in": False})
    monkeypatch.setattr(st, "login", fail)
    app.run()
    next(button for button in app.button if button.label == "Sign in").click().run()
    assert [error.value for error in app.error] == ["signing in is not set up on this server: no provider"]
    app.run()
    assert not app.error
    assert app.title


def test_who_signs_in_where_no_name_can_be_kept_is_called_by_their_own(app, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("EEGNETS_RUNS", str(tmp_path / "file" / "runs"))
    monkeypatch.setattr(st, "user", WHO)
    app.run()
    assert not app.exception
    assert "Signed in as Ada Lovelace" in [caption.value for caption in app.sidebar.caption]
    assert app.title
