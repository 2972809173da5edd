"""Charts of measured epochs: valid, titled, with units, and true to what they are given."""

import pytest
from test_bench import records

from eegnets.bench_results import Case, results
from eegnets.charts.devices import bench_bars, bench_table, describe_bars, report_bars
from eegnets.timing import EPOCHS, REPORTED, TRIALS, as_reported
from eegnets.ui.measuring import report_words

FOUND = results(records({Case(engine="usual"): [9, 2, 3], Case(): [9, 1, 1], Case(threads=2): [9, 4]}))


def test_the_fastest_comes_first_and_each_way_says_what_differs():
    table = bench_table(FOUND, "EEGNet")
    assert list(table["way"]) == ["fused, 1 thread", "usual loop, 1 thread", "fused, 2 threads"]
    assert list(table["reading"]) == ["1 s · 2.5 ×", "2.5 s · 1.0 ×", "4 s"]


def test_bars_are_valid_and_leave_room_for_their_words():
    chart = bench_bars(bench_table(FOUND, "EEGNet"), "EEGNet").to_dict()  # checked against Vega-Lite's schema
    assert chart["title"]["text"] == "EEGNet"
    assert "against the usual loop of the same device, threads and batch" in str(chart["title"]["subtitle"])
    x = chart["layer"][0]["encoding"]["x"]
    assert x["title"] == "Seconds per epoch"
    assert x["scale"]["domain"][1] > 4


def test_one_way_alone_is_a_bar_too():
    table = bench_table(results(records({Case(): [0, 1]})), "EEGNet")
    assert list(table["way"]) == ["fused"]
    assert "fused is the fastest with 1 s" in describe_bars(table, "EEGNet")
    bench_bars(table, "EEGNet").to_dict()


def test_the_reports_bars_are_valid():
    import pandas as pd

    rows = [{"who": "lab report, processor", "whose": "lab report", "seconds": 357.0}]
    chart = report_bars(pd.DataFrame(rows)).to_dict()
    assert chart["layer"][0]["encoding"]["x"]["title"] == f"Seconds for {EPOCHS} epochs"


def test_an_epoch_of_the_reports_trials_is_only_multiplied_and_fewer_count_by_their_passes():
    assert as_reported(0.5, TRIALS, TRIALS) == EPOCHS * 0.5
    assert as_reported(0.5, TRIALS // 2, TRIALS // 2) == EPOCHS * 1.0
    assert as_reported(3, 100, 0) == pytest.approx(EPOCHS * 4 * TRIALS / 100)


def test_the_reports_ratio_and_ours_are_said():
    half, twice = REPORTED["EEGNet", "cpu"] / 2, REPORTED["EEGNet", "cpu"] * 2
    said = report_words(
        [{"who": "A", "whose": "here", "seconds": half}, {"who": "B", "whose": "here", "seconds": twice}]
    )
    assert "9.3 times as fast" in said
    assert "A would take 179 s, 2.0 times as fast as the report's processor" in said
    assert "B would take 715 s, 2.0 times as long as the report's processor" in said
