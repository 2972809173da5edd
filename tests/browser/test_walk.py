"""One walk through the app in a real browser: Start, Train, Stop, reload, a second tab, Compare."""

import re

import pytest
from playwright.sync_api import expect
from settling import click_row

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _without_runs(server):
    """Or the page Train would open with the latest one."""
    server.forget_runs()


def open_at(page, url, title):
    page.goto(url)
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


def shows_no_failure(page):
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.errors == []


def link(page, name):
    return page.get_by_test_id("stSidebarNav").get_by_role("link", name=name)


def epochs_done(page):
    text = page.get_by_text(re.compile(r"Epoch \d+ of \d+")).first.inner_text()
    return int(re.search(r"Epoch (\d+) of", text)[1])


def test_the_first_network_trains_at_a_click_and_is_found_again(page, server, picture):
    open_at(page, server.url, "EEGNets Explorer")
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    picture("start")
    page.get_by_role("button", name="Train your first network").click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"Epoch [1-9]\d* of 30")).first).to_be_visible()
    picture("training")
    page.reload()
    expect(page.get_by_text(re.compile(r"Epoch [1-9]\d* of 30")).first).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").last).to_be_visible()  # nothing moves under the pointer any more
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text(re.compile("Stopped after epoch|Finished")).first).to_be_visible()
    shows_no_failure(page)


def test_a_run_that_ends_shows_what_it_learned(page, server, picture):
    open_at(page, f"{server.url}/train?epochs=2&subjects=A", "Train")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("Finished").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Show data: Confusion matrix"))).to_be_attached()
    picture("finished")
    page.reload()
    expect(page.get_by_text("Epoch 2 of 2").first).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 800})  # on a phone the run stands above the form
    start = page.get_by_test_id("stMain").get_by_role("button", name="Start", exact=True)
    page.wait_for_function("place => place.getBoundingClientRect().top > 800", arg=start.element_handle())
    page.set_viewport_size({"width": 1280, "height": 800})
    run = re.search(r"run=([\w-]+)", page.url)[1]
    page.get_by_test_id("stSidebar").get_by_role("button", name="B", exact=True).click()  # it is asked on its own data
    answer = page.get_by_text(re.compile(r"^It answers"))
    answers = page.get_by_test_id("stDataFrame").last
    click_row(answers, 3, lambda wait: expect(answer).to_be_visible(timeout=wait))
    expect(page).to_have_url(re.compile(rf"/classify\?.*{run}"))
    expect(page.get_by_label("Trial, of")).to_have_value("3")
    expect(page).to_have_url(re.compile("subjects=A(&|$)"))
    shows_no_failure(page)


def test_a_run_goes_on_while_nobody_looks_and_stops_when_asked(page, server, picture):
    open_at(page, f"{server.url}/train?epochs=2000&batch_size=256", "Train")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text(re.compile(r"Epoch [1-9]\d* of 2000")).first).to_be_visible()
    address, seen = page.url, epochs_done(page)
    assert "run=" in address
    link(page, "Start").click()
    expect(page.get_by_role("heading", name="EEGNets Explorer", exact=True)).to_be_visible()
    expect(page.get_by_text("Running now: 1")).to_be_visible()

    second = page.context.new_page()
    second.goto(address)
    expect(second.get_by_text(re.compile(r"Epoch [1-9]\d* of 2000")).first).to_be_visible()
    assert epochs_done(second) >= seen
    expect(second.get_by_test_id("stVegaLiteChart").last).to_be_visible()  # nothing moves under the pointer any more
    second.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).click()
    expect(second.get_by_text("Stopped after epoch").first).to_be_visible()
    second.close()

    page.goto(address)
    expect(page.get_by_text("Stopped after epoch").first).to_be_visible()
    expect(page.get_by_text("Running now: nothing")).to_be_visible()
    picture("stopped")
    shows_no_failure(page)


def test_a_race_and_its_comparison(page, server, picture):
    open_at(page, f"{server.url}/train?epochs=3&activation=ELU&activation=ReLU&subjects=A", "Train")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("2 runs side by side")).to_be_visible()
    expect(page.get_by_role("button", name="Stop all")).to_be_disabled(timeout=120_000)
    picture("race")
    address = page.url.split("?")[1]
    page.goto(f"{server.url}/compare?{address}")
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    picture("compare")
    shows_no_failure(page)
