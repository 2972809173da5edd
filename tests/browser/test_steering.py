"""A run steered in a real browser, from two tabs, and through the death of the server."""

import re

import psutil
import pytest
from playwright.sync_api import expect

from eegnets.runs import RunStore

pytestmark = pytest.mark.browser

LONG = "epochs=400&batch_size=256&subjects=A"


def start(page, server, settings):
    server.forget_runs()  # or the page would open with the latest one
    page.goto(f"{server.url}/train?{settings}")
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    button(page, "Start").click()
    expect(page).to_have_url(re.compile("run="))
    expect(page.get_by_text(re.compile(r"Epoch [1-9]\d* of"))).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").last).to_be_visible()  # nothing moves under the pointer any more


def button(page, name):
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def only_run(server):
    return RunStore(server.runs).runs()[0]


def test_pause_change_step_resume_and_stop(page, server, picture):
    start(page, server, LONG)
    run = only_run(server)
    button(page, "Pause").click()
    expect(page.get_by_text(re.compile(r"Paused after epoch \d+"))).to_be_visible()
    paused_at = len(run.history())

    button(page, "Change while it trains").click()
    page.get_by_label("Learning rate").last.fill("0.02")
    page.get_by_role("button", name="Use from the next epoch").click()
    page.keyboard.press("Escape")
    button(page, "Step").click()
    expect(page.get_by_text(f"Paused after epoch {paused_at + 1}")).to_be_visible()
    assert [record["learning_rate"] for record in run.history()][-2:] == [0.001, 0.02]
    picture("paused")

    second = page.context.new_page()
    second.goto(page.url)
    button(second, "Resume").click()
    expect(page.get_by_text(re.compile(rf"Paused after epoch {paused_at + 1}"))).to_have_count(0)
    expect(page.get_by_text(re.compile(r"Epoch \d+ of 400 .* left"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile(r"Epoch [1-9]\d* of 400"))).to_be_visible()
    button(page, "Stop").click()
    expect(second.get_by_text("Stopped after epoch")).to_be_visible()
    assert [record["epoch"] for record in run.history()] == list(range(1, len(run.history()) + 1))
    assert page.errors == []


def test_the_server_is_killed_and_nothing_is_lost_but_the_epoch_in_work(page, server):
    start(page, server, LONG)
    address, run = page.url, only_run(server)
    family = psutil.Process(server.process.pid).children(recursive=True)
    server.kill()
    psutil.wait_procs(family, timeout=20)
    assert not any(process.is_running() for process in family)
    kept = run.history()
    assert kept
    server.start()
    page.goto(address)
    expect(page.get_by_text("Interrupted").first).to_be_visible()
    expect(page.get_by_role("button", name="History (CSV)")).to_be_visible()  # the page knows that the run has ended
    button(page, "Resume").click()
    further = "|".join(str(len(kept) + more) for more in range(1, 100))
    expect(page.get_by_text(re.compile(rf"Epoch ({further}) of 400"))).to_be_visible()
    button(page, "Stop").click()
    expect(page.get_by_text("Stopped after epoch").first).to_be_visible()
    history = run.history()
    assert [record["epoch"] for record in history] == list(range(1, len(history) + 1))
    assert len(history) > len(kept)
    assert history[: len(kept)] == kept
