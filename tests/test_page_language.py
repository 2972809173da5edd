"""Every page in Chinese, in its many states: no English sentence is left but names and code."""

import numpy as np
import pytest
from file_tree import ROOT
from reading import english, texts
from test_page_classify import npz
from test_page_race import readings
from visiting import visit

from eegnets import sources
from eegnets.config import DataConfig
from eegnets.lessons import LESSONS, address
from eegnets.translation import ENGLISH, _, ask_for_language, retold

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
STORED = {
    "queued": "",
    "running": "",
    "paused": "Paused after epoch 3.",
    "stopped": "Stopped after epoch 3.",
    "finished": "",
    "failed": "Training diverged in epoch 4: the train loss is no longer a finite number. The steps are too large for "
    "this network; try a learning rate of 0.1 instead of 1.",
    "interrupted": "Its worker process was killed. It can go on after epoch 3.",
}  # state -> what its worker wrote, in English
NETWORK = "simulated-eegnet-relu"
STATES = [
    ("activations", {"network": NETWORK, "instead": "LeakyReLU", "count": "this map"}),
    ("activations", {"network": "untrained DeepConvNet", "bend": "Maxout", "functions": ["GELU", "ELU", "Softplus"]}),
    ("network", {"network": NETWORK, "layer": "firstconv.1", "gain": "dB", "sides": "true"}),
    ("network", {"network": "untrained", "new_model": "DeepConvNet", "layer": "conv4.3"}),
    ("classify", {"network": NETWORK, "way": "covering", "fresh": "true"}),
    ("classify", {"network": NETWORK, "view": "All trials", "cell": "left hand → right hand"}),
    ("classify", {"network": NETWORK, "view": "Quiz"}),
    ("trials", {"average": "mu", "flag": ["missing", "large"], "split": "test"}),
    ("trials", {"trial": "5", "baseline": ["0.0", "0.1"]}),
]


@pytest.fixture(autouse=True)
def _options_in_chinese(monkeypatch):
    """AppTest formats options outside of a page's run, where nobody's language is known."""
    monkeypatch.setattr("eegnets.ui.language.ENGLISH", "zh-TW")


@pytest.fixture
def in_chinese():
    ask_for_language(lambda: "zh-TW")
    yield
    ask_for_language(lambda: ENGLISH)


def in_chinese_at(app, page, *runs, **params):
    visit(app, page, *runs, **{"lang": "zh-TW", "subjects": "A"} | params)
    return app


def left_in_english(app):
    assert not app.exception
    return "\n".join(sorted({text for text in texts(app) if english(text)}))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_as_a_newcomer_meets_it(app, page):
    assert left_in_english(in_chinese_at(app, page)) == ""


@pytest.mark.parametrize(("page", "state"), STATES)
def test_a_page_with_something_open(app, page, state):
    assert left_in_english(in_chinese_at(app, page, **state)) == ""


@pytest.mark.parametrize("state", STORED)
def test_a_run_in_every_state(app, made_run, state):
    assert left_in_english(in_chinese_at(app, "train", made_run(state, 2, STORED[state]))) == ""


@pytest.mark.parametrize("view", [{}, {"view": "Lab report"}, {"view": "Best test epoch"}, {"matters": "true"}])
def test_compared_runs(app, made_run, view):
    runs = [
        made_run(activation=bend, weight_decay=decay, seed=seed, accuracies=[0.5, 0.6, value + seed / 50])
        for bend, value in (("ELU", 0.6), ("ReLU", 0.8))
        for decay in (0.0, 0.01)
        for seed in (0, 1)
    ]
    assert left_in_english(in_chinese_at(app, "compare", *runs, **view)) == ""


def test_runs_that_are_not_whole(app, made_run):
    runs = [made_run("failed", 1, STORED["failed"]), made_run("queued", 0), made_run()]
    (made_run().path / "status.json").write_text("?")
    assert left_in_english(in_chinese_at(app, "compare", *runs)) == ""
    assert left_in_english(in_chinese_at(app, "train", run="gone")) == ""


def test_a_sweep_of_which_some_is_done(app, made_run):
    made_run(activation="ELU")
    made_run("failed", 1, STORED["failed"], activation="ReLU")
    state = {"epochs": "3", "activations": ["ELU", "ReLU"], "weight_decays": "0.01, 0"}
    assert left_in_english(in_chinese_at(app, "sweep", **state)) == ""


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_a_race(app, made_run, seeds):
    runs = [
        readings(made_run(activation=name, instruments=True, seed=seed, accuracies=[0.5, 0.6 + 0.01 * seed, share]))
        for name, share in (("ELU", 0.9), ("ReLU", 0.5))
        for seed in seeds
    ]
    assert left_in_english(in_chinese_at(app, "activations", *runs)) == ""


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_that_has_been_carried_out(app, made_run, name):
    lesson = LESSONS[name]
    changes = [{lesson.varied: value} for value in lesson.values] or [{}]
    settings = dict(lesson.settings) | {"epochs": 3}
    runs = [made_run(seed=seed, **settings | change) for change in changes for seed in (0, 1)]
    in_chinese_at(app, lesson.page, *runs, **address(name))
    assert left_in_english(app) == ""


@pytest.mark.parametrize("content", [b"PK no zip", npz(signal=np.ones((12, 2, 250)), label=np.tile([1, 2], 6))])
def test_a_file_of_ones_own(app, content):
    in_chinese_at(app, "import")
    app.file_uploader[0].set_value(("mine.npz", content, "application/octet-stream")).run()
    assert left_in_english(app) == ""


def test_every_source_says_everything_in_chinese(in_chinese, tmp_path, monkeypatch):
    monkeypatch.setenv("EEGNETS_DATA", str(tmp_path))
    for source in sources.SOURCES.values():
        assert not english(source.state(tmp_path).how)
        said = [source.title, source.about, *(rule.help for rule in source.options.values())]
        assert [text for text in said if _(text) == text] == []
        if source.name != "simulated":
            with pytest.raises(sources.SourceError) as told:
                sources.check(DataConfig(source.name))
            assert not english(str(told.value))


def test_what_a_worker_stored_in_english_is_retold(in_chinese):
    for message in filter(None, STORED.values()):
        assert not english(retold(message))


def test_the_address_of_a_choice_is_english_and_what_is_shown_chinese(app):
    in_chinese_at(app, "trials", split="test")
    assert app.query_params["split"] in ("test", ["test"])
    assert set(app.dataframe[0].value["split"]) == {"測試集"}


def test_the_usual_loop_is_called_the_same_where_it_is_picked_and_where_it_is_told_of(app):
    in_chinese_at(app, "devices")
    assert _("usual loop") in [option.content for option in app.button_group(key="bench_engines").proto.options]
