"""A lesson in a real browser, from Start to its answer; and a view that is shared with a control hidden."""

import re

import pytest
from playwright.sync_api import expect

from eegnets.lessons import LESSONS
from eegnets.runs import RunStore

pytestmark = pytest.mark.browser


def test_the_first_lesson_is_opened_carried_out_and_answered(page, server, picture):
    page.goto(server.url)
    page.get_by_role("link", name="ReLU against ELU and LeakyReLU").click()
    expect(page.get_by_text(f"Lesson 1 of {len(LESSONS)}")).to_be_visible()
    expect(page).to_have_url(re.compile("/activations.*lesson=activations"))
    expect(page.get_by_text("not yet")).to_have_count(2)
    epochs = page.get_by_role("spinbutton", name="Epochs a run")
    epochs.fill("1")
    epochs.press("Enter")
    expect(page).to_have_url(re.compile("activations-epochs=1"))
    page.get_by_role("button", name="Start the experiment (9 runs)").click()
    expect(page.get_by_text("The answer, computed from these runs")).to_be_visible()
    expect(page.get_by_text("not yet")).to_have_count(0)
    assert {run.config.data.subjects for run in RunStore(server.runs).runs()} == {("A",)}
    picture("lesson")

    for place in (1, 2):
        after = list(LESSONS.values())[place]
        page.get_by_role("link", name=f"Next lesson: {after.title}").click()
        expect(page.get_by_text(f"Lesson {place + 1} of {len(LESSONS)}")).to_be_visible()
        expect(page.get_by_text("not yet")).to_have_count(2)
    assert page.errors == []


def test_a_shared_view_opens_with_a_control_hidden(page, server):
    page.goto(f"{server.url}/activations?x=2&functions=ELU")
    expect(page.locator(".st-key-x")).to_be_visible()
    page.get_by_role("button", name="Share this view").click()
    shared = page.get_by_test_id("stDialog").get_by_test_id("stCode").locator("code")
    expect(shared).to_contain_text("/activations?")
    page.get_by_test_id("stDialog").get_by_role("button", name="Read at x").click()
    expect(shared).to_contain_text("hide=x")
    address = shared.inner_text().strip()
    assert address.startswith(server.url)

    page.goto(address)
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    expect(page.locator(".st-key-x")).to_be_hidden()
    expect(page).to_have_url(re.compile("x=2"))
    assert page.errors == []
