"""When a page of a real browser has come to rest."""

import contextlib
import re
from collections.abc import Callable

from playwright.sync_api import Error, FloatRect, Locator, Page, expect

# Until nothing in the page has changed for 250 ms; at most 5 s, as a run that trains changes its page again and again.
QUIET = """() => new Promise(resolve => {
    let calm
    const end = () => { watch.disconnect(); clearTimeout(calm); clearTimeout(late); resolve() }
    const wait = () => { clearTimeout(calm); calm = setTimeout(end, 250) }
    const watch = new MutationObserver(wait)
    const late = setTimeout(end, 5000)
    watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true})
    wait()
})"""


def settled(page: Page) -> None:
    """Wait until all of a page is drawn: a click while it is drawn may be lost, and a chart may move."""
    app, unfinished = page.get_by_test_id("stApp"), page.get_by_test_id("stSkeleton")
    for _ in range(20):  # a page that has just been drawn may ask to be drawn again
        expect(app).to_have_attribute("data-test-script-state", "notRunning")
        expect(unfinished).to_have_count(0)
        with contextlib.suppress(Error):  # another page has come
            page.evaluate(QUIET)
            if app.get_attribute("data-test-script-state") == "notRunning" and not unfinished.count():
                return


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
