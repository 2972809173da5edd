"""The page Classify in a real browser: a shipped network, where it looked, the quiz, the matrix, files of one's own."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from settling import click_in_chart, click_row, settled

from eegnets import sources
from eegnets.config import DataConfig

pytestmark = pytest.mark.browser
NETWORK = "simulated-eegnet-relu"


@pytest.fixture
def opened(page, server):
    """Open the page at an address and wait until `words` are there."""

    def at(words, query=""):
        page.goto(f"{server.url}/classify?subjects=A&network={NETWORK}&{query}")
        expect(page.get_by_text(words).first).to_be_visible()
        return page

    yield at
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.errors == []


@pytest.fixture(scope="module")
def some():
    """Six simulated test trials of person A without gaps."""
    trials = sources.load(sources.check(DataConfig("simulated", ("A",)))).of_split("test")
    return trials.take(np.isfinite(trials.X).all(axis=(1, 2))).take(np.arange(6))


def number(page):
    return page.get_by_label("Trial, of")


def test_the_next_trials_and_where_the_network_looked(opened, picture):
    page = opened("All bars add up")
    expect(page.get_by_role("button", name="Next")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^It answers"))).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(number(page)).to_have_value("2")
    page.get_by_role("button", name="Next").click()
    expect(page).to_have_url(re.compile("answer=3"))
    page.get_by_text("Check against fresh weights").click()
    expect(page.get_by_text("Rank correlation of the two maps")).to_be_visible()
    page.get_by_role("radio", name="covering").click()
    expect(page.get_by_text("Window (s)")).to_be_visible()
    expect(page).to_have_url(re.compile("way=covering"))
    picture("classify-looked")


def test_a_cell_of_the_matrix_lists_its_trials_and_one_of_them_opens(opened, picture):
    page = opened("expected calibration error", "view=All+trials")
    matrix = page.get_by_test_id("stVegaLiteChart").first
    click_in_chart(matrix, lambda box: (0.7 * box["width"], 0.3 * box["height"]), "cell=left")
    picture("classify-matrix")
    settled(page)
    shown = page.get_by_text("shown was left hand")
    click_row(page.get_by_test_id("stDataFrame").last, 1, lambda wait: expect(shown).to_be_visible(timeout=wait))
    expect(page).to_have_url(re.compile(r"answer=\d"))


def test_a_trial_comes_here_from_the_page_trials_and_brings_its_person_along(page, server):
    page.goto(f"{server.url}/trials?split=test&trial=545")  # of 1080: person B's fifth
    link = page.get_by_role("link", name="Classify this trial")
    expect(link).to_be_visible()
    expect(page.get_by_role("heading", name="How many there are")).to_be_visible()
    link.click()
    expect(page.get_by_text("Trial, of 540")).to_be_visible()
    expect(number(page)).to_have_value("5")
    expect(page).to_have_url(re.compile("subjects=B"))
    assert page.errors == []


def test_you_against_the_network_by_the_keyboard(opened, picture):
    page = opened("Which was it?", "view=Quiz&order=2")
    for answered in (1, 2):
        expect(page.locator(".st-key-guess_1 button")).to_be_visible()
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_role("button", name="Next trial")).to_be_visible()
        expect(page.get_by_test_id("stMetricValue").first).to_contain_text(f"of {answered}")
        if answered == 1:
            picture("classify-quiz")
            page.keyboard.press("Enter")
    page.get_by_role("button", name="Begin anew").click()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("0 of 0")


def test_in_the_quiz_the_scores_are_seen_beside_the_trial_and_on_a_phone_below_it(opened):
    page = opened("Which was it?", "view=Quiz&order=2")
    score, trial = page.get_by_test_id("stMetricValue").last, page.get_by_test_id("stVegaLiteChart").first
    expect(page.get_by_text("For the left hand they do so at C4")).to_be_visible()
    for width, height, beside in ((1280, 800, True), (390, 844, False)):
        page.set_viewport_size({"width": width, "height": height})
        expect(score).to_have_text("0 of 0")
        settled(page)
        top, bottom = score.bounding_box()["y"], trial.bounding_box()["y"] + trial.bounding_box()["height"]
        assert (top < min(bottom, height)) == beside


def test_files_are_answered_and_their_answers_downloaded(opened, some, tmp_path, picture):
    np.savez(tmp_path / "mine.npz", X=some.X)
    rows = [f"{i},{t / 125},{a},{b}" for i, X in enumerate(some.X) for t, (a, b) in enumerate(X.T[:700])]
    (tmp_path / "short.csv").write_text("\n".join(["trial,time,C3,C4", *rows]))
    page = opened("Drop files above", "view=Your+files")
    page.locator("[data-testid=stMain] input[type=file]").last.set_input_files(
        [tmp_path / "mine.npz", tmp_path / "short.csv"]
    )
    expect(page.get_by_text("short.csv does not fit the network")).to_be_visible()
    expect(page.get_by_text("6 trials answered:")).to_be_visible()
    page.get_by_role("button", name="Do these repairs").click()
    expect(page.get_by_text("12 trials answered:")).to_be_visible()
    picture("classify-files")
    with page.expect_download() as found:
        page.get_by_role("button", name="Answers to 12 trials (CSV)").click()
    lines = found.value.path().read_text().splitlines()
    assert lines[0] == "trial,subject,label,left hand,right hand,answer,correct"
    assert len(lines) == 13
