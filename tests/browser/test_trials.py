"""The page Trials in a real browser: the keys, the address, a row of the table, and what a gap looks like."""

import re

import pytest
from playwright.sync_api import expect
from settling import click_row, settled

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(page, server):
    """Open the page at an address and wait until all of it is there."""

    def at(query=""):
        page.goto(f"{server.url}/trials?{query}")
        expect(page.get_by_role("heading", name="How many there are")).to_be_visible()
        expect(number(page)).to_be_visible()
        return page

    yield at
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.errors == []


def number(page):
    return page.get_by_label("Trial, of")


def test_arrow_keys_and_buttons_step_and_the_address_follows(opened):
    page = opened("trial=3&split=test&class=right+hand")
    expect(number(page)).to_have_value("3")
    expect(page.get_by_text("Trial, of 540")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(number(page)).to_have_value("4")
    expect(page).to_have_url(re.compile(r"trial=4"))
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"trial=3"))
    page.get_by_role("button", name="Next").press("Enter")
    expect(page).to_have_url(re.compile(r"trial=4"))
    page.reload()
    expect(number(page)).to_have_value("4")
    expect(page.get_by_text("Trial, of 540")).to_be_visible()
    settled(page)
    waveform = page.get_by_test_id("stVegaLiteChart").first
    waveform.scroll_into_view_if_needed()
    waveform.hover()
    expect(page.locator("#vg-tooltip-element")).to_contain_text(re.compile(r"C3 \(µV\).*C4 \(µV\)", re.DOTALL))


def test_an_arrow_key_within_the_number_moves_its_cursor_alone(opened):
    page = opened("trial=12")
    number(page).click()
    page.keyboard.press("ArrowLeft")
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"trial=(912|192)"))


def test_a_click_in_the_table_opens_the_trial(opened, picture):
    page = opened()
    settled(page)
    table = page.get_by_test_id("stDataFrame").first
    click_row(table, 4, lambda wait: expect(number(page)).to_have_value("4", timeout=wait))
    picture("trials")


def test_a_trial_with_a_gap(opened, picture):
    page = opened("subjects=A&flag=missing&average=mu&baseline=0.5&baseline=2.5")
    expect(page.get_by_text(re.compile(r"Trial, of \d\d$"))).to_be_visible()
    picture("trial-with-gap")
