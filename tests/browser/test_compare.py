"""The page Compare in a real browser: pick, click, smooth, average, rename, delete and undo, export and import."""

import re
from pathlib import Path

import pytest
from conftest import epoch_record
from playwright.sync_api import expect
from settling import click_in_chart, click_row, settled

from eegnets.config import RunConfig
from eegnets.runs import RunStore

pytestmark = pytest.mark.browser


@pytest.fixture
def made(server):
    """Four finished runs: two activations, two seeds; the newest first."""
    server.forget_runs()
    store = RunStore(server.runs)
    for activation in ("ELU", "ReLU"):
        for seed in (0, 1):
            run = store.create(RunConfig().with_(activation=activation, seed=seed, epochs=20))
            for epoch in range(20):
                run.append(epoch_record(epoch + 1, 0.5 + 0.01 * epoch + 0.02 * (epoch % 3) + 0.03 * seed))
            run.finish("finished")
    return store.runs()


def opened(page, server, *runs, **params):
    query = [f"run={run.id}" for run in runs] + [f"{name}={value}" for name, value in params.items()]
    page.goto(f"{server.url}/compare?{'&'.join(query)}")
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()


def pick(page, row):
    """Click a row's box; the table is drawn on a canvas."""
    settled(page)
    box = page.get_by_test_id("stDataFrame").first.bounding_box()
    page.mouse.click(box["x"] + 17, box["y"] + 35 * row + 52)


def shows_no_failure(page):
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.errors == []


def chart(page):
    return page.get_by_test_id("stVegaLiteChart").first


def test_rows_that_are_picked_are_drawn_and_stay_in_the_address(page, server, made, picture):
    opened(page, server)
    pick(page, 0)
    expect(chart(page)).to_be_visible()
    pick(page, 2)
    expect(page.get_by_text("What differs")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"run={made[0].id}.*run={made[2].id}"))
    page.get_by_text("seconds", exact=True).click()
    expect(page).to_have_url(re.compile("along=seconds"))
    settled(page)
    page.get_by_text("loss", exact=True).click()
    expect(page).to_have_url(re.compile(r"metric=loss"))
    address = page.url
    page.goto(address)
    expect(page.get_by_text("What differs")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Open |Open EEGNet"))).to_have_count(2)
    picture("compare-picked")
    shows_no_failure(page)


def test_seeds_are_averaged_until_asked_otherwise(page, server, made, picture):
    opened(page, server, *made, smooth="0.6")
    scores = page.get_by_test_id("stDataFrame").nth(2)
    expect(chart(page)).to_be_visible()
    picture("compare-averaged")
    averaged = scores.bounding_box()["height"]
    page.get_by_test_id("stButtonGroup").filter(has_text="Average over").get_by_text("Seed", exact=True).click()
    page.wait_for_function(
        "low => document.querySelectorAll('[data-testid=stDataFrame]')[2].getBoundingClientRect().height > low",
        arg=averaged + 40,
    )
    picture("compare-single")
    shows_no_failure(page)


def test_what_is_chosen_stays_chosen_whenever_one_comes_back(page, server, made):
    opened(page, server, *made, metric="loss")
    averaged = page.get_by_test_id("stButtonGroup").filter(has_text="Average over").get_by_role("button", name="Seed")
    for _ in range(2):
        for name in ("loss", "test", "epoch"):
            expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()
        expect(averaged).to_have_attribute("aria-pressed", "true")
        expect(page).not_to_have_url(re.compile("over="))
        page.get_by_role("radio", name="Lab report").click()
        expect(page.get_by_text("What differs")).to_have_count(0)
        settled(page)
        page.get_by_role("radio", name="Runs", exact=True).click()
        expect(page.get_by_text("What differs")).to_be_visible()
        settled(page)
    shows_no_failure(page)


def test_a_click_on_a_curve_selects_its_row_and_a_row_its_curve(page, server, made, picture):
    opened(page, server, *made, smooth="0.4")
    rows = page.get_by_test_id("stDataFrame").nth(2)
    expect(rows).to_be_visible()
    click_in_chart(chart(page), lambda box: (0.6 * box["width"], 0.55 * box["height"]), "focus=(ELU|ReLU)")
    expect(page.get_by_text(re.compile("In focus: (ELU|ReLU)"))).to_be_visible()
    picture("compare-focus")
    other = {"ReLU": "ELU", "ELU": "ReLU"}[page.url.partition("focus=")[2].partition("&")[0]]
    settled(page)  # the table comes anew with what is in focus
    focus = page.get_by_text(f"In focus: {other}")
    click_row(rows, 1 + ["ELU", "ReLU"].index(other), lambda wait: expect(focus).to_be_visible(timeout=wait))
    page.get_by_test_id("stButtonGroup").filter(has_text="epoch").get_by_text("trials", exact=True).click()
    page.get_by_test_id("stButtonGroup").filter(has_text="Log axis").get_by_text("x", exact=True).click()
    expect(page).to_have_url(re.compile("along=trials"))
    page.get_by_role("button", name="Show all alike").click()
    expect(page.get_by_text("In focus:")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG").first.click()
    assert "Training trials seen" in Path(download.value.path()).read_text()
    shows_no_failure(page)


def test_a_run_is_named_deleted_brought_back_exported_and_imported(page, server, made, tmp_path, picture):
    run = made[0]
    opened(page, server, run)
    page.get_by_role("button", name="Name, note, star").click()
    page.get_by_label("Name", exact=True).fill("The good one")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("link", name=re.compile("Open The good one"))).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    packed = tmp_path / "one.zip"
    download.value.save_as(packed)

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name=re.compile("Undo"))).to_be_visible()
    assert not run.path.exists()
    page.get_by_role("button", name=re.compile("Undo")).click()
    expect(page.get_by_role("link", name=re.compile("Open The good one"))).to_be_visible()
    assert run.notes()["name"] == "The good one"

    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name=re.compile("Undo"))).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Import", exact=True).last.click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(packed)
    expect(page.get_by_text("one.zip")).to_be_visible()
    page.get_by_role("button", name="Bring in").click()
    expect(page.get_by_role("link", name=re.compile("Open The good one"))).to_be_visible()
    assert run.notes()["name"] == "The good one"
    assert len(run.history()) == 20
    picture("compare-imported")
    shows_no_failure(page)
