"""When a page of a real browser has come to rest."""

import contextlib
import re
from collections.abc import Callable

from playwright.sync_api import Error, FloatRect, Locator, Page, expect

Place = Callable[[FloatRect], tuple[float, float]]  # where in a box: pixels from its left upper corner
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


def click_in_chart(chart: Locator, place: Place, address: str) -> None:
    """Click at a place of a chart until the address says so."""

    def come(wait: float) -> None:
        expect(chart.page).to_have_url(re.compile(address), timeout=wait)

    expect(chart.locator("svg.marks, canvas.marks")).to_be_visible()
    _click_until(chart, place, come)


def click_row(table: Locator, row: int, come: Callable[[float], None]) -> None:
    """Click in the box of a row, from 1, until `come(ms)` sees within so many milliseconds what follows."""
    _click_until(table, lambda _box: (20, 35 * row + 17), come)  # the head is a row too


def _click_until(
    drawn: Locator, place: Callable[[FloatRect], tuple[float, float]], come: Callable[[float], None]
) -> None:
    """Click until it is heard: what is being put together anew, or moves as what is above it grows, is not reached."""
    for wait in (4_000, 10_000, 60_000):
        with contextlib.suppress(Error):  # it is just being replaced
            drawn.scroll_into_view_if_needed()
        settled(drawn.page)
        box = drawn.bounding_box()
        x, y = place(box)
        drawn.page.mouse.click(box["x"] + x, box["y"] + y)
        with contextlib.suppress(AssertionError):
            return come(wait)
    raise AssertionError(f"clicks in {drawn} were not heard")
