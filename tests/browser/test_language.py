"""The switch of language in a real browser: it changes every text, stays from page to page, and a link fits both."""

import re

import pytest
from playwright.sync_api import expect
from settling import settled

pytestmark = pytest.mark.browser


def heading(page, words):
    expect(page.get_by_role("heading", level=1, name=words, exact=True)).to_be_visible()
    settled(page)


def test_the_switch_changes_every_text_and_stays_while_the_address_stays_english(page, server):
    page.goto(f"{server.url}/activations?subjects=A")
    heading(page, "Activations")
    page.get_by_text("this map", exact=True).click()
    expect(page).to_have_url(re.compile("count=this"))
    page.get_by_text("繁體中文", exact=True).click()
    heading(page, "激活函數")
    expect(page).to_have_url(re.compile("lang=zh-TW"))
    expect(page).to_have_url(re.compile("count=this"))  # what was chosen stays, and stays English
    expect(page.get_by_text("這張特徵圖", exact=True).first).to_be_visible()

    page.get_by_test_id("stSidebarNav").get_by_role("link", name="分類").click()
    heading(page, "分類")
    expect(page).to_have_url(re.compile("lang=zh-TW"))
    page.get_by_text("小測驗", exact=True).first.click()
    expect(page).to_have_url(re.compile("view=Quiz"))
    page.reload()
    heading(page, "分類")
    page.get_by_text("English", exact=True).click()
    heading(page, "Classify")
    expect(page).to_have_url(re.compile("view=Quiz"))
    expect(page).not_to_have_url(re.compile("lang="))
    assert page.errors == []
