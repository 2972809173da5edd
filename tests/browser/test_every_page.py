"""Every page in a real browser, by its own address: on a phone in the dark, on a wide screen in the light."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from file_tree import ROOT
from playwright.sync_api import expect
from settling import settled

pytestmark = pytest.mark.browser
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
# What of its content makes a page wide.
VIEWS = {
    "activations": "network=untrained+DeepConvNet&bend=Maxout",
    "classify": "network=simulated-eegnet-relu",
    "network": "layer=separableConv.0",
}
FITS = """() => [document.documentElement, document.querySelector("[data-testid=stMain]")]
    .every(element => element.scrollWidth <= element.clientWidth)"""

# What axe-core finds in markup that is Streamlit's own, from its JavaScript and not to be changed by an app: the rule,
# and inside what. Everything else that axe finds serious or critical fails.
STREAMLITS_OWN = {
    "list": "[data-testid=stSidebarNavItems]",  # the menu is a <ul> whose sections are <div>s
    "listitem": "[data-testid=stSidebarNavItems]",  # the <li>s in these <div>s
}
VIOLATIONS = {"resultTypes": ["violations"]}  # and not every element that passes: a third of axe's time
TOLD = """() => Math.max(0, ...[...document.querySelectorAll("svg.marks")]
    .map(chart => chart.querySelectorAll("[aria-label]").length))"""
MOST_TOLD = 100  # marks of a chart that a screen reader is told one by one
HEIGHT = """() => Math.max(...[...document.querySelectorAll(
    "[data-testid=stMain], [data-testid=stSidebarContent]")].map(element => element.scrollHeight))"""


def drawn(page):
    """Wait until a page has all that it will have, charts included."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    settled(page)


def fits(page):
    """Wait until nothing reaches beyond the right edge: charts take the width that is there after a moment."""
    page.wait_for_function(FITS, timeout=20_000)


def barriers(page, name):
    """What axe-core finds serious or critical: a line each, of rule, page, element and what is wrong with it.

    The window becomes as high as the page, since what is scrolled away is not judged, and stays so.
    """
    size = page.viewport_size
    if size["height"] < (height := page.evaluate(HEIGHT)):
        page.set_viewport_size({"width": size["width"], "height": height})
        drawn(page)
    return "\n".join(
        f"{rule['id']} on {name} at {size['width']} px: {element['html']}\n    {element['failureSummary']}"
        for rule in Axe().run(page, options=VIOLATIONS).response["violations"]
        if rule["impact"] in ("serious", "critical")
        for element in rule["nodes"]
        if not inside(page, element["target"][-1], STREAMLITS_OWN.get(rule["id"]))
    )


def inside(page, element, container):
    """Whether an element, a CSS selector as axe gives it, lies in a container."""
    script = "([element, container]) => !!document.querySelector(element).closest(container)"
    return container is not None and page.evaluate(script, [element, container])


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_by_its_own_address_and_fits_both_screens_and_has_no_barriers(page, server, name, picture):
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.goto(f"{server.url}/{'' if name == 'start' else name}?subjects=A&{VIEWS.get(name, '')}")
    drawn(page)
    picture(f"{name}-phone-dark")
    fits(page)
    assert barriers(page, name) == ""
    page.set_viewport_size(page.viewport_size | {"width": 1280})
    page.emulate_media(color_scheme="light")
    drawn(page)
    picture(f"{name}-wide-light")
    fits(page)
    assert barriers(page, name) == ""
    assert page.evaluate(TOLD) <= MOST_TOLD
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.errors == []
