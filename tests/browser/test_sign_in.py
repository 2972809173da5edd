"""Signing in at a real server with a real browser, by a provider of identities that stands on this machine."""

import re

import pytest
from playwright.sync_api import expect

from eegnets.runs import RunStore

SECRETS = """[auth]
redirect_uri = "{url}/oauth2callback"
cookie_secret = "thirty-two characters by chance, or more"
client_id = "eegnets"
client_secret = "between the two of us"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.fixture
def place(with_secrets):
    """A server where Ada can sign in."""
    pytest.importorskip("authlib", reason="pip install -r requirements-sign-in.txt")
    from oidc_provider import Provider

    provider = Provider(sub="1815", name="Ada Lovelace", email="ada@example.org")
    yield with_secrets(lambda url: SECRETS.format(url=url, provider=provider.url))
    provider.close()


def signed_in(browser, url):
    """A page of a browser of its own, after Ada has signed in there."""
    page = browser.new_context().new_page()
    page.set_default_timeout(60_000)
    page.goto(url)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Signed in as Ada Lovelace")).to_be_visible()
    return page


def test_a_run_belongs_to_who_signed_in_at_whatever_browser(browser, place):
    first, second = (signed_in(browser, place.url) for _browser in range(2))
    for page in (first, second):
        page.get_by_role("button", name="Train your first network").click()
        expect(page).to_have_url(re.compile("/train.*run="))
    owners = {run.about()["owner"] for run in RunStore(place.runs).runs()}
    assert len(RunStore(place.runs).runs()) == 2
    assert len(owners) == 1
    first.get_by_role("button", name="Sign out").click()
    expect(first.get_by_role("button", name="Sign in")).to_be_visible()
    first.get_by_role("button", name="Train your first network").click()
    expect(first).to_have_url(re.compile("/train.*run="))
    latest = RunStore(place.runs).runs()[0].about()["owner"]
    assert latest
    assert latest not in owners
