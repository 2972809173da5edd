"""The page Network, as a user meets it."""

import re
import time

import pytest
import torch
from visiting import visit

from eegnets import experiment, sources
from eegnets.classification import Classifier
from eegnets.config import DataConfig, RunConfig
from eegnets.explain import leaves
from eegnets.models import MODELS, build
from eegnets.runs import RunStore, shipped
from eegnets.statistics import judged


def opened(app, **params):
    visit(app, "network", **{"subjects": "A"} | params)
    assert not app.exception
    return app


def said(app, words):
    return [
        box.value for kind in (app.markdown, app.caption, app.info, app.error) for box in kind if words in box.value
    ]


@pytest.mark.parametrize("name", MODELS)
def test_every_layer_opens_and_its_value_is_the_networks_own(app, name):
    opened(app, network="untrained", new_model=name)
    layers = list(leaves(build(name, n_chans=2, n_times=750, n_outputs=2)))
    assert app.selectbox(key="layer").options == ["trial", *layers]
    for layer in layers[::3]:
        app.selectbox(key="layer").set_value(layer).run()
        assert not app.exception
        assert said(app, "the same but for rounding")
        assert not said(app, "an error of this program")


def test_the_layers_that_cannot_learn_their_bias_say_so(app):
    opened(app, network="simulated-eegnet-elu", layer="firstconv.1")
    assert said(app, "Its bias never learns")
    assert "+ 0 = " in app.latex[1].value  # it has stayed at zero, where it began
    app.selectbox(key="layer").set_value("depthwiseConv.1").run()
    assert not said(app, "Its bias never learns")


def test_all_that_is_open_stands_in_the_address(app):
    opened(app, network="simulated-eegnet-relu", layer="separableConv.0", map="5", sample="17", trial="3", gain="dB")
    assert app.number_input(key="map").value == 5
    assert app.number_input(key="sample").value == 17
    assert app.number_input(key="trial").value == 3
    assert app.segmented_control(key="gain").value == "dB"


def test_an_address_with_nonsense_opens_the_page_as_it_is_at_first(app):
    opened(
        app, network="gone", layer="nonsense", map="999", sample="-4", kernel="99", k="999", part="maybe", heard="X9"
    )
    assert not app.error
    assert app.selectbox(key="layer").value == "firstconv.0"


def test_another_network_and_layer_keep_what_they_can(app):
    opened(app, network="simulated-deepconvnet-elu", layer="conv4.2", map="200", kernel="25")
    app.selectbox(key="network").set_value("simulated-eegnet-elu").run()
    assert not app.exception
    assert app.selectbox(key="layer").value in leaves(build("EEGNet", n_chans=2, n_times=750, n_outputs=2))
    assert app.number_input(key="kernel").value <= 16


def test_before_training_is_the_run_as_it_was_at_its_start(app, tmp_path):
    """A run that learns nothing is, but for batch norm's statistics, its own beginning."""
    settings = {"subjects": ("A",), "epochs": 1, "batch_size": 256, "threads": 1, "seed": 5, "learning_rate": 1e-7}
    run = RunStore(tmp_path / "runs").create(RunConfig().with_(**settings))
    experiment.execute(run)
    opened(app, network=run.id)
    from eegnets.ui.classifying import of

    before = experiment.build(run.config.model, of(run).shape, 5)
    torch.testing.assert_close(before.firstconv[0].weight, of(run).model.firstconv[0].weight, atol=1e-4, rtol=0)
    (counted,) = said(app, "so many are loudest")
    for pair in re.findall(r"(\d+) → (\d+)", counted):
        assert pair[0] == pair[1]


def test_the_calculator_counts_and_the_labs_layer_is_named(app):
    opened(app, network="untrained")
    app.slider(key="k").set_value(7).run()
    assert said(app, "**7 × 7**: full 50,176, separable 1,568 + 1,024 = 2,592, ratio 0.0517; 1/Nk + 1/k² = 0.0517")
    assert said(app, "**1 × 7**: full 7,168, separable 224 + 1,024 = 1,248, ratio 0.1741; 1/Nk + 1/k = 0.1741")
    assert said(app, "17,874")
    assert said(app, "4,018")


def calculate():
    """The calculator by itself, as a fragment is run."""
    from eegnets.ui.listening import calculator

    calculator()


def test_a_slider_redraws_at_once():
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_function(calculate, default_timeout=30).run()
    spent = []
    for k in (3, 9, 21, 33, 5):
        app.slider(key="k").set_value(k)
        began = time.perf_counter()
        app.run()
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.15  # the least: other tests share the machine


def long_trials():
    """Six channels of 896 samples at 256 Hz, as slow potentials come, and one of the layers' fragments."""
    import numpy as np
    import streamlit as st

    from eegnets.trials import Trials
    from eegnets.ui.listening import first_layer, sides_section
    from eegnets.ui.looking import inside, network_to_look_at, whole

    rng = np.random.default_rng(0)
    trials = Trials(
        X=rng.standard_normal((8, 6, 896)).astype(np.float32),
        y=np.arange(8) % 2,
        split=np.repeat(["train", "test"], 4),
        subject=np.repeat("A", 8),
        number=np.arange(1, 9),
        sfreq=256.0,
        ch_names=("A1", "A2", "F3", "F4", "P3", "P4"),
        class_names=("negativity", "positivity"),
    )
    trials = st.session_state.setdefault("trials", trials)  # as a page has them
    looked = network_to_look_at(trials, "scp1")
    fold = whole(trials, "test")
    inside(looked, fold)
    first_layer(looked)
    sides_section(looked, trials, fold)


@pytest.mark.parametrize("name", MODELS)
def test_other_shapes_are_looked_at_likewise(name):
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_function(long_trials, default_timeout=60)
    app.query_params["new_model"] = name
    app.run()
    assert not app.exception
    assert app.selectbox(key="network").options == ["untrained"]
    app.toggle(key="sides").set_value(True).run()
    assert not app.exception
    assert said(app, "Power of each filter's output from 0 to 3.5 s over 4 trials")


def test_another_seed_is_another_network_whose_sides_are_asked_anew(monkeypatch):
    from streamlit.testing.v1 import AppTest

    from eegnets.filters import sides
    from eegnets.ui import listening

    asked = []
    monkeypatch.setattr(listening, "sides", lambda model, *of: asked.append(model) or sides(model, *of))
    app = AppTest.from_function(long_trials, default_timeout=60)
    app.query_params["sides"] = "true"
    app.run()
    app.number_input(key="kernel").set_value(2).run()
    assert len(asked) == 1  # the network is the same
    app.number_input(key="new_seed").set_value(1).run()
    assert len(asked) == 2
    assert not torch.equal(*(next(model.parameters()) for model in asked))


def test_a_line_tells_which_trial_it_is_and_what_the_network_answers(app):
    network = Classifier(shipped().get("simulated-eegnet-relu"))
    fold = network.fold(sources.load(DataConfig("simulated", ("A",))), "test").take([4])
    (answer,) = judged(network.answers(fold), fold.class_names).to_dict("records")
    opened(app, network="simulated-eegnet-relu", trial="5")
    (line,) = said(app, "The network answers")
    told = f"Subject A, trial {fold.number[0]} (test): {answer['label']}. "
    told += f"The network answers {answer['answer']}, {answer[answer['answer']]:.0%}."
    assert line.replace("\\", "") == told
    opened(app, network="untrained", trial="5")
    (line,) = said(app, "The network answers")
    assert re.search(r"hand, [56]\d%\.$", line.replace("\\", ""))
