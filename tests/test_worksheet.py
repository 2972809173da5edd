"""A lesson's sheet: all that was asked, measured, ticked and written stands on it."""

import pytest

from eegnets.config import DataConfig
from eegnets.lessons import LESSONS
from eegnets.worksheet import worksheet


@pytest.mark.parametrize("name", LESSONS)
def test_the_sheet_has_the_question_the_answer_the_ticks_and_the_readers_words(name):
    lesson = LESSONS[name]
    looked = {what: i == 0 for i, what in enumerate(lesson.look)}
    data = DataConfig("simulated", ("A",))
    sheet = worksheet(name, "Nine runs.", data, ["It rose.", "It fell."], looked, " I think so.\n", "Mei")
    assert sheet.startswith(f"# {lesson.title}\n\nName: Mei\n\n{lesson.question}\n")
    for words in ("Nine runs.", "simulated, subjects A.", "- It rose.\n- It fell.", "\n\nI think so.\n"):
        assert words in sheet
    assert [f"- [x] {lesson.look[0]}" in sheet, sheet.count("- [ ]")] == [True, len(lesson.look) - 1]


def test_what_nobody_wrote_leaves_room_for_it():
    sheet = worksheet("people", "", DataConfig("simulated"), [], {}, "", "")
    assert "Name: …" in sheet
    assert "subjects all." in sheet
    assert sheet.endswith("In my own words\n\n…\n")
