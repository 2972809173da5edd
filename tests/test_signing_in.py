"""Signing in and out, as far as the app itself does it; `browser/test_sign_in.py` has the rest."""

import pytest
import streamlit as st

WHO = {"is_logged_in": True, "iss": "https://example.org", "sub": "1815", "name": "Ada Lovelace"}


@pytest.mark.parametrize(
    ("user", "label", "call"), [(WHO, "Sign out", "logout"), ({"is_logged_in": False}, "Sign in", "login")]
)
def test_nothing_is_drawn_behind_a_way_in_or_out(app, monkeypatch, user, label, call):
    """What asks for the page anew behind it would make Streamlit forget where it leads."""
    calls = []
    monkeypatch.setattr(st, "user", user)
    monkeypatch.setattr(st, call, lambda: calls.append(call))
    app.run()
    assert app.title
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    assert calls == [call]
    assert not app.title
