"""When a page of a real browser has come to rest."""

import contextlib
import re
from collections.abc import Callable

from playwright.sync_api import Error, FloatRect, Locator, Page, expect


def settled(page: Page) -> None:
    """Wait until all of a page is drawn: a click while it is drawn may be lost, and a chart may move."""
    app = page.get_by_test_id("stApp")
    for _ in range(2):  # a page that has just been drawn may ask to be drawn again
        expect(app).to_have_attribute("data-test-script-state", "notRunning")
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
        page.wait_for_timeout(200)


def click_in_chart(chart: Locator, place: Callable[[FloatRect], tuple[float, float]], address: str) -> None:
    """Click at a place of a chart until the address says so: one that is being put together does not hear it."""
    for wait in (5_000, 10_000, 60_000):
        expect(chart.locator("svg.marks, canvas.marks")).to_be_visible()
        with contextlib.suppress(Error):  # it is just being replaced
            chart.scroll_into_view_if_needed()
        settled(chart.page)
        box = chart.bounding_box()
        x, y = place(box)
        chart.page.mouse.click(box["x"] + x, box["y"] + y)
        with contextlib.suppress(AssertionError):
            return expect(chart.page).to_have_url(re.compile(address), timeout=wait)
    raise AssertionError(f"a click in the chart did not lead to {address}")
