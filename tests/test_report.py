"""The lab report's tables: the report's figures where they belong, ours beside them, like with like."""

import csv
import io
import json
import math

import pytest
from scipy import stats

from eegnets.cli import main
from eegnets.config import InputError
from eegnets.report import (
    FORMATS,
    cell_words,
    make_report,
    missing_configs,
    score_grid,
    start_command,
)
from eegnets.runs import RunStore
from eegnets.sweep import plan
from eegnets.timing import time_table


@pytest.fixture
def rows(tmp_path):
    return lambda: RunStore(tmp_path / "runs").table()


def cell(report, *place):
    return next(c for c in report.cells if (c.model, c.activation, c.weight_decay, c.score) == place)


def test_the_reports_figures_stand_where_the_report_has_them():
    report = make_report([])
    found = {(c.model, c.activation, c.weight_decay): c.reported for c in report.cells}
    assert found[("EEGNet", "ELU", 0.01)] == 82.96
    assert found[("EEGNet", "ReLU", 0.01)] == 87.31
    assert found[("EEGNet", "LeakyReLU", 0.01)] == 87.22
    assert found[("DeepConvNet", "ReLU", 0.01)] == 82.96
    assert found[("EEGNet", "LeakyReLU", 0.0)] == 85.09
    assert found[("DeepConvNet", "ELU", 0.0)] == 80.19
    assert len(found) == 12
    assert len(report.cells) == 36


def test_a_cell_is_the_mean_over_seeds_with_its_interval(made_run, rows):
    lasts = [0.7, 0.75, 0.85]
    for seed, last in enumerate(lasts):
        made_run(activation="ReLU", seed=seed, accuracies=[0.6, 0.9, last])
    report = make_report(rows())
    found = cell(report, "EEGNet", "ReLU", 0.01, "last")
    oracle = stats.ttest_1samp([70, 75, 85], 0).confidence_interval()
    assert (found.mean.low, found.mean.high) == pytest.approx((oracle.low, oracle.high))
    assert found.mean.mean == pytest.approx(230 / 3)
    assert cell(report, "EEGNet", "ReLU", 0.01, "best_test").mean.mean == pytest.approx(90)
    assert cell(report, "EEGNet", "ReLU", 0.0, "last").mean.n == 0
    assert cell_words(found) == f"76.7 ± {(oracle.high - oracle.low) / 2:.1f} (n 3) | 87.31"


def test_a_seed_counts_once_with_its_newest_run(made_run, rows):
    old, new = made_run(accuracies=[0.5, 0.5, 0.5]), made_run(accuracies=[0.5, 0.5, 0.8])
    found = cell(make_report(reversed([row for run in (old, new) for row in rows() if row["id"] == run.id])),
                 "EEGNet", "ELU", 0.01, "last")  # fmt: skip
    assert (found.mean.mean, found.runs) == (pytest.approx(80), (new.id,))


def test_a_table_compares_like_with_like_and_says_what_it_left_out(made_run, rows):
    made_run(learning_rate=0.1)
    for seed in (0, 1):
        made_run(seed=seed, activation="ReLU", threads=seed + 1)
    made_run("failed", seed=7)
    made_run(activation="Tanh")
    report = make_report(rows())
    assert (report.runs, report.left_out) == (2, 2)
    assert cell(report, "EEGNet", "ELU", 0.01, "last").mean.n == 0
    assert cell(report, "EEGNet", "ReLU", 0.01, "last").mean.n == 2
    assert "2 finished runs with other settings are left out" in FORMATS["text"](report)


def test_a_source_without_finished_runs_is_told_with_those_that_have(made_run, rows):
    made_run()
    with pytest.raises(InputError, match="choose from simulated"):
        make_report(rows(), "graz_iiib")


def test_what_is_missing_is_a_command_that_asks_for_just_that(made_run, rows, tmp_path):
    made_run(seed=0)
    made_run(seed=1, activation="ReLU")
    report = make_report(rows())
    command = start_command(report, cell(report, "EEGNet", "ReLU", 0.01, "last"))
    assert command == "python -m eegnets sweep --models EEGNet --activations ReLU --weight-decays 0.01 --seeds 0 " + (
        "--epochs 3"
    )
    wanted = missing_configs(report)
    assert len(wanted) == 12 * 2 - 2
    assert {c.state for c in plan(wanted, rows())} == {"missing"}


def test_nothing_is_missing_where_every_seed_is_there(made_run, rows):
    for config in [made_run().config, *missing_configs(make_report(rows()))]:
        changes = {"name": config.model.name, "activation": config.model.activation}
        made_run(**changes, weight_decay=config.training.weight_decay, seed=config.training.seed)
    report = make_report(rows())
    assert missing_configs(report) == []
    assert "Missing" not in FORMATS["text"](report)


def test_all_forms_tell_the_same_numbers(made_run, rows):
    for seed in (0, 1):
        made_run(seed=seed, accuracies=[0.5, 0.8, 0.7 + 0.1 * seed])
    report = make_report(rows())
    objects = json.loads(FORMATS["json"](report))
    lines = list(csv.DictReader(io.StringIO(FORMATS["csv"](report))))
    assert len(objects) == len(lines) == len(report.cells)
    for found, line, mine in zip(objects, lines, report.cells, strict=True):
        assert found["seeds"] == int(line["seeds"]) == mine.mean.n
        assert (found["accuracy"] is None) == math.isnan(mine.mean.mean)
        assert found["start"] == line["start"]
    assert objects[0]["accuracy"] == pytest.approx(75) == pytest.approx(float(lines[0]["accuracy"]))
    for form in ("text", "markdown"):
        assert "75.0 ± " in FORMATS[form](report)
        assert "87.31" in FORMATS[form](report)


def test_a_markdown_table_has_as_many_cells_in_every_row():
    text = FORMATS["markdown"](make_report([]))
    for part in text.split("### ")[1:]:
        table = [line for line in part.splitlines() if line.startswith("|")]
        assert len(table) == 4
        assert len({line.count("|") for line in table}) == 1
    assert text.count("### ") == 7


def test_a_grid_has_the_reports_rows_and_columns():
    table = score_grid(make_report([]), "best_test", 0.0)
    assert table.columns.tolist() == ["Network", "ELU", "ReLU", "LeakyReLU"]
    assert table["Network"].tolist() == ["EEGNet", "DeepConvNet"]
    assert table.loc[1, "LeakyReLU"] == "no run | 79.63"


@pytest.mark.parametrize("form", FORMATS)
def test_the_command_prints_the_report(tmp_path, capsys, form, made_run):
    made_run()
    assert main(["report", "--format", form, "--runs", str(tmp_path / "runs")]) == 0
    assert "82.96" in capsys.readouterr().out


def test_a_source_that_is_none_is_refused_though_there_is_no_run_yet(tmp_path, capsys):
    assert main(["report", "--source", "scp1", "--runs", str(tmp_path)]) == 0
    assert "--source scp1" in capsys.readouterr().out
    assert main(["report", "--source", "scp2", "--runs", str(tmp_path)]) == 2
    assert "unknown source 'scp2'" in capsys.readouterr().err


def test_times_are_scaled_to_500_epochs_beside_the_lab_reports(made_run, rows):
    for seed in (0, 1):
        run = made_run(epochs=4, seed=seed, device="cpu", threads=2)  # half a second an epoch
        run.met(device="cpu", trials={"train": 200, "validation": 50, "test": 100})
    table = time_table(make_report(rows()).times)
    assert table.columns[2] == "Seconds for 500 epochs"
    assert table.to_numpy().tolist() == [
        ["EEGNet", "processor, 2 threads", "250.0 ± 0.0 (n 2)", "357", "200"],
        ["EEGNet", "graphics card", "no run", "38", "–"],
    ]
    for form in ("text", "markdown"):
        assert "250.0 ± 0.0 (n 2)" in FORMATS[form](make_report(rows()))
    cells = json.loads(FORMATS["json"](make_report(rows())))
    assert {c["seconds_500_epochs"] for c in cells if c["seeds"]} == {250.0}


def test_times_of_different_engines_and_precisions_are_not_averaged(made_run, rows):
    ways = [("fused", "float32"), ("plain", "float32"), ("fused", "bfloat16")]
    for seed, (engine, precision) in enumerate(ways):
        made_run(seed=seed, engine=engine, precision=precision, device="cpu", threads=1)
    report = make_report(rows())
    table = time_table(report.times)
    found = table[table["Seconds for 500 epochs"] == "250.0 (n 1)"]
    assert sorted(zip(found["Engine"], found["Precision"], strict=True)) == sorted(ways)
    assert "bfloat16" in FORMATS["text"](report)
    (line,) = [line for line in csv.DictReader(io.StringIO(FORMATS["csv"](report))) if line["seeds"] == "3"][:1]
    assert line["seconds_500_epochs"] == ""
    assert (line["device"], line["threads"]) == ("cpu", "1")
    assert set(line["engine"].split("+")) == {"fused", "plain"}
    assert set(line["precision"].split("+")) == {"float32", "bfloat16"}


@pytest.mark.parametrize(
    ("device", "torch", "met", "found"),
    [("cuda", "2.6", {}, "cuda"), ("auto", "2.6+cpu", {}, "cpu"), ("auto", "2.6", {}, ""),
     ("auto", "2.6", {"device": "cuda"}, "cuda")],
)  # fmt: skip
def test_the_device_is_what_computed_where_that_is_known(made_run, rows, device, torch, met, found):
    run = made_run(device=device)
    about = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(about | {"versions": {"torch": torch}}))
    run.met(**met)
    assert rows()[0]["computed_on"] == found


def test_a_run_that_was_changed_while_it_trained_is_in_no_table(made_run, rows):
    plain, changed = made_run(), made_run(seed=1)
    changed.ask(weight_decay=0.5)
    found = cell(make_report(rows()), "EEGNet", "ELU", 0.01, "last")
    assert found.runs == (plain.id,)
