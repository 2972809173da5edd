"""The page Activations, as a user meets it."""

import json
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from eegnets import experiment
from eegnets.activations import ACTIVATIONS
from eegnets.config import RunConfig
from eegnets.explain import bends, layer_values
from eegnets.runs import RunStore
from eegnets.trials import split
from eegnets.weights import load_run


def opened(app, **params):
    for name, value in params.items():
        app.query_params[name] = value
    app.switch_page("pages/activations.py").run()
    assert not app.exception
    return app


def charts(app):
    """Title -> specification of every chart."""
    specs = [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]
    return {spec["title"]["text"]: spec for spec in specs}


def share(app, words="of this layer"):
    """The figure in the sentence about the values; 0 where it says None."""
    text = next(text.value for text in app.markdown if words in text.value and "for this trial" in text.value)
    return 0.0 if "None" in text else float(re.search(r"\*\*([\d.]+)%\*\*", text)[1]) / 100


@pytest.fixture(scope="module")
def stretched(tiny_world):
    """The tiny world's trials of so many channels and samples, the very same each time: what is drawn of them stays."""

    def stretch(n_chans, n_times):
        X = np.resize(tiny_world.X, (40, n_chans, n_times)).astype(np.float32)
        return replace(tiny_world, X=X, ch_names=tuple(f"A{i}" for i in range(n_chans)))

    return cache(stretch)


@pytest.fixture
def scene(load_instead, stretched):
    """The app's data are the tiny world's, stretched to trials as slow cortical potentials have them: 6 × 896."""

    def use(n_chans=6, n_times=896, **changes):
        trials = stretched(n_chans, n_times)
        trials = replace(trials, **changes) if changes else trials
        load_instead(lambda config: trials)
        return trials

    return use


def test_the_reports_functions_are_drawn_at_first_with_formula_and_source(app, scene):
    scene()
    opened(app)
    assert [tab.label for tab in app.tabs] == ["ELU", "ReLU", "LeakyReLU", "Sigmoid", "Tanh", "Maxout"]
    assert len(app.latex) == 6
    assert ACTIVATIONS["ReLU"].source in [caption.value for caption in app.caption]
    assert {"Curve", "Slope", "Where each is flat"} <= set(charts(app))


def test_the_sliders_move_the_curves_and_the_readings(app, scene):
    scene()
    opened(app, functions=["LeakyReLU", "ELU"], x="-2.0")
    app.slider(key="curve_negative_slope").set_value(0.3).run()
    app.slider(key="curve_alpha").set_value(2.0).run()
    assert not app.exception
    readings = app.dataframe[0].value.set_index("function")
    assert readings.loc["LeakyReLU", "value"] == pytest.approx(-0.6)
    assert readings.loc["LeakyReLU", "slope"] == pytest.approx(0.3)
    assert readings.loc["ELU", "value"] == pytest.approx(2 * (np.exp(-2) - 1))


def test_without_a_function_the_page_says_what_to_do(app, scene):
    scene()
    opened(app)
    next(p for p in app.get("button_group") if p.key == "functions").set_value([]).run()
    assert not app.exception
    assert any("Pick one above" in box.value for box in app.info)


@pytest.mark.parametrize("network", ["untrained EEGNet", "untrained DeepConvNet"])
@pytest.mark.parametrize("bend", ["ReLU", "Maxout"])
def test_an_untrained_network_takes_trials_of_any_shape(app, scene, network, bend):
    scene()
    opened(app, network=network, bend=bend)
    assert share(app) == 0 if bend == "Maxout" else 0.2 < share(app) < 0.8
    assert f"Map 1 before and after {bend}" in charts(app)


@pytest.fixture
def network(tmp_path, scene):
    """A finished run of one epoch with ReLU, and the trials of the app's data."""
    trials = scene()
    run = RunStore(tmp_path / "runs").create(RunConfig().with_(epochs=1, threads=1, activation="ReLU"))
    experiment.execute(run)
    return run, trials


def test_the_share_is_that_of_the_networks_own_values(app, network):
    network, trials = network
    opened(app, network=network.id, answer="7", layer="separableConv.2")
    folds = split(trials, 0.2, 0)
    model = load_run(network)
    values = layer_values(model, torch.from_numpy(folds.test.X[6:7]))["separableConv.2"].before
    assert share(app) == pytest.approx((values <= 0).double().mean().item(), abs=6e-4)
    app.number_input(key="map").set_value(3).run()
    next(p for p in app.get("button_group") if p.key == "count").set_value("this map").run()
    assert share(app, "of map 3") == pytest.approx((values[0, 2] <= 0).double().mean().item(), abs=6e-4)


def test_another_function_in_the_layers_place_lets_the_gradient_pass(app, scene):
    scene()
    opened(app, network="untrained EEGNet", bend="ReLU", instead="LeakyReLU")
    assert share(app) > 0.2
    assert any("With **LeakyReLU instead**: **None**" in text.value for text in app.markdown)
    app.slider(key="instead_negative_slope").set_value(0.0).run()
    (text,) = [text.value for text in app.markdown if "LeakyReLU instead" in text.value]
    assert f"**{share(app):.1%}**" in text


def test_the_shipped_networks_are_offered(app):
    opened(app)
    assert app.selectbox(key="network").value == "simulated-eegnet-relu"
    assert 0.2 < share(app) < 0.8


def test_a_map_that_another_layer_has_not_is_brought_down(app, scene):
    scene()
    opened(app, network="untrained DeepConvNet", layer="conv4.2", map="150")
    assert app.number_input(key="map").value == 150
    app.selectbox(key="layer").set_value("conv1.2").run()
    assert not app.exception
    assert app.number_input(key="map").value == 25


def test_data_that_cannot_be_read_are_told_and_the_curves_stay(app):
    opened(app, source="graz-iiib")
    assert any("There are no trials of" in box.value for box in app.error)
    assert "Slope" in charts(app)


def test_a_split_without_trials_is_told(app, scene):
    scene(split=np.repeat("train", 40))
    opened(app, network="untrained EEGNet")
    assert any("no trials in the split 'test'" in box.value for box in app.error)


def test_trials_too_short_for_any_network_are_told(app, scene):
    scene(2, 20)
    opened(app)
    assert any("n_times of 32 samples or more" in box.value for box in app.error)


def test_a_bend_of_the_layer_is_what_the_page_offers(app, scene):
    scene()
    opened(app, network="untrained DeepConvNet", bend="Tanh")
    offered = app.selectbox(key="layer").options
    model = experiment.build(RunConfig().with_(name="DeepConvNet", activation="Tanh").model, scene(), 0)
    assert list(offered) == list(bends(model))


def test_going_to_another_network_or_to_other_trials_begins_where_those_are(app, scene):
    trials = scene(2, 256)
    opened(app, network="untrained DeepConvNet", layer="conv4.2", map="9", answer="16")
    app.selectbox(key="network").set_value("untrained EEGNet").run()
    assert not app.exception
    assert app.selectbox(key="layer").value == "depthwiseConv.2"
    scene(3, 300, split=np.where(trials.number > 18, "test", "train"))
    app.run()
    assert not app.exception
    assert app.number_input(key="answer").value == app.number_input(key="answer").max == 4


def test_a_bad_link_is_no_failure(app, scene):
    scene()
    bad = {"x": "99", "map": "999", "answer": "0", "layer": "none", "instead": "Bend", "functions": "Bend"}
    opened(app, network="nothing", curve_alpha="-3", **bad)
    assert not app.error
    assert "Slope" in charts(app)


def test_a_teachers_link_hides_a_slider_and_keeps_its_value(app, scene):
    scene()
    opened(app, functions=["ELU"], hide="curve_alpha", curve_alpha="2", x="-1.0")
    assert "curve_alpha" not in [slider.key for slider in app.slider]
    assert app.dataframe[0].value["value"][0] == pytest.approx(2 * (np.exp(-1) - 1))
