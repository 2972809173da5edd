"""Words in the reader's language: nothing missing, nothing stale, every place filled, and no text that hides `_`."""

import ast
import re

import pytest
from file_tree import ROOT

from eegnets import translation
from eegnets.translation import ENGLISH, LANGUAGES, _, ask_for_language, catalogue, ngettext, retold, with_unit

OTHERS = [name for name in LANGUAGES if name != ENGLISH]
CODE = [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "eegnets").rglob("*.py")]
UPDATE = "run the two lines under “Two languages” in the README, and translate what is new"


@pytest.fixture
def in_chinese():
    ask_for_language(lambda: "zh-TW")
    yield
    ask_for_language(lambda: ENGLISH)


@pytest.fixture(scope="module")
def extracted():
    from babel.messages.extract import extract_from_dir

    return {
        message
        for where in ("app.py", "pages", "eegnets")
        for *_place, message, _comments, _context in _found(extract_from_dir, where)
    }


def _found(extract_from_dir, where):
    from babel.messages.extract import extract_from_file

    path = ROOT / where
    if path.is_file():
        return [(where, *found) for found in extract_from_file("python", path)]
    return extract_from_dir(path)


def test_an_answer_is_correct_since_right_is_a_hand(extracted):
    texts = [message if isinstance(message, str) else message[0] for message in extracted]
    unsure = r"^right($| \()|\bright in\b|whether it is right|(, and is|as sure as|\{n\}) right"
    assert [text for text in texts if re.search(unsure, text, re.IGNORECASE)] == []


@pytest.mark.parametrize("name", OTHERS)
def test_no_message_is_missing_or_stale(name, extracted):
    known = {entry.id for entry in catalogue(name) if entry.id}
    assert sorted(map(str, extracted - known)) == [], UPDATE
    assert sorted(map(str, known - extracted)) == [], UPDATE


@pytest.mark.parametrize("name", OTHERS)
def test_every_message_is_translated_and_none_is_a_guess(name):
    entries = [entry for entry in catalogue(name) if entry.id]
    assert [entry.id for entry in entries if entry.fuzzy] == []
    texts = {entry.id: entry.string if isinstance(entry.string, tuple) else (entry.string,) for entry in entries}
    assert [english for english, found in texts.items() if not all(found)] == []


@pytest.mark.parametrize("name", OTHERS)
def test_a_translation_has_the_places_of_its_message(name):
    def places(text):
        return sorted(set(re.findall(r"\{(\w*)[^}]*\}", text)))

    for entry in catalogue(name):
        ids = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        strings = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        for text in strings:
            assert places(text) == places(ids[-1]), entry.id


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_uses_the_sign_for_translating_as_a_name_of_its_own(path):
    tree = ast.parse(path.read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and "translation" in node.module]
    if any(alias.name == "_" for node in imports for alias in node.names):
        stored = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == "_" and _is_stored(n)]
        assert stored == []


def _is_stored(name):
    return isinstance(name.ctx, ast.Store)


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_is_translated_is_a_plain_text_and_stands_where_it_is_found(path):
    """An f-string is filled in before it is looked up; and what stands within one is not extracted."""
    tree = ast.parse(path.read_text())
    assert [
        call.lineno for call in _translating(tree) if any(isinstance(arg, ast.JoinedStr) for arg in call.args)
    ] == []
    within = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    texts = [call for node in within for call in _translating(node) if isinstance(call.args[0], ast.Constant)]
    assert [call.lineno for call in texts] == []


def _translating(tree):
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return [call for call in calls if call.func.id in ("_", "N_", "ngettext")]


def test_english_is_what_the_code_says():
    assert _("Start") == "Start"
    assert _("Run {run} is gone", run="a") == "Run a is gone"
    assert ngettext("{n} trial", "{n} trials", 1) == "1 trial"
    assert ngettext("{n} trial", "{n} trials", 3) == "3 trials"


def test_a_stored_message_is_told_again_in_the_readers_language(in_chinese, monkeypatch):
    known = {"run {run} {what}": "執行 {run} {what}", "was stopped": "已停止", "{name!r}, {n:.1f}": "{n:.1f}：{name!r}"}
    monkeypatch.setattr(
        translation, "_catalogue", lambda name: type("Of", (), {"gettext": lambda s, m: known.get(m, m)})()
    )
    monkeypatch.setattr(
        translation, "_patterns", lambda name: [(translation._pattern(m), m) for m in known if "{" in m]
    )
    assert retold("run 17 was stopped") == "執行 17 已停止"
    assert retold("'a', 1.5") == "1.5：'a'"  # in its format already
    assert retold("nobody said this") == "nobody said this"


def test_no_message_is_told_as_none(in_chinese):
    assert (_(""), retold("")) == ("", "")


def test_a_pattern_takes_one_place_twice_for_the_same():
    pattern = translation._pattern("{a} and {b:.2f}, {a}?")
    assert pattern.fullmatch("x and 1.00, x?").groupdict() == {"a": "x", "b": "1.00"}
    assert pattern.fullmatch("x and 1.00, y?") is None


def test_a_lesson_is_no_course_and_words_of_one_thing_are_one(in_chinese):
    assert _("Lessons") != _("Course files (S4b, X11b)")[:2]
    assert _("Subject {who}, {part} split. Imagined: **{hand}**.", who="A", part=_("test"), hand="x").count("集") == 1
    assert with_unit(_("Loss"), _("nats per trial")).endswith("）")
    sentence = _("{one} is {how} as {other}.", one="fused", how="2 倍", other=_("the {engine} engine", engine="plain"))
    assert "是plain" not in sentence


def test_what_is_longer_than_any_message_is_not_sought_by_trying(in_chinese, monkeypatch):
    told = "Paused after epoch {n}.".format
    assert retold(told(n=3)) != told(n=3)
    monkeypatch.setattr(translation, "_patterns", lambda name: pytest.fail("sought"))
    assert retold(long := told(n="3" * translation.LONGEST)) == long
