"""What anybody may have written is shown as it was written: no link and no image of theirs is drawn."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from visiting import visit

from eegnets.owners import Owners
from eegnets.sources import files
from eegnets.ui.links import without_links

IMAGE, LINK = "![](https://evil.example/p.png)", "[free grades](https://evil.example)"
LIVE = re.compile(r"(?<!\\)(\\\\)*\[(?!#)")  # a bracket that opens a link, and not one to a place of the page


def is_live(text):
    return any("evil" in str(text)[found.start() :] for found in LIVE.finditer(str(text)))


def told(app):
    """Everything that a page says in Markdown."""
    kinds = ("markdown", "caption", "warning", "error", "info", "success", "toast")
    words = [str(element.value) for kind in kinds for element in app.get(kind)]
    words += [element.proto.label for kind in ("page_link", "button") for element in app.get(kind)]
    return words + [option.content for group in app.get("button_group") for option in group.proto.options]


@pytest.mark.parametrize("text", [IMAGE, LINK, rf"\{LINK}", r"\[a\](https://evil.example)", f"`{LINK}", f"``{IMAGE}`"])
def test_no_bracket_opens_a_link(text):
    assert is_live(text) or text.startswith("\\")
    assert not is_live(without_links(text))


def test_code_and_bold_stay_readable():
    assert without_links("**Now** `torch.save(x)`; in C:\\runs") == "**Now** `torch.save(x)`; in C:\\\\runs"


@pytest.mark.parametrize("text", [IMAGE, LINK])
@pytest.mark.parametrize(
    ("page", "name"),
    [("train", "run"), ("train", "lesson"), ("classify", "network"), ("network", "network"),
     ("activations", "network"), ("devices", "measurement")],
)  # fmt: skip
def test_an_address_draws_nothing(app, page, name, text):
    app.run()
    visit(app, page, **{name: text})
    assert not app.exception
    assert any("evil" in words for words in told(app))
    assert not any(map(is_live, told(app)))


def test_an_address_that_no_setting_takes_draws_nothing(app):
    app.run()
    visit(app, "train", hide="model,epochs", model=LINK, epochs=IMAGE)
    assert not app.exception
    assert any("evil" in words for words in told(app))
    assert not any(map(is_live, told(app)))


def test_a_name_draws_nothing(app, made_run, tmp_path):
    run = made_run("queued")
    about = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(about | {"owner": "ben"}))
    Owners(tmp_path / "runs").rename("ben", "![](//evil.example/p)")
    app.run()
    assert any("evil" in words for words in told(app))
    visit(app, "train", run)
    next(button for button in app.main.get("button") if button.label == "Stop").click().run()
    assert not app.exception
    assert not any(map(is_live, told(app)))


@pytest.mark.parametrize("text", [IMAGE, LINK])
def test_what_a_run_says_of_itself_draws_nothing(app, made_run, text):
    failed, damaged = made_run("failed", message=text), made_run()
    about = json.loads((damaged.path / "config.json").read_text())
    (damaged.path / "config.json").write_text(json.dumps(about | {text: 1, "created": text}))
    app.run()
    for page, run in (("train", failed), ("compare", damaged)):
        visit(app, page, run)
        assert not app.exception
        assert any("evil" in words for words in told(app))
        assert not any(map(is_live, told(app)))


@pytest.mark.parametrize("page", ["start", "trials", "activations", "classify"])
def test_the_classes_of_a_file_draw_nothing(app, tiny_trials, tmp_path, page):
    named = replace(tiny_trials, class_names=(LINK, IMAGE), ch_names=(LINK, "C4"), subject=np.repeat("x", 40))
    files.store(named, "mine", tmp_path / "data")
    app.query_params["source"] = "files"
    app.run()
    if page != "start":
        visit(app, page)
    assert not app.exception
    assert not any(map(is_live, told(app)))
    assert page != "start" or any("evil" in words for words in told(app))
