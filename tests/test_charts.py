"""Every chart, as a value: valid, titled, with units and tooltips, and in the colours of its kind."""

import json
import re
from dataclasses import replace

import altair as alt
import numpy as np
import pandas as pd
import pytest
from histories import epoch_record

from eegnets.charts import style
from eegnets.charts.answers import probability_chart
from eegnets.charts.average import average_chart
from eegnets.charts.calibration import calibration_chart, describe_calibration
from eegnets.charts.confusion import confusion_chart, confusion_table
from eegnets.charts.counts import counts_chart
from eegnets.charts.curves import FOLDS, changes, describe_curves, fold_curves, run_colours, run_curves
from eegnets.charts.erd import describe_erd, erd_chart
from eegnets.charts.hover import MOST, reading_strips
from eegnets.charts.modes import describe_modes, modes_chart
from eegnets.charts.saliency import describe_saliency, gradient_table, occlusion_table, saliency_chart
from eegnets.charts.spectrum import spectrum_chart
from eegnets.charts.trial import gap_table, trial_chart, trial_table
from eegnets.charts.windows import window_shades, window_table
from eegnets.evaluation import calibration
from eegnets.saliency import Occlusion
from eegnets.trials import Trials

NAMES = ("left hand", "right hand")
WINDOWS = {"cue": (0.5, 0.75), "imagery": (0.75, 2.0)}
UNDERWAY = {"epoch": 4, "seen": 64, "trials": 432, "train_loss": 2.5, "train_accuracy": 0.3}
HISTORY = [epoch_record(i, 0.6 + 0.05 * i) for i in range(1, 4)]


def places(axis, along):
    return pd.DataFrame(
        [(x, channel, name) for channel in ("C3", "C4") for name in NAMES for x in along],
        columns=[axis, "channel", "class"],
    )


SPECTRA = places("frequency", [1.0, 2.0, 3.0]).assign(power=2.0, low=1.0, high=4.0)
AVERAGES = places("time", [0.0, 0.1, 0.2]).assign(mean=1.0, low=0.5, high=1.5)
CHANGES = places("time", [0.1, 0.2, 0.3]).assign(frequency=10.0, change=[-60.0, 10.0, 40.0] * 4)
COUNTS = pd.DataFrame({"subject": ["A", "A"], "split": ["train", "test"], "class": NAMES, "trials": [12, 8]})
POWER = np.array([0.0, 1.0, 2.0, 0.5])
ANSWERS = pd.DataFrame({"network": ["one", "two"], NAMES[0]: [0.9, 0.4], NAMES[1]: [0.1, 0.6]})
PULLS = np.random.default_rng(0).standard_normal((2, 128)) * np.linspace(0, 1, 128)
SURE = calibration(np.array([[0.9, 0.1], [0.2, 0.8], [0.55, 0.45]]), [0, 1, 1])
BY_MODE = pd.DataFrame({"mode": ["on", "on", "off"], "pass": [1, 2, 1], "accuracy": [0.8, 0.8, 0.7], "unsteady": 0.1})
RUNS = {"EEGNet ELU 1": HISTORY, "EEGNet ReLU 2": HISTORY}
BENDS = {"EEGNet ELU 1": "ELU", "EEGNet ReLU 2": "ReLU"}


def one_trial(n=40):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 2, 128)).astype(np.float32)
    about = {"y": np.arange(n) % 2, "split": ["train"] * n, "subject": ["A"] * n, "number": np.arange(n) + 1}
    return Trials(X=X, sfreq=64.0, ch_names=("C3", "C4"), class_names=NAMES, windows=WINDOWS, **about)


def blank():
    trials = one_trial()
    return replace(trials, X=np.full_like(trials.X, np.nan), windows={})


CHARTS = {
    "trial": lambda: trial_chart(one_trial(), 3),
    "spectrum": lambda: spectrum_chart(SPECTRA, np.arange(4.0), POWER, "C3", NAMES),
    "map": lambda: erd_chart(CHANGES, "left hand", "C4", WINDOWS),
    "average": lambda: average_chart(AVERAGES, "C3", NAMES, "Voltage", "µV", WINDOWS),
    "counts": lambda: counts_chart(COUNTS, NAMES),
    "confusion": lambda: confusion_chart(np.array([[8, 2], [3, 7]]), NAMES),
    "calibration": lambda: calibration_chart(SURE, 2),
    "modes": lambda: modes_chart(BY_MODE, "test"),
    "probabilities": lambda: probability_chart(ANSWERS, NAMES),
    "saliency": lambda: saliency_chart(one_trial(), gradient_table(one_trial(), PULLS), "Where it looked", "so"),
    "curves by fold": lambda: fold_curves(HISTORY, "accuracy", 10),
    "losses by fold": lambda: fold_curves(HISTORY, "loss", 10),
    "curves under way": lambda: fold_curves(HISTORY, "accuracy", 10, UNDERWAY),
    "curves by run": lambda: run_curves(RUNS, BENDS, "accuracy", "test", 10),
}
EMPTY = {
    "trial": lambda: trial_chart(blank(), 0),
    "spectrum": lambda: spectrum_chart(SPECTRA[:0], np.arange(4.0), POWER, "C3", NAMES),
    "map": lambda: erd_chart(CHANGES[:0], "left hand", "C4", {}),
    "average": lambda: average_chart(AVERAGES[:0], "C3", NAMES, "Voltage", "µV", {}),
    "counts": lambda: counts_chart(COUNTS[:0], NAMES),
    "confusion": lambda: confusion_chart(np.zeros((2, 2), dtype=int), NAMES),
    "calibration": lambda: calibration_chart(calibration(np.empty((0, 2)), []), 2),
    "modes": lambda: modes_chart(BY_MODE[:0], "test"),
    "probabilities": lambda: probability_chart(ANSWERS[:0], NAMES),
    "saliency": lambda: saliency_chart(one_trial(), gradient_table(one_trial(), 0 * PULLS), "Where it looked", "so"),
    "curves by fold": lambda: fold_curves([], "accuracy", 10),
    "losses by fold": lambda: fold_curves([], "loss", 10),
    "curves under way": lambda: fold_curves([], "accuracy", 10, UNDERWAY),
    "curves by run": lambda: run_curves({}, {}, "accuracy", "test", 10),
}
UNITLESS = {"Epoch", "Class", "Subject, split", "Answered", "Shown", "Network", "Mode"}  # axes that count or name


@pytest.mark.parametrize("chart", [
    lambda trials: trial_chart(trials, 0),
    lambda trials: saliency_chart(trials, gradient_table(trials, PULLS), "Where it looked", "so"),
])  # fmt: skip
def test_a_channel_may_have_any_name(chart):
    """Vega's words for text are JavaScript's, and so are JSON's."""
    names = ("C3'", 'a "b" \\ c')
    (axis,) = {
        label
        for layer in layers(chart(replace(one_trial(), ch_names=names)).to_dict())
        for label in [((layer.get("encoding", {}).get("y") or {}).get("axis") or {}).get("labelExpr")]
        if label
    }
    assert all(json.dumps(name) in axis for name in names)


def test_the_legend_of_a_race_has_a_line_for_each_run():
    chart = run_curves(RUNS, BENDS, "accuracy", "test", 10).to_dict()
    assert {layer["encoding"]["color"]["legend"]["columns"] for layer in chart["layer"][:1]} == {1}
    three = run_curves(RUNS | {"x": HISTORY}, BENDS | {"x": "Tanh"}, "accuracy", "test", 10).to_dict()
    assert three["height"] > chart["height"]


def test_only_of_two_classes_does_a_line_part_the_answers():
    three = ANSWERS.assign(feet=0.0)
    marks = [
        [layer["mark"] for layer in layers(probability_chart(table, names).to_dict())]
        for table, names in ((ANSWERS, NAMES), (three, (*NAMES, "feet")))
    ]
    assert [any("rule" in str(mark) for mark in found) for found in marks] == [True, False]


def layers(spec):
    """Every unit of a chart, however deep it is nested."""
    return [unit for layer in spec["layer"] for unit in layers(layer)] if "layer" in spec else [spec]


def channels(spec, *names):
    """The definitions of some encoding channels in all layers."""
    found = [layer.get("encoding", {}).get(name) for layer in layers(spec) for name in names]
    return [channel for channel in found if isinstance(channel, dict)]


def title(spec):
    return spec["title"]["text"] if isinstance(spec["title"], dict) else spec["title"]


def scale_of(spec, channel, field):
    """The one mapping from values of a field to looks that a chart's layers agree on."""
    scales = [c["scale"] for c in channels(spec, channel) if c.get("field") == field]
    assert scales
    assert all(scale == scales[0] for scale in scales)
    return dict(zip(scales[0]["domain"], map(str, scales[0]["range"]), strict=True))


def test_every_chart_is_tried_full_and_empty():
    assert set(CHARTS) == set(EMPTY)


@pytest.mark.parametrize("make", [*CHARTS.values(), *EMPTY.values()], ids=[*CHARTS, *(f"no {name}" for name in EMPTY)])
def test_every_chart_is_valid_and_titled_and_plain_json(make):
    spec = make().to_dict()  # validated against Vega-Lite's own schema
    assert title(spec).strip()
    json.dumps(spec, allow_nan=False)


@pytest.mark.parametrize("name", CHARTS)
def test_both_axes_have_a_name_and_a_unit(name):
    spec = CHARTS[name]().to_dict()
    for axis in ("x", "y"):
        titles = {channel["title"] for channel in channels(spec, axis) if channel.get("title")}
        assert len(titles) == 1
        words = titles.pop()
        assert words in UNITLESS or "(" in words or "in µV" in words


@pytest.mark.parametrize("name", CHARTS)
def test_no_name_is_pushed_off_its_band(name):
    """Streamlit's theme moves the first label of an axis inwards, which is meant for numbers."""
    axes = [axis for axis in channels(CHARTS[name]().to_dict(), "x", "y") if axis.get("type") in ("nominal", "ordinal")]
    looks = [axis.get("axis", {}) for axis in axes]
    assert [look for look in looks if look is not None and look.get("labelFlush") is not False] == []


def strips_over(table, **how):
    return reading_strips(table, alt.X("time:Q"), "time", "channel", title="s", **how)


def read_at(chart):
    """Place -> what the tooltip says there, by its names."""
    told = [(one["title"], one["field"]) for one in chart.to_dict()["encoding"]["tooltip"]]
    return {row["time"]: {title: row[field] for title, field in told} for row in chart.data.to_dict("records")}


def test_no_more_values_are_put_into_words_than_a_browser_takes_at_once_and_the_last_is_among_them():
    table = pd.DataFrame({"time": np.repeat(np.arange(1000), 5), "channel": list("abcde") * 1000, "value": 1.0})
    strips = strips_over(table).data
    assert len(strips) * 6 <= MOST + 6
    assert set(np.diff(strips["time"])[:-1]) == {5}
    assert strips["time"].iloc[-1] == 999
    np.testing.assert_array_equal(strips["strip to"][:-1], strips["strip from"][1:])  # side by side
    assert len(strips_over(table[:500]).data) == 100


@pytest.mark.parametrize("name", ["time", "strip from", "'left'", "a.b[0]"])
def test_a_curve_of_any_name_is_read_in_numbers_and_what_is_missing_as_a_dash(name):
    table = pd.DataFrame({"time": [2.0, 2.0, 1.0], "channel": [name, "other", name], "value": [-0.25, 3.0, 1.5]})
    found = strips_over(table, number=".2f")
    assert read_at(found) == {
        1.0: {"s": 1.0, name: "1.50", "other": "–"},
        2.0: {"s": 2.0, name: "−0.25", "other": "3.00"},
    }
    assert found.data[["strip from", "strip to"]].to_numpy().tolist() == [[0.5, 1.5], [1.5, 2.5]]
    assert not any(set(one["field"]) & set("'.[]") for one in found.to_dict()["encoding"]["tooltip"])


def test_of_many_channels_the_pointer_reads_the_first_few():
    one = one_trial()
    names = tuple(f"E{place}" for place in range(20))
    many = replace(one, X=np.tile(one.X, (1, 10, 1)), ch_names=names)
    read = [one["title"] for layer in layers(trial_chart(many, 0).to_dict()) for one in tooltips(layer)]
    assert read == ["s", *(f"{name} (µV)" for name in names[:8])]


def tooltips(layer):
    return layer.get("encoding", {}).get("tooltip", [])


def test_a_single_place_is_read_too():
    assert strips_over(pd.DataFrame({"time": [1], "channel": ["a"], "value": [2.0]})).data["strip to"].item() == 1.5


def test_the_mean_of_a_single_trial_is_read_without_an_interval():
    chart = average_chart(AVERAGES.assign(low=np.nan, high=np.nan), "C3", NAMES, "Voltage", "µV", {})
    strips = next(layer for layer in chart.layer if "strip from" in getattr(layer.data, "columns", ()))
    assert {"1.00 µV"} == set(strips.data["curve 0"])


@pytest.mark.parametrize("name", CHARTS)
def test_what_is_drawn_can_be_read_exactly(name):
    spec = CHARTS[name]().to_dict()
    told = [column for layer in layers(spec) for column in layer.get("encoding", {}).get("tooltip", [])]
    shown = {column[name] for column in told for name in ("field", "title")}
    expected = {
        "trial": {"time", "C3 (µV)", "C4 (µV)"},
        "spectrum": {"frequency", "this trial", *NAMES},
        "map": {"seconds", "hertz", "change"},
        "average": {"time", *NAMES},
        "counts": {"subject", "split", "class", "trials"},
        "confusion": {"true", "predicted", "trials", "share"},
        "modes": {"mode", "pass", "percent", "unsteady"},
        "probabilities": {"network", "class", "probability"},
        "saliency": {"channel", "start", "stop", "pull"},
        "calibration": {"low", "high", "confidence", "accuracy", "trials", "least", "most"},
        "curves by fold": {"epoch", "train", "validation", "test"},
        "losses by fold": {"epoch", "train", "validation", "test"},
        "curves under way": {"epoch", "train", "validation", "test", "value", "seen"},
        "curves by run": {"epoch", *RUNS},
    }
    assert expected[name] <= shown


def test_a_class_looks_the_same_on_every_chart():
    specs = [CHARTS[name]().to_dict() for name in ("spectrum", "average", "counts")]
    assert all(scale_of(spec, "color", "class") == scale_of(specs[0], "color", "class") for spec in specs)
    assert scale_of(specs[0], "strokeDash", "class") == scale_of(specs[1], "strokeDash", "class")
    assert len(set(scale_of(specs[0], "strokeDash", "class").values())) == len(NAMES)
    assert scale_of(specs[0], "color", "class") == dict(zip(NAMES, style.CLASS_COLOURS, strict=False))


def test_a_class_keeps_its_look_where_another_has_no_trials():
    right = AVERAGES[AVERAGES["class"] == "right hand"]
    alone = average_chart(right, "C3", NAMES, "Voltage", "µV", WINDOWS).to_dict()
    assert scale_of(alone, "color", "class") == scale_of(CHARTS["average"]().to_dict(), "color", "class")


def test_a_fold_looks_the_same_with_and_without_the_others():
    without = [record | {"validation_accuracy": None, "validation_loss": None} for record in HISTORY]
    for metric in ("accuracy", "loss"):
        for channel in ("color", "strokeDash"):
            some = scale_of(fold_curves(without, metric, 10).to_dict(), channel, "fold")
            all_ = scale_of(fold_curves(HISTORY, metric, 10).to_dict(), channel, "fold")
            assert some == {fold: all_[fold] for fold in ("train", "test")}
    assert scale_of(fold_curves(HISTORY, "loss", 9).to_dict(), "color", "fold") == style.FOLD_COLOURS


def test_an_activation_keeps_its_colour_whatever_it_races():
    for names in (["ELU", "ReLU"], ["ReLU"], ["Maxout", "ReLU", "Tanh"]):
        colours = run_colours(names, {name: name for name in names})
        assert colours[names.index("ReLU")] == style.ACTIVATION_COLOURS["ReLU"]


def test_runs_of_one_activation_differ_in_colour_and_dash():
    runs = {f"EEGNet ELU {i}": HISTORY for i in range(4)}
    spec = run_curves(runs, dict.fromkeys(runs, "ELU"), "accuracy", "test", 10).to_dict()
    for channel in ("color", "strokeDash"):
        assert len(set(scale_of(spec, channel, "run").values())) == 4


@pytest.mark.parametrize(
    "palette", [style.CLASS_COLOURS, style.FOLD_COLOURS.values(), style.ACTIVATION_COLOURS.values(), style.DASHES]
)
def test_no_two_things_of_a_kind_share_a_look(palette):
    assert len({str(look) for look in palette}) == len(palette)


def test_a_trial_is_drawn_as_it_is_with_its_channels_apart():
    trials = one_trial()
    table = trial_table(trials, 3)
    assert table["voltage"].to_numpy() == pytest.approx(trials.X[3].ravel())
    moved = (table["row"] - table["voltage"]).groupby(table["channel"]).agg(["min", "max"])
    assert moved["min"].to_numpy() == pytest.approx(moved["max"].to_numpy(), abs=1e-5)
    assert moved.loc["C3", "min"] > moved.loc["C4", "min"]


def test_missing_samples_are_marked_where_they_are():
    trials = one_trial()
    X = trials.X.copy()
    X[0, 0, 10:20] = X[0, 1, :3] = X[0, 1, 127] = np.nan
    gaps = gap_table(replace(trials, X=X), 0)
    found = list(zip(gaps["channel"], (gaps["start"] * 64).astype(int), gaps["samples"], strict=True))
    assert found == [("C3", 10, 10), ("C4", 0, 3), ("C4", 127, 1)]
    assert gaps["stop"].max() == 2.0
    drawn = trial_chart(replace(trials, X=X), 0).to_dict()
    assert "14" in drawn["title"]["subtitle"]
    assert gap_table(trials, 0).empty


def test_windows_are_named_each_a_line_lower():
    table = window_table(WINDOWS)
    assert [words.count("\n") for words in table["words"]] == [0, 1]
    assert table["colour"].nunique() == 2
    assert window_shades({}) == []


def test_all_maps_share_one_scale_with_no_change_in_its_middle():
    louder = CHANGES.assign(change=CHANGES["change"] * 5)
    specs = [erd_chart(table, name, "C3", {}).to_dict() for table in (CHANGES, louder) for name in NAMES]
    (scale,) = {json.dumps(channels(spec, "color")[0]["scale"]) for spec in specs}
    domain = json.loads(scale)["domain"]
    assert domain == sorted(domain)
    assert domain[len(domain) // 2] == 0 == domain[0] + domain[-1]


def test_a_map_in_a_sentence_names_its_extremes():
    words = describe_erd(CHANGES, "right hand", "C4")
    assert "least -60 % at 10 Hz and 0.1 s" in words
    assert "most +40 % at 10 Hz and 0.3 s" in words
    assert "no trials" in describe_erd(CHANGES[:0], "right hand", "C4")


def test_the_axis_of_a_growing_curve_spans_all_epochs_from_the_first():
    for history in (HISTORY[:1], HISTORY):
        xs = [
            channel for channel in channels(fold_curves(history, "accuracy", 60).to_dict(), "x") if "scale" in channel
        ]
        assert xs
        assert all(x["scale"]["domain"] == [1, 60] for x in xs)


@pytest.mark.parametrize("history", [[], HISTORY])
@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_an_epoch_in_work_is_a_ring_on_the_axis_at_what_it_has_seen(history, metric):
    spec = fold_curves(history, metric, 10, UNDERWAY).to_dict()
    (ring,) = (layer for layer in layers(spec) if layer["mark"]["type"] == "point")
    (row,) = spec["datasets"][ring["data"]["name"]]
    assert row == {"epoch": 4, "value": UNDERWAY[f"train_{metric}"], "seen": "64 of 432"}
    assert ring["mark"]["color"] == style.FOLD_COLOURS["train"]
    low, high = next(y["scale"]["domain"] for y in channels(spec, "y") if "scale" in y)
    assert low <= row["value"] <= high


def frame_of(chart):
    """All of a chart but its data, whose names are made of what they hold."""
    spec = chart.to_dict()
    names = {name: f"data {i}" for i, name in enumerate(spec.pop("datasets"))}
    text = re.sub(r"view_\w+", "view", json.dumps(spec))
    return re.sub("|".join(names), lambda found: names[found[0]], text)


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_as_epochs_come_in_only_the_data_of_a_chart_change(metric):
    """Then the browser moves the lines; any other change makes it put the chart together anew."""
    history = [epoch_record(i, 0.6 + 0.001 * i) for i in range(1, 41)]
    ring = UNDERWAY | {"train_accuracy": 0.5, "train_loss": 0.5}
    frames = {frame_of(fold_curves(history[:n], metric, 60, underway)) for n in (4, 11, 40) for underway in (ring, {})}
    assert len(frames) == 1
    others = {"a": "ELU", "b": "ReLU"}
    runs = {frame_of(run_curves({"a": history[:n], "b": history[:4]}, others, metric, "test", 60)) for n in (4, 11, 40)}
    assert len(runs) == 1


@pytest.mark.parametrize("highest", [0.01, 0.099, 0.1, 0.65, 0.93, 1.0, 1.04, 1.96, 2.0, 7.3, 19.99, 431.0])
def test_the_scale_of_a_loss_ends_at_a_round_number_that_leaves_room(highest):
    spec = fold_curves([epoch_record(1, 0.5) | {f"{fold}_loss": highest for fold in FOLDS}], "loss", 10).to_dict()
    low, high = next(y["scale"]["domain"] for y in channels(spec, "y") if "scale" in y)
    assert low == 0
    assert max(0.1, highest) <= high <= max(0.1, 1.7 * highest)
    assert len(f"{high:.12g}".strip("0").replace(".", "").rstrip("0")) <= 2


def test_a_setting_changed_while_training_is_marked_at_its_first_epoch():
    history = [*HISTORY, epoch_record(4) | {"learning_rate": 0.01, "weight_decay": 0.0}]
    assert changes(HISTORY).empty
    assert changes(history).to_numpy().tolist() == [[4, "learning rate 0.001 → 0.01, weight decay 0.01 → 0"]]
    assert "From epoch 4" in describe_curves(history, "loss")


def test_a_runs_name_is_read_literally_in_its_tooltip():
    runs = {"EEGNet v1.5 [a]": HISTORY}
    spec = run_curves(runs, dict.fromkeys(runs, "ELU"), "accuracy", "test", 10).to_dict()
    told = [column["title"] for layer in layers(spec) for column in layer.get("encoding", {}).get("tooltip", [])]
    assert "EEGNet v1.5 [a]" in told


def test_shares_in_the_confusion_matrix_are_of_the_true_class():
    table = confusion_table(np.array([[8, 2], [0, 0]]), NAMES)
    assert table["share"].tolist() == [0.8, 0.2, 0.0, 0.0]
    assert table["trials"].sum() == 10


def test_a_spectrum_with_silence_stays_on_a_logarithmic_axis_that_begins_where_rhythms_do():
    spec = spectrum_chart(SPECTRA.assign(low=0.0), np.arange(4.0), np.zeros(4), "C3", NAMES).to_dict()
    values = [row[key] for rows in spec["datasets"].values() for row in rows for key in ("power", "low") if key in row]
    assert min(values) > 0
    (scale,) = {json.dumps(channel["scale"]) for channel in channels(spec, "y")}
    low, high = json.loads(scale)["domain"]
    assert low == 0.01
    assert high > SPECTRA["high"].max()


def test_windows_leave_the_colours_of_classes_alone():
    spec = CHARTS["average"]().to_dict()
    assert {channel["field"] for channel in channels(spec, "color")} == {"class"}


def test_charts_are_values():
    assert all(isinstance(make(), alt.Chart | alt.LayerChart) for make in CHARTS.values())


def test_a_calibration_is_told_in_words_bin_by_bin():
    words = describe_calibration(SURE)
    assert "50% to 55% sure" in words or "55% to 60% sure" in words
    assert "100% of 1 correct" in words


def test_what_is_clicked_in_the_confusion_matrix_is_a_cell_and_no_number_is_in_the_way():
    cells, numbers = CHARTS["confusion"]().to_dict()["layer"]
    assert "tooltip" in cells["encoding"]
    assert "tooltip" not in numbers["encoding"]


def test_a_saliency_chart_draws_all_of_the_map():
    trials = one_trial()
    rows = gradient_table(trials, PULLS)
    assert rows.groupby("channel")["pull"].sum().tolist() == pytest.approx(PULLS.sum(axis=1).tolist())
    assert (rows["start"].min(), rows["stop"].max()) == (0, 2)
    assert "C4: strongest at 1." in describe_saliency(rows, "Where")


def test_covered_stretches_are_drawn_at_their_middles_side_by_side():
    found = Occlusion(np.array([0, 8, 16]), 32, np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    rows = occlusion_table(one_trial(), found)
    first = rows[rows["channel"] == "C3"]
    assert ((first["start"] + first["stop"]) / 2).tolist() == pytest.approx([16 / 64, 24 / 64, 32 / 64])
    assert first["stop"].tolist()[:-1] == pytest.approx(first["start"].tolist()[1:])


def test_the_modes_in_words_say_each_modes_range():
    assert describe_modes(BY_MODE) == "Accuracy by mode. on: 80.0% to 80.0%; off: 70.0% to 70.0%."
