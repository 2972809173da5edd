"""The page Network in a real browser: from all layers to one layer to one value by clicks, and the address follows."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(page, server):
    """Open the page at an address and wait until all of it is there."""

    def at(query=""):
        page.goto(f"{server.url}/network?subjects=A&{query}")
        expect(page.get_by_text("The lab's separableConv is separable by name alone")).to_be_visible()
        expect(page.get_by_test_id("stVegaLiteChart").last.locator("svg.marks, canvas.marks")).to_be_visible()
        return page

    yield at
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.errors == []


def place_of(drawing):
    """Where a chart is, once it is drawn and nothing moves under the pointer."""
    expect(drawing.locator("svg.marks, canvas.marks")).to_be_visible()
    drawing.scroll_into_view_if_needed()
    drawing.page.wait_for_timeout(500)
    return drawing.bounding_box()


def test_three_levels_by_clicks_and_the_address_follows(opened, picture):
    page = opened("network=simulated-eegnet-elu")
    charts = page.get_by_test_id("stVegaLiteChart")
    place = place_of(charts.first)
    page.mouse.click(place["x"] + place["width"] - 40, place["y"] + 60 + 40 * 2.5)  # the third picture
    expect(page).to_have_url(re.compile(r"layer=firstconv\.1"))
    expect(page.get_by_text("Its bias never learns.")).to_be_visible()
    place = place_of(charts.nth(1))
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(page).to_have_url(re.compile(r"map=\d+"))
    place = place_of(charts.nth(2))
    page.mouse.click(place["x"] + place["width"] / 3, place["y"] + place["height"] / 2)
    expect(page).to_have_url(re.compile(r"sample=\d+"))
    expect(page.get_by_text("the same but for rounding")).to_be_visible()
    picture("network")


def test_an_untrained_network_and_the_calculator(opened):
    page = opened("network=untrained&new_model=DeepConvNet&layer=conv4.2&map=150&k=7")
    expect(page.get_by_text("1 × 7: full 7,168")).to_be_visible()
    expect(page.get_by_label("Map, of 200")).to_have_value("150")
    page.get_by_role("slider", name="Kernel k").press("ArrowRight")
    expect(page).to_have_url(re.compile(r"k=8"))
    expect(page.get_by_text("1 × 8: full 8,192")).to_be_visible()


def test_nothing_is_wider_than_a_phone(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{server.url}/network?subjects=A&layer=separableConv.0")
    expect(page.get_by_text("The lab's separableConv is separable by name alone")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").last).to_be_visible()
    overflow = "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
    assert page.evaluate(f"Math.max(...{overflow}.map(e => e.scrollWidth - e.clientWidth))") <= 0
    context.close()


def test_the_server_had_nothing_to_complain_about(server):
    assert server.complaints() == ""
