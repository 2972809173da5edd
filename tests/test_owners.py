"""Names for owners: kept, exchanged, unique, and never in the way."""

import pytest

from eegnets.config import InputError
from eegnets.owners import LONGEST, SHARED, Owners, may_steer


@pytest.fixture
def owners(tmp_path):
    return Owners(tmp_path / "runs")


def test_an_owner_has_no_name_until_one_is_chosen(owners):
    assert owners.name("a1") == ""
    owners.rename("a1", "  Ada   Lovelace ")
    assert (owners.name("a1"), owners.name("b2")) == ("Ada Lovelace", "")


def test_a_name_outlives_the_program(owners, tmp_path):
    owners.rename("a1", "Ada")
    assert Owners(tmp_path / "runs").name("a1") == "Ada"


def test_a_name_can_be_changed_and_taken_back(owners):
    owners.rename("a1", "Ada")
    owners.rename("a1", "Countess")
    owners.rename("b2", "Ada")
    owners.rename("a1", "")
    assert (owners.name("a1"), owners.name("b2")) == ("", "Ada")


@pytest.mark.parametrize(
    ("name", "words"), [("x" * (LONGEST + 1), "at most 24"), ("Ada", "somebody here is called Ada")]
)
def test_a_name_that_cannot_be_is_refused_and_the_old_one_stays(owners, name, words):
    owners.rename("a1", "Ada")
    owners.rename("b2", "Bob")
    with pytest.raises(InputError, match=words):
        owners.rename("b2", name)
    assert owners.name("b2") == "Bob"


@pytest.mark.parametrize(
    "name", ["anna", "ANNA", "Anna\u200b", "\u202eAnna", "\u202eannA", "A\x00nna", "\uff21nna", "\ud800Anna"]
)
def test_a_name_that_looks_like_anothers_is_refused(owners, name):
    owners.rename("a1", "Anna")
    with pytest.raises(InputError, match="somebody here is called"):
        owners.rename("b2", name)
    owners.rename("a1", name)  # her own she may write otherwise


def test_what_nobody_sees_is_no_name(owners):
    owners.rename("a1", "\u200b\x00 \u202e")
    assert owners.name("a1") == ""
    owners.rename("a1", "A\x00da \u200b L.")
    assert owners.name("a1") == "Ada L."


def test_a_folder_that_cannot_be_made_is_told_in_words(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write to the runs folder"):
        Owners(tmp_path / "file" / "runs").rename("a1", "Ada")


@pytest.mark.parametrize("content", ["", "{", "[1]", "null"])
def test_a_damaged_file_only_forgets(owners, content):
    owners.path.parent.mkdir()
    owners.path.write_text(content)
    assert owners.name("a1") == ""
    owners.rename("a1", "Ada")
    assert owners.name("a1") == "Ada"


@pytest.mark.parametrize(
    ("shared", "owner", "allowed"),
    [
        (None, "", True),  # made by the command line
        (None, "me", True),
        (None, "other", False),
        ("0", "other", False),
        ("", "other", False),
        ("1", "other", True),
        ("0", "", True),
        ("perhaps", "other", False),
    ],
)
def test_a_run_is_steered_by_its_owner_unless_all_may(monkeypatch, shared, owner, allowed):
    monkeypatch.delenv(SHARED, raising=False)
    if shared is not None:
        monkeypatch.setenv(SHARED, shared)
    assert may_steer(owner, "me") == allowed


@pytest.mark.parametrize(("shared", "allowed"), [(None, True), ("1", True), ("0", False)])
def test_who_is_alone_with_the_app_steers_every_run_unless_told_otherwise(monkeypatch, shared, allowed):
    monkeypatch.delenv(SHARED, raising=False)
    if shared is not None:
        monkeypatch.setenv(SHARED, shared)
    assert may_steer("an older cookie", "me", alone=True) == allowed
