"""What an address may hold that no page can use: it is told or left out, and the page is there."""

import pytest
from visiting import visit

PLACES = [("trials", "trial"), ("trials", "data_seed"), ("train", "epochs"), ("classify", "answer"), ("network", "map")]


@pytest.mark.parametrize("value", ["1e400", "-inf", "9" * 400])
@pytest.mark.parametrize(("page", "key"), PLACES)
def test_a_number_without_end_is_left_out(app, page, key, value):
    visit(app, page, **{key: value})
    assert not app.exception
    assert app.query_params.get(key) in (None, [])
    app.run()
    visit(app, page, **{key: value})
    assert not app.exception


def test_words_stay_in_the_address(app, made_run):
    made_run()
    visit(app, "compare", search="inf")
    assert app.query_params["search"] in ("inf", ["inf"])


@pytest.mark.parametrize("page", ["train", "compare", "activations"])
@pytest.mark.parametrize("run", ["x" * 5000, "\u6f22" * 200, "..", "a\0b"])
def test_a_run_that_cannot_be_is_told_as_one_that_is_not_here(app, made_run, page, run):
    made_run()
    app.run()
    visit(app, page, run=run)
    assert not app.exception
    assert any("is not here" in box.value for box in app.warning)
    assert not app.error


def test_seeds_that_are_left_empty_are_one(app):
    app.run()
    visit(app, "activations", seeds="")
    assert not app.exception
