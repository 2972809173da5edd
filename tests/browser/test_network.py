"""The page Network in a real browser: from all layers to one layer to one value by clicks, and the address follows."""

import re

import pytest
from playwright.sync_api import expect
from settling import click_in_chart

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


def test_three_levels_by_clicks_and_the_address_follows(opened, picture):
    page = opened("network=simulated-eegnet-elu")
    # Those of the layer before may stay in the page for a while, out of sight.
    charts = page.get_by_test_id("stVegaLiteChart").filter(visible=True)
    click_in_chart(charts.first, lambda box: (box["width"] - 40, 60 + 40 * 2.5), r"layer=firstconv\.1")  # third picture
    expect(page.get_by_text("Its bias never learns.")).to_be_visible()
    click_in_chart(charts.nth(1), lambda box: (box["width"] / 2, box["height"] / 2), r"map=\d+")
    click_in_chart(charts.nth(2), lambda box: (box["width"] / 3, box["height"] / 2), r"sample=\d+")
    expect(page.get_by_text("the same but for rounding")).to_be_visible()
    picture("network")


def test_an_untrained_network_and_the_calculator(opened):
    page = opened("network=untrained&new_model=DeepConvNet&layer=conv4.2&map=150&k=7")
    expect(page.get_by_text("1 × 7: full 7,168")).to_be_visible()
    expect(page.get_by_label("Map, of 200")).to_have_value("150")
    page.get_by_role("slider", name="Kernel k").press("ArrowRight")
    expect(page).to_have_url(re.compile(r"k=8"))
    expect(page.get_by_text("1 × 8: full 8,192")).to_be_visible()
