"""Laws of the settings: what is checked, what comes back, what is said of a name nobody knows."""

import json
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from eegnets.config import (
    SECTIONS,
    SETTINGS,
    DataConfig,
    InputError,
    ModelConfig,
    RunConfig,
    Setting,
    TrainingConfig,
    lookup,
    unknown,
)
from eegnets.presets import PRESETS

NUMBERS = {name: rule for name, rule in SETTINGS.items() if rule.type in (int, float)}
CHOICES = {name: rule for name, rule in SETTINGS.items() if rule.choices}

CHANGED = RunConfig(
    data=DataConfig(source="graz_iiib", subjects=("O3", "S4"), options={"n_trials": 12}),
    model=ModelConfig(name="DeepConvNet", activation="LeakyReLU", negative_slope=0.1, dropout=0.3, max_norm=True),
    training=TrainingConfig(learning_rate=3e-4, weight_decay=0, epochs=7, seed=2**31 - 1, threads=2, keep="last"),
)


def refused(rule, value):
    """What is said to a value that cannot be used."""
    with pytest.raises(InputError) as error:
        rule.check(value)
    return str(error.value)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_explains_itself(name):
    rule = SETTINGS[name]
    assert rule.name == name
    assert rule.label[0].isupper()
    assert rule.help.endswith(".")
    assert rule.describe_range()


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_has_bounds_that_hold_its_default(name):
    rule = NUMBERS[name]
    assert rule.low < rule.high
    assert rule.default is None or rule.low <= rule.default <= rule.high


@pytest.mark.parametrize("name", SETTINGS)
def test_a_default_passes_its_own_check_unchanged(name):
    rule = SETTINGS[name]
    assert rule.check(rule.default) == rule.default
    assert type(rule.check(rule.default)) in (rule.type, type(None))


@pytest.mark.parametrize("name", SETTINGS)
def test_a_checked_value_passes_again_unchanged_and_as_text(name):
    rule = SETTINGS[name]
    for value in (rule.default, rule.low, rule.high, *rule.choices):
        if value is not None:
            once = rule.check(value)
            assert rule.check(once) == once
            written = ",".join(once) if rule.type is tuple else str(once)
            assert rule.check(written) == once  # as a command line gives it


@pytest.mark.parametrize("name", NUMBERS)
def test_bounds_are_inclusive_and_what_is_beyond_is_refused_by_name(name):
    rule = NUMBERS[name]
    assert rule.check(rule.low) == rule.low
    assert rule.check(rule.high) == rule.high
    for value in (rule.low - 1, rule.high + 1, float("nan"), float("inf"), -float("inf"), 10**400, "many", "", [1]):
        message = refused(rule, value)
        assert message.startswith(f"{name} takes ")
        assert f"from {rule.low:g} to " in message
        assert f"got {value!r}" in message


@pytest.mark.parametrize("name", NUMBERS)
def test_a_yes_is_not_the_number_one(name):
    assert f"{name} takes" in refused(NUMBERS[name], True)


@pytest.mark.parametrize("name", SETTINGS)
def test_nothing_is_taken_where_a_setting_may_stay_open(name):
    rule = SETTINGS[name]
    if rule.optional:
        assert rule.check(None) is None
        assert "(or nothing)" in rule.describe_range()
    else:
        assert "got None" in refused(rule, None)


def test_some_settings_may_stay_open():
    assert {name for name, rule in SETTINGS.items() if rule.optional} == {"dropout", "threads"}


@pytest.mark.parametrize("value", [12, "12", 12.0, np.int64(12), np.float32(12)])
def test_a_whole_number_is_taken_in_any_dress(value):
    checked = SETTINGS["epochs"].check(value)
    assert checked == 12
    assert type(checked) is int


def test_a_bound_on_one_side_alone_holds_and_is_told():
    at_least, at_most = Setting("", "", low=2, kind=float, name="a"), Setting("", "", high=2, kind=int, name="b")
    assert at_least.check(1e9) == 1e9
    assert at_most.check(-5) == -5
    assert refused(at_least, 1.5) == "a takes a number from 2; got 1.5."
    assert "got nan" in refused(at_least, float("nan"))
    assert refused(at_most, 3) == "b takes a whole number to 2; got 3."


def test_half_an_epoch_is_refused():
    assert refused(SETTINGS["epochs"], 1.5) == "epochs takes a whole number from 1 to 10000; got 1.5."


@pytest.mark.parametrize(("value", "meant"), [(True, True), ("yes", True), ("False", False), (0, False), ("1", True)])
def test_yes_and_no_are_understood(value, meant):
    assert SETTINGS["max_norm"].check(value) is meant


@pytest.mark.parametrize("value", ["maybe", 2, "", 0.5])
def test_neither_yes_nor_no_is_refused(value):
    assert refused(SETTINGS["max_norm"], value) == f"max_norm takes true or false; got {value!r}."


@pytest.mark.parametrize("value", ["O3,S4", " O3 , S4,", ["O3", "S4"], ("O3", "S4"), np.array(["O3", "S4"])])
def test_names_come_as_a_list_or_with_commas(value):
    assert SETTINGS["subjects"].check(value) == ("O3", "S4")


@pytest.mark.parametrize("value", [3, ["EEGNet"], b"EEGNet"])
def test_what_is_no_text_is_not_made_one(value):
    assert refused(SETTINGS["source"], value) == f"source takes text; got {value!r}."


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_one_of_the_list_and_a_slip_is_met_with_the_near_one(name):
    rule = CHOICES[name]
    assert rule.default in rule.choices
    for choice in rule.choices:
        assert f"Did you mean {choice!r}?" in refused(rule, choice.swapcase())
    assert all(choice in refused(rule, "zzz") for choice in rule.choices)
    assert "Did you mean" not in refused(rule, "zzz")


@pytest.mark.parametrize("config", [RunConfig(), CHANGED], ids=["default", "changed"])
def test_a_config_comes_back_from_its_dict_and_from_json(config):
    assert RunConfig.from_dict(config.to_dict()) == config
    assert RunConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_json_keeps_every_digit():
    config = RunConfig().with_(learning_rate=0.1 + 0.2, weight_decay=1 / 3)
    assert RunConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_what_a_stored_config_leaves_out_is_the_default():
    assert RunConfig.from_dict({}) == RunConfig()
    assert RunConfig.from_dict({"training": {"epochs": 5}}) == RunConfig().with_(epochs=5)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ({"training": {"epoch": 5}}, "Did you mean 'epochs'?"),
        ({"training": {"epochs": 0}}, "epochs takes"),
        ({"model": {"learning_rate": 0.1}}, "unknown setting 'learning_rate'"),
        ({"model": None}, "model is an object of settings; got None"),
        ({"data": ["simulated"]}, "data is an object of settings"),
        ([], "a config is an object of settings"),
    ],
)
def test_a_stored_config_that_is_wrong_is_refused(stored, message):
    with pytest.raises(InputError) as error:
        RunConfig.from_dict(stored)
    assert message in str(error.value)


def test_a_setting_has_one_home():
    assert sum(len(kind.table()) for kind in SECTIONS.values()) == len(SETTINGS)
    assert set(RunConfig().to_dict()) == set(SECTIONS)


@pytest.mark.parametrize("name", SETTINGS)
def test_with_changes_one_setting_wherever_it_stands_and_no_other(name):
    rule = SETTINGS[name]
    other = next(
        value
        for value in (*rule.choices, rule.high, rule.low, True, ("B",), "B")
        if value not in (None, rule.default) and (rule.type in (int, float) or isinstance(value, rule.type))
    )
    before, after = RunConfig(), RunConfig().with_(**{name: other})
    changed = {
        setting
        for part, kind in SECTIONS.items()
        for setting in kind.table()
        if getattr(getattr(before, part), setting) != getattr(getattr(after, part), setting)
    }
    assert changed == {name}
    assert after.with_(**{name: rule.default}) == before


def test_with_keeps_a_sources_options():
    assert CHANGED.with_(epochs=3).data.options == {"n_trials": 12}


def test_with_an_unknown_or_wrong_setting_is_refused():
    with pytest.raises(InputError, match="Did you mean 'weight_decay'"):
        RunConfig().with_(weight_decays=0.1)
    with pytest.raises(InputError, match="epochs takes a whole number"):
        RunConfig().with_(epochs=-1)


def test_a_config_cannot_be_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        RunConfig().training.epochs = 3


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_valid_and_says_something(preset):
    assert PRESETS[preset]
    config = RunConfig().with_(**PRESETS[preset])
    assert RunConfig.from_dict(config.to_dict()) == config


def test_the_lab_reports_preset_is_what_the_report_states():
    config = RunConfig().with_(**PRESETS["As the lab report"])
    stated = {"epochs": 500, "learning_rate": 0.001, "weight_decay": 0.01, "optimizer": "Adam", "validation": 0.0}
    assert {name: getattr(config.training, name) for name in stated} == stated


def test_lookup_finds_the_entry_or_lists_them_all():
    registry = {"EEGNet": 1, "DeepConvNet": 2}
    assert lookup(registry, "network", "DeepConvNet") == 2
    with pytest.raises(InputError) as error:
        lookup(registry, "network", "eeg-net")
    assert str(error.value) == "unknown network 'eeg-net'; choose from EEGNet, DeepConvNet. Did you mean 'EEGNet'?"
    with pytest.raises(InputError, match=r"unknown network None; choose from EEGNet, DeepConvNet\.$"):
        lookup(registry, "network", None)


def test_nothing_near_brings_no_hint():
    assert unknown("colour", "xyz", ["red", "green"]) == "unknown colour 'xyz'; choose from red, green."
