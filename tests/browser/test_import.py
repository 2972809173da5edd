"""A file of one's own in a real browser: dropped, its marks named, its trials looked at."""

import numpy as np
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_file_is_dropped_its_marks_are_named_and_its_trials_seen(page, server, picture, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "mine.npz", signal=5 * rng.standard_normal((12, 2, 250)), label=np.tile([1, 2], 6))
    page.goto(f"{server.url}/import")
    expect(page.get_by_text("Drop a file above")).to_be_visible()
    page.locator("input[type=file]").set_input_files(tmp_path / "mine.npz")
    expect(page.get_by_text("Inside: arrays")).to_be_visible()
    expect(page.get_by_text("Give at least two marks a class")).to_be_visible()
    page.get_by_role("spinbutton", name="Sampling rate").fill("125")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Give at least two marks a class")).to_be_visible()
    table = page.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    for row, name in enumerate(("left hand", "right hand")):
        box = table.bounding_box()
        page.mouse.dblclick(box["x"] + 0.85 * box["width"], box["y"] + 52 + 35 * row)  # the column Class
        editor = page.locator("textarea.gdg-input")
        expect(editor).to_be_visible()
        editor.fill(name)
        page.keyboard.press("Enter")
        expect(editor).to_have_count(0)
    expect(page.get_by_text("12 trials")).to_be_visible()
    expect(page.get_by_text("6 left hand, 6 right hand")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").last).to_be_visible()
    picture("import")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.errors == []


def test_a_file_that_is_none_is_refused_and_the_next_is_taken(page, server, tmp_path):
    (tmp_path / "<b>..npz").write_bytes(b"\x80\x04 no zip")
    np.save(tmp_path / "good.npy", np.zeros((4, 2, 100)))
    page.goto(f"{server.url}/import")
    page.locator("input[type=file]").set_input_files(tmp_path / "<b>..npz")
    expect(page.get_by_text("cannot be read").or_(page.get_by_text("is no")).first).to_be_visible()
    page.get_by_role("button", name="Remove").first.click()
    page.locator("input[type=file]").set_input_files(tmp_path / "good.npy")
    expect(page.get_by_text("Inside: arrays")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
