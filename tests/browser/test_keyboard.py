"""Start, Train, Compare and Classify by the keyboard alone: Tab reaches what is needed, and one sees where one is."""

import re

import pytest
from playwright.sync_api import expect
from settling import settled

pytestmark = pytest.mark.browser
# What has the keyboard: its name, and whether a frame of its own shows it (fields and sliders light up another way).
HERE = """() => {
    const here = document.activeElement, framed = here.matches("a, button, summary");
    const name = here.getAttribute("aria-label") || here.labels?.[0]?.innerText || (framed && here.innerText) || "";
    return [name, !framed || parseFloat(getComputedStyle(here).outlineWidth) >= 2];
}"""
STOPS = 90  # more than any page has on the way to what is sought


def tab_to(page, name):
    """Press Tab until something called so has the keyboard; each button and link on the way shows that it had it."""
    settled(page)
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        called, seen = page.evaluate(HERE)
        assert seen, called
        if re.search(name, called):
            return
    raise AssertionError(f"Tab does not reach {name}")


def go_to(page, name):
    """Open a page by its entry in the menu."""
    tab_to(page, f"{name}$")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def test_a_network_is_trained_compared_and_asked_without_a_pointer(page, server):
    page.goto(server.url)
    expect(page.get_by_role("heading", name="EEGNets Explorer", exact=True)).to_be_visible()
    tab_to(page, "Train your first network")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"Epoch [1-9]\d* of 30")).first).to_be_visible()
    tab_to(page, "Stop$")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Stopped after epoch").first).to_be_visible()
    go_to(page, "Compare")
    tab_to(page, "^Search")
    page.keyboard.type("nothing of this name")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No run is like that.")).to_be_visible()
    go_to(page, "Classify")
    tab_to(page, "^Trial, of")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"(trial|answer)=2\b"))
    assert page.errors == []
