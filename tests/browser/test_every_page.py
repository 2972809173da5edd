"""Every page in a real browser, by its own address: on a phone in the dark, on a wide screen in the light."""

import pytest
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
OVERFLOW = """() => Math.max(...[document.documentElement, document.querySelector("[data-testid=stMain]")]
    .map(element => element.scrollWidth - element.clientWidth))"""


def drawn(page):
    """Wait until a page has all that it will have, charts included."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    settled(page)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_by_its_own_address_and_fits_a_phone_and_a_wide_screen(page, server, name, picture):
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.goto(f"{server.url}/{'' if name == 'start' else name}?subjects=A&{VIEWS.get(name, '')}")
    drawn(page)
    picture(f"{name}-phone-dark")
    assert page.evaluate(OVERFLOW) <= 0
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    drawn(page)
    picture(f"{name}-wide-light")
    assert page.evaluate(OVERFLOW) <= 0
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.errors == []
