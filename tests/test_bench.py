"""Measuring epochs: turns are fair, what is told is what was measured, and to leave is to stop."""

import itertools
import json
import subprocess
import sys

import pytest
import torch
from file_tree import ROOT

from eegnets import bench
from eegnets.bench_results import FIELDS, Case, cases, compared, in_words, results, sentences, unsteady
from eegnets.cli import main
from eegnets.config import InputError
from eegnets.machine import bfloat16_instructions, cpuinfo, here

LISTS = {"networks": ["EEGNet"], "engines": ["usual", "plain", "fused"], "precisions": ["float32", "bfloat16"]}


@pytest.fixture
def tiny(tiny_trials):
    return bench.folds(tiny_trials, 8)


def records(seconds):
    """A record for each (case, seconds of its epochs)."""
    return [
        {"kind": "epoch", **{name: getattr(case, name) for name in FIELDS}, "round": turn, "seconds": took}
        for case, epochs in seconds.items()
        for turn, took in enumerate(epochs)
    ]


class Clock:
    """Time that passes only while somebody acts."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def act(self, seconds):
        return lambda: setattr(self, "now", self.now + seconds)


def test_everyone_takes_turns_and_is_timed_alone():
    clock = Clock()
    taken = list(bench.turns({"slow": clock.act(3), "fast": clock.act(1)}, 2, clock=clock))
    assert taken == [(who, turn, took) for turn in range(3) for who, took in (("slow", 3.0), ("fast", 1.0))]


@pytest.mark.parametrize(("seconds", "rounds"), [(0.1, 2), (8, 2), (12, 3), (100, 6)])
def test_no_round_is_begun_that_would_end_too_late_but_one_counts(seconds, rounds):
    clock = Clock()
    taken = list(bench.turns({"slow": clock.act(3), "fast": clock.act(1)}, 5, seconds, clock))
    assert len(taken) == 2 * rounds


def test_every_case_is_measured_in_every_round_and_threads_are_put_back(tiny):
    asked = cases(LISTS)
    before = torch.get_num_threads()
    found = list(bench.measure(asked, tiny, 1))
    assert [(record["done"], record["of"]) for record in found] == [(i + 1, 10) for i in range(10)]
    assert all(record["seconds"] > 0 for record in found)
    assert [result.case for result in results(found)] == asked
    assert json.loads(json.dumps(found)) == found
    assert torch.get_num_threads() == before


def test_to_stop_is_to_stop_iterating(tiny):
    before = torch.get_num_threads()
    measuring = bench.measure(cases({"threads": [2]}), tiny, 100)
    assert len(list(itertools.islice(measuring, 2))) == 2
    measuring.close()
    assert torch.get_num_threads() == before
    assert list(measuring) == []


def test_the_usual_loop_learns_as_the_others_do(tiny, monkeypatch):
    made = []
    new = bench._new
    monkeypatch.setattr(bench, "_new", lambda *given: made.append(new(*given)) or made[-1])
    list(bench.measure(cases({"engines": ["usual"]}), tiny, 1))
    first = new(Case(), tiny)
    moved = [not torch.equal(a, b) for a, b in zip(made[0].parameters(), first.parameters(), strict=True)]
    assert all(moved)


def test_trials_are_bounded_and_without_validation(tiny_trials):
    folds = bench.folds(tiny_trials, 8)
    assert [len(fold) if fold else 0 for fold in folds] == [8, 0, 8]
    assert [len(fold) if fold else 0 for fold in bench.folds(tiny_trials)] == [24, 0, 16]


def test_a_device_that_is_not_here_is_told_before_anything_is_measured(tiny):
    gone = next(name for name in ("mps", "cuda") if name not in here().devices)
    with pytest.raises(InputError, match="is not on this machine"):
        next(bench.measure(cases({"devices": [gone]}), tiny))


def test_a_result_is_the_median_without_the_warm_up_and_its_ratio_is_to_the_usual_loop():
    fused, usual = Case(), Case().reference()
    found = results(records({usual: [9, 2, 4, 3], fused: [50, 1, 2, 1.5]}))
    assert [(result.seconds, result.fastest, result.slowest, result.epochs) for result in found] == [
        (3, 2, 4, 3),
        (1.5, 1, 2, 3),
    ]
    assert [result.row()["ratio"] for result in found] == [1, 2]


def test_without_the_usual_loop_at_its_threads_there_is_no_ratio():
    (found, _) = results(records({Case(threads=2): [1, 1], Case(engine="usual"): [1, 1]}))
    assert found.row()["ratio"] is None


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "x", None])
def test_seconds_that_nobody_measured_are_refused(seconds):
    with pytest.raises((ValueError, TypeError)):
        results(records({Case(): [1, seconds]}))


def test_only_twins_are_compared():
    one, two = Case(threads=1), Case(threads=2)
    found = results(records({one: [0, 4], two: [0, 2], Case("DeepConvNet", threads=2): [0, 1]}))
    assert compared(found, "threads", 1, 2) == [2.0]
    assert compared(found, "threads", 2, 1) == [0.5]
    assert compared(found, "engine", "plain", "fused") == []


@pytest.mark.parametrize(
    ("ratios", "words"),
    [
        ([2.0], "2 times as fast"),
        ([1.31, 1.32, 1.94], "1.3 times as fast (range 1.3 to 1.9)"),
        ([0.5], "2 times as slow"),
        ([0.5, 0.25, 0.5], "2 times as slow (range 2 to 4)"),
        ([1.01], "about as fast"),
        ([0.8, 1.0, 1.24], "about as fast (range 0.8 to 1.2)"),
    ],
)
def test_ratios_are_said_as_one_would_say_them(ratios, words):
    assert in_words(ratios) == words


def test_sentences_speak_of_every_setting_that_varies_and_of_nothing_else():
    found = results(records({Case(engine="usual"): [0, 4], Case(): [0, 2], Case(threads=2): [0, 1]}))
    assert sentences(found) == [
        "The fused engine is 2 times as fast as the usual loop.",
        "2 threads are 2 times as fast as 1 thread.",
    ]
    assert sentences(found[:1]) == []


def test_a_range_that_holds_1_tells_no_difference():
    took = {Case(): 1, Case(threads=2): 2, Case("DeepConvNet"): 2, Case("DeepConvNet", threads=2): 1}
    (sentence,) = sentences(results(records({case: [0, seconds] for case, seconds in took.items()})))
    assert sentence.endswith("(range 0.5 to 2) as 1 thread. That range holds 1: no difference can be told.")


def test_a_machine_that_did_something_else_meanwhile_is_seen():
    assert unsteady(results(records({Case(): [0, 1, 3], Case(threads=2): [0, 1, 1]}))) == 3
    assert unsteady([]) == 1


def test_cases_are_every_combination_that_makes_sense_once():
    assert len(cases(LISTS | {"threads": [1, 2, 2]})) == 10
    assert cases({}) == [Case()]
    assert [case.threads for case in cases({"devices": ["cpu", "cuda"], "threads": [1, 2]})] == [1, 2, 2]


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({"engines": ["fast"]}, "choose from usual, plain, fused"),
        ({"threads": ["0"]}, "threads takes a whole number from 1"),
        ({"batch_sizes": list(range(1, 99))}, "up to 96"),
        ({"engines": ["usual"], "precisions": ["bfloat16"]}, "float32 alone"),
    ],
)
def test_lists_that_make_no_sense_are_refused(lists, message):
    with pytest.raises(InputError, match=message):
        cases(lists)


COMMAND = ["bench", "--networks", "EEGNet", "--threads", "1", "--trials", "4", "--rounds", "1", "--devices", "cpu"]


def test_the_command_prints_a_table_with_the_usual_loop_at_one(capsys):
    assert main(COMMAND) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [line[1] for line in lines[1:]] == ["usual", "plain", "fused"]
    assert float(lines[1][-1]) == 1.0


def test_as_json_it_prints_whole_records_line_by_line(capsys):
    assert main([*COMMAND, "--engines", "usual,fused", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["kind"] for record in found] == ["begin", *["epoch"] * 4, *["result"] * 2, "end"]
    assert found[0]["trials"] == {"n_train": 4, "n_test": 4, "n_chans": 2, "n_times": 750, "source": "simulated"}
    assert [result.row() | {"kind": "result"} for result in results(found)] == found[5:7]


@pytest.mark.parametrize("wrong", [["--threads", "x"], ["--rounds", "0"], ["--seconds", "-1"], ["--source", "x"]])
def test_a_wrong_argument_is_exit_code_two_and_a_sentence(capsys, wrong):
    assert main([*COMMAND, *wrong]) == 2
    assert capsys.readouterr().err.startswith("eegnets: ")


def test_wrong_lists_are_told_before_torch_is_imported():
    script = (
        "import sys; from eegnets.cli import main; main(['bench', '--engines', 'x']); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_the_processors_flags_tell_of_bfloat16(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("model name\t: Some CPU\nflags\t\t: fpu avx512_bf16 amx_bf16\n\nprocessor\t: 1\nflags\t: none\n")
    assert cpuinfo(info)["model name"] == "Some CPU"
    assert bfloat16_instructions(cpuinfo(info)) == ("AMX", "AVX-512 BF16")
    assert bfloat16_instructions({"Features": "fp asimd bf16"}) == ("Arm BF16",)
    assert bfloat16_instructions({"flags": "fpu avx2"}) == ()
    assert bfloat16_instructions(cpuinfo(tmp_path / "none")) is None


def test_the_processors_flags_agree_with_torch():
    if not cpuinfo().get("flags"):
        pytest.skip("the flags of this processor are not known")
    asked = {"AMX": torch.cpu._is_amx_tile_supported, "AVX-512 BF16": torch.cpu._is_avx512_bf16_supported}
    assert [name for name, there in asked.items() if there()] == list(here().bfloat16)
