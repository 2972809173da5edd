"""Laws of choices among words: the address keeps the English id, the list shows the reader's words."""

import ast

import pytest
from file_tree import ROOT
from streamlit.testing.v1 import AppTest

from eegnets.translation import ENGLISH, LANGUAGES, _, ask_for_language

CHOICES = ("segments", "listed", "pills", "several", "pill")
FEW, MANY = ["accuracy", "loss"], ["train", "validation", "test"]


def script():
    """A page of one choice of each kind."""
    import streamlit as st

    from eegnets.ui.choices import listed, pills, segments
    from eegnets.ui.language import language_picker

    language_picker()
    offered = st.session_state.get("offered", ["train", "validation", "test"])
    few = segments("Figure", ["accuracy", "loss"], "accuracy", "few")
    one = listed("Fold", offered, offered[0], "one")
    some = pills("Folds", offered, offered[:2], "some")
    st.session_state.answer = few, one, some


@pytest.fixture
def page():
    yield AppTest.from_function(script)
    ask_for_language(lambda: ENGLISH)


def opened(page, **params):
    for key, value in params.items():
        page.query_params[key] = value
    return answered(page)


def answered(page):
    """Run the page; what its three choices gave. From then on controls speak its language, as AppTest needs it."""
    page.run()
    ask_for_language(lambda: page.session_state.lang)
    assert not page.exception
    return page.session_state.answer


def address(page):
    found = {key: value for key, value in page.query_params.items() if key != "lang"}
    return {key: value if isinstance(value, list) else [value] for key, value in found.items()}


def control(page, key):
    (found,) = [element for kind in ("button_group", "selectbox") for element in page.get(kind) if element.key == key]
    return found


def test_the_default_leaves_no_trace_in_the_address(page):
    assert opened(page) == ("accuracy", "train", ["train", "validation"])
    assert address(page) == {}
    control(page, "one").select("test")
    answered(page)
    control(page, "one").select("train")
    assert answered(page)[1] == "train"
    assert address(page) == {}


def test_a_link_opens_what_it_names_and_stays_as_it_is(page):
    assert opened(page, few="loss", one="test", some=["test", "train"]) == ("loss", "test", ["train", "test"])
    assert answered(page) == ("loss", "test", ["train", "test"])
    assert address(page)["few"] == ["loss"]
    assert address(page)["one"] == ["test"]
    assert sorted(address(page)["some"]) == ["test", "train"]


def test_a_click_wins_over_the_address_that_it_was_opened_by(page):
    opened(page, few="loss", one="test", some=["test"])
    control(page, "few").set_value("accuracy")
    control(page, "one").select("validation")
    control(page, "some").set_value(["validation", "test"])
    assert answered(page) == ("accuracy", "validation", ["validation", "test"])
    assert address(page) == {"one": ["validation"], "some": ["validation", "test"]}


def test_an_address_that_changes_meanwhile_wins_over_what_was_clicked(page):
    opened(page)
    control(page, "one").select("validation")
    answered(page)
    assert opened(page, one="test", few="loss")[:2] == ("loss", "test")


def test_an_option_that_is_no_longer_offered_gives_way_to_the_default(page):
    opened(page, one="test", some=["train", "test"])
    page.session_state.offered = ["train", "validation"]
    assert answered(page)[1:] == ("train", ["train"])
    page.session_state.offered = ["validation"]
    assert answered(page)[1:] == ("validation", ["validation"])


@pytest.mark.parametrize("wrong", ["nonsense", "Test", "測試集"])
def test_a_word_that_nobody_offers_is_passed_over(page, wrong):
    assert opened(page, few=wrong, one=wrong, some=[wrong, "test"]) == ("accuracy", "train", ["test"])


def test_to_have_none_of_many_is_a_choice_that_the_address_keeps(page):
    opened(page)
    control(page, "some").set_value([])
    assert answered(page)[2] == []
    assert answered(page)[2] == []
    again = AppTest.from_function(script)
    assert opened(again, some=address(page)["some"])[2] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_list_shows_the_readers_words_and_the_address_keeps_the_code_s(page, lang):
    opened(page, lang=lang)
    control(page, "few").set_value("loss")
    control(page, "one").select("test")
    assert answered(page)[:2] == ("loss", "test")
    assert address(page) == {"few": ["loss"], "one": ["test"]}
    assert [option.content for option in control(page, "few").proto.options] == [_(word) for word in FEW]
    assert list(control(page, "one").proto.options) == [_(word) for word in MANY]
    assert ("loss" in [option.content for option in control(page, "few").proto.options]) == (lang == ENGLISH)


def test_another_language_keeps_what_was_chosen(page):
    opened(page, few="loss", one="test", some=["test"])
    control(page, "lang").set_value("zh-TW")
    assert answered(page) == ("loss", "test", ["test"])
    assert "zh-TW" in page.query_params["lang"]
    control(page, "lang").set_value(ENGLISH)
    assert answered(page) == ("loss", "test", ["test"])
    assert "lang" not in page.query_params


def test_no_key_is_kept_here_on_one_page_and_bound_by_streamlit_on_another():
    """On the way from the one to the other Streamlit still holds the address's value and refuses to let it be set."""
    kept, bound = set(), set()
    for path in [*(ROOT / "pages").glob("*.py"), *(ROOT / "eegnets" / "ui").glob("*.py")]:
        for call in [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]:
            texts = {node.value for node in call.args if isinstance(node, ast.Constant) and isinstance(node.value, str)}
            named = {word.arg: word.value for word in call.keywords}
            key = {named["key"].value} if isinstance(named.get("key"), ast.Constant) else set()
            if "bind" in named:
                bound |= key
            elif isinstance(call.func, ast.Name) and call.func.id in CHOICES:
                kept |= key | texts  # its key is one of these, beside its default
    assert "layer" in kept
    assert "smooth" in bound
    assert kept & bound == set()
