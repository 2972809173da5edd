"""The page Sweep in a real browser: two tiny runs are started, the grid fills by itself, the address keeps it all."""

import re

import pytest
from playwright.sync_api import expect
from settling import settled

from eegnets.runs import RunStore

pytestmark = pytest.mark.browser
TINY = "subjects=A&epochs=1&batch_sizes=256&activations=ELU&activations=ReLU&seeds=0"


def test_a_sweep_fills_its_grid_and_is_found_again(page, server, picture):
    page.goto(f"{server.url}/sweep?{TINY}")
    expect(page.get_by_text("2 runs", exact=True)).to_be_visible()
    expect(page.get_by_text("– Missing: 2").first).to_be_visible()
    page.get_by_role("button", name="Start 2 runs").click()
    expect(page.get_by_text("✓ Finished: 2").first).to_be_visible()
    assert [run.status.state for run in RunStore(server.runs).runs()] == ["finished"] * 2
    picture("sweep")

    seeds = page.get_by_role("textbox", name="Seeds")
    seeds.fill("0, 1")
    seeds.press("Enter")
    expect(page.get_by_role("button", name="Run what is missing (2)")).to_be_visible()
    expect(page).to_have_url(re.compile("seeds=0%2C(%20|\\+)1"))
    expect(page.locator("code")).to_contain_text("--seeds 0,1")

    page.goto(page.url)
    expect(page.get_by_text("– Missing: 2").first).to_be_visible()
    settled(page)
    address = page.url
    cell = page.get_by_text(re.compile(r"^✓ \d")).first
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.get_by_role("link", name="Open EEGNet").click()
    expect(page).to_have_url(re.compile(r"/train\?.*run="))
    expect(page.get_by_text("Finished").first).to_be_visible()

    page.goto(address)
    page.get_by_role("link", name="Their curves on the page Compare").click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(page.get_by_text("What differs")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.errors == []
