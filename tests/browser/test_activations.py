"""The page Activations in a real browser: sliders move curves, and a trial passes a layer; all in the address."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def opened(page, server, query=""):
    page.goto(f"{server.url}/activations?{query}")
    expect(page.get_by_text("The same inputs, other functions")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Map \d+ before and after"))).to_be_visible()
    return page


def shows_no_failure(page):
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.errors == []


def slider(page, name):
    return page.get_by_role("slider", name=name).first


def test_a_slider_moves_the_curves_and_the_pointer_reads_them(page, server, picture):
    opened(page, server, "functions=ELU&functions=LeakyReLU&x=-2")
    expect(page.get_by_text("-2.00", exact=True)).to_be_visible()
    curve = page.get_by_test_id("stVegaLiteChart").first
    before = curve.screenshot()
    slider(page, "Leaky slope").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"curve_negative_slope=0\.06"))
    expect(page.get_by_text("0.06", exact=True)).to_be_visible()
    page.get_by_test_id("stMain").get_by_text("Tanh", exact=True).first.click()
    expect(page.get_by_role("tab", name="Tanh")).to_be_visible()
    expect(page).to_have_url(re.compile(r"functions=Tanh"))
    assert curve.screenshot() != before
    place = curve.bounding_box()
    page.mouse.move(place["x"] + place["width"] * 0.6, place["y"] + place["height"] * 0.6)
    for name in ("ELU", "LeakyReLU", "Tanh"):
        expect(page.locator("#vg-tooltip-element")).to_contain_text(name)
    picture("activations")
    shows_no_failure(page)


def test_a_trial_passes_a_layer_and_another_function_in_its_place(page, server):
    opened(page, server, "network=simulated-eegnet-relu&answer=3")
    expect(page.get_by_text(re.compile(r"values for this trial lie where ReLU.s slope is 0"))).to_be_visible()
    page.get_by_text("this map", exact=True).click()
    expect(page.get_by_text(re.compile(r"of map 1's 750 values for this trial"))).to_be_visible()
    page.get_by_role("spinbutton", name="Map, of 32").fill("5")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Map 5 before and after ReLU")).to_be_visible()
    instead = page.get_by_role("radiogroup", name=re.compile("What if another function"))
    instead.get_by_text("LeakyReLU", exact=True).click()
    expect(page.get_by_text("Map 5 before and after LeakyReLU")).to_be_visible()
    expect(page.get_by_text("everywhere some gradient passes")).to_be_visible()
    for part in ("answer=3", "count=this", "map=5", "instead=LeakyReLU"):
        expect(page).to_have_url(re.compile(f"[?&]{part}"))
    shows_no_failure(page)


def test_a_race_is_started_watched_and_found_again(page, server, picture):
    opened(page, server, "racers=ELU&racers=ReLU&epochs=2&subjects=A")
    page.get_by_role("button", name="Start the race").click()
    expect(page.get_by_text("For ReLU the gradient does end below zero")).to_be_visible()
    expect(page.get_by_text("4 of 4 epochs")).to_be_visible()
    page.get_by_text("Weights", exact=True).first.click()
    expect(page.get_by_text("Weights: classify.0").first).to_be_visible()
    picture("race_of_activations")
    page.reload()
    expect(page.get_by_text("4 of 4 epochs")).to_be_visible()
    shows_no_failure(page)
