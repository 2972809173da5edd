"""The code of a run on the page Train, as a user meets it."""

import pytest
from visiting import visit

from eegnets import experiment
from eegnets.config import RunConfig
from eegnets.runs import RunStore


@pytest.fixture
def trained(tmp_path, load_instead, tiny_trials):
    """A maker of runs that have really been trained, on the tiny trials."""
    store = RunStore(tmp_path / "runs")
    load_instead(lambda config: tiny_trials)

    def make(**settings):
        run = store.create(RunConfig().with_(epochs=3, device="cpu", threads=1, batch_size=16, **settings))
        experiment.execute(run)
        return run

    return make


def opened(app, run, **params):
    return visit(app, "train", run, **params)


def button(app, label):
    return next(found for found in app.button if found.label == label)


def downloads(app):
    return [found.proto.label for found in app.get("download_button")]


def test_code_is_made_only_when_somebody_opens_it(app, trained):
    opened(app, trained())
    assert not app.exception
    assert any(box.label == "Show the code" for box in app.expander)
    assert not app.code


def test_an_exact_script_is_shown_and_its_trials_are_cut_when_asked_for(app, trained):
    opened(app, trained(engine="plain"), code="true")
    assert not app.exception
    assert "class EEGNet(nn.Module):" in app.code[0].value
    assert any("digit for digit" in text.value for text in app.markdown)
    assert {"Script (.py)", "Notebook (.ipynb)"} <= set(downloads(app))
    assert not any("npz" in label for label in downloads(app))
    button(app, "Cut the trials").click().run()
    assert not app.exception
    assert any(label.startswith("Trials (.npz, ") for label in downloads(app))


def test_a_run_of_the_faster_engine_is_offered_anew_on_the_plain_one(app, trained, tmp_path):
    run = trained()
    opened(app, run, code="true")
    assert not app.exception
    assert any("dropout draws other random numbers" in box.value for box in app.info)
    button(app, "Train it on the plain engine").click().run()
    assert not app.exception
    (again,) = [other for other in RunStore(tmp_path / "runs").runs() if other.id != run.id]
    assert again.config == run.config.with_(engine="plain")
    assert app.query_params["run"] in (again.id, [again.id])


def test_trials_that_are_gone_are_told_in_words(app, trained, load_instead, tiny_trials):
    run = trained()
    load_instead(lambda config: tiny_trials.take(tiny_trials.number > 1))
    opened(app, run, code="true")
    button(app, "Cut the trials").click().run()
    assert not app.exception
    assert any("data have changed" in box.value for box in app.error)


def test_a_run_without_an_epoch_says_when_its_code_comes(app, made_run):
    opened(app, made_run("queued", epochs=0), code="true")
    assert not app.exception
    assert any("no weights yet; they are stored when its first epoch ends" in box.value for box in app.info)
