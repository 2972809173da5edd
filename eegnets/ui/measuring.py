"""The page Devices: this machine in words, a measurement to start, its progress, and what it found."""

import time
from typing import Any

import pandas as pd
import streamlit as st

from eegnets import sources
from eegnets.bench_folder import Measurement, begin, measurements, measuring, to_csv
from eegnets.bench_results import ENGINES, Result, sentences, unsteady
from eegnets.charts.devices import bench_bars, bench_table, describe_bars, report_bars
from eegnets.config import SETTINGS, DataConfig, InputError
from eegnets.machine import Machine, here
from eegnets.owners import may_steer
from eegnets.timing import REPORTED, as_reported
from eegnets.ui.exporting import picture_buttons
from eegnets.ui.panels import ago
from eegnets.ui.state import active_runs, owner, runner
from eegnets.ui.sweeping import duration

REFRESH = 1.2  # seconds between looks at a measurement: a drawing costs the cores that are measured
UNSTEADY = 1.5  # slowest against fastest epoch, from which on the machine cannot have been quiet
BUSY = 0.75  # programs at work for each core, from which on a machine is not quiet
ROUNDS = 5


@st.cache_resource(show_spinner="Looking at this machine …")
def machine() -> Machine:
    """What computes here; looked at once."""
    return here()


def machine_panel(found: Machine) -> None:
    """This machine in words, and what that means for training."""
    facts = {
        "Processor": found.processor,
        "Cores": str(found.cores),
        "Memory": f"{found.memory / 2**30:.0f} GiB",
        "Graphics card": found.card or "none",
        "bfloat16": _bfloat16(found),
        "PyTorch": found.torch,
    }
    with st.container(border=True):
        with st.container(horizontal=True, gap="large"):
            for name, value in facts.items():
                st.markdown(f":small[:gray[{name}]]  \n**{value}**", width="content")
        st.markdown("\n".join(f"- {sentence}" for sentence in _meaning(found)))


def _bfloat16(found: Machine) -> str:
    if found.bfloat16 is None:
        return "not known"
    return ", ".join(found.bfloat16) or "no instructions"


def _meaning(found: Machine) -> list[str]:
    """What the facts mean, a sentence each."""
    workers = runner().workers
    threads = getattr(workers, "threads", 1)
    n, each = workers.count(), f"{threads} thread{'s' * (threads > 1)}"
    runs = f"{n} runs train at once here, each with {each}" if n > 1 else f"One run trains at a time here, with {each}"
    said = [f"{runs}; more wait for their turn."]
    if found.card:
        said.append(f"There is a graphics card ({found.card}): the setting Device takes it unless told otherwise.")
    else:
        said.append(
            "There is no graphics card that PyTorch can use, so the processor computes everything. Threads, batch "
            "sizes, engines and precisions can be compared here instead."
        )
    if found.bfloat16:
        said.append("The processor multiplies bfloat16 directly: that precision may be faster here. Measure it.")
    elif found.bfloat16 is not None:
        said.append("The processor has no instructions for bfloat16: on it that precision is usually slower.")
    return said


def measure_form(found: Machine, data: DataConfig) -> None:
    """What is to be measured, and the button that starts it."""
    lists, limits = _lists(found), {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        limits["trials"] = st.number_input(
            "Trials", 16, 100_000, 192, 64, width=170, key="bench_trials", bind="query-params",
            help="At most so many training and as many test trials make an epoch here: enough to tell, soon done.",
        )  # fmt: skip
        limits["seconds"] = st.number_input(
            "At most (s)", 10, 3600, 60, 10, width=170, key="bench_seconds", bind="query-params",
            help="No further round is begun that would end later. A first round warms up; one always counts.",
        )  # fmt: skip
        pressed = st.button(
            "Measure",
            type="primary",
            icon=":material/timer:",
            disabled=measuring() is not None or not all(lists.values()),
            help="All ways take turns, an epoch each, in a process of their own. Pick at least one of every list.",
        )
    training = [run for run in active_runs() if run.status.state in ("running", "queued")]
    if training:
        st.warning(
            f"{len(training)} run{'s' * (len(training) > 1)} train or wait on this machine at the moment: the figures "
            "would be disturbed. Let them end first, or read the ratios only.",
            icon=":material/traffic:",
        )
    if pressed:
        began = begin(lists, sources.check(data), owner=owner(), rounds=ROUNDS, **limits)
        st.query_params["measurement"] = began.id
        st.rerun()


def _lists(found: Machine) -> dict[str, list[Any]]:
    """What the reader picks of every list; what stands alone is not asked."""
    choices: dict[str, tuple[str, list[Any], list[Any]]] = {
        "networks": ("Networks", list(SETTINGS["name"].choices), list(SETTINGS["name"].choices)),
        "engines": ("Engines", list(ENGINES), list(ENGINES)),
        "precisions": ("Precisions", ["float32", "bfloat16"], ["float32", "bfloat16"]),
        "threads": ("Threads", sorted({1, 2, found.cores // 2 or 1, found.cores}), sorted({1, found.cores})),
        "batch_sizes": ("Batch sizes", [16, 64, 256, 1024], [16, 64]),
        "devices": ("Devices", sorted(found.devices), sorted(found.devices)),
    }
    choices["threads"] = ("Threads", [n for n in choices["threads"][1] if n <= found.cores], choices["threads"][2])
    picked = {}
    with st.container(horizontal=True, gap="medium"):
        for name, (label, options, default) in choices.items():
            if len(options) < 2:
                continue
            common: dict[str, Any] = {"key": f"bench_{name}", "bind": "query-params", "width": "content"}
            picked[name] = st.pills(label, options, selection_mode="multi", default=default, **common)
    return picked


def chosen() -> Measurement | None:
    """The measurement that the address names, or the newest; None where there is none."""
    kept = {found.id: found for found in measurements()}
    asked = st.query_params.get("measurement", "")
    if asked and asked not in kept:
        st.warning(f"The measurement {asked} is not kept any more; here is the newest.", icon=":material/search_off:")
    return kept.get(asked) or next(iter(kept.values()), None)


def measurement_panel(found: Measurement) -> None:
    """One measurement, live while it is at work."""
    active = found.state == "measuring"

    @st.fragment(run_every=REFRESH if active else None)
    def watched() -> None:
        try:
            if active and found.state != "measuring":
                st.rerun()
            _standing(found)
        except InputError as error:  # damaged, or deleted meanwhile
            st.error(str(error), icon=":material/broken_image:")

    watched()


def _standing(found: Measurement) -> None:
    state, results = found.state, found.results()
    if state == "measuring":
        _progress(found)
    elif state == "cut off":
        st.warning(
            f"This measurement ended early. {found.complaint() or 'It was cancelled, or its process was killed.'} "
            + ("What it measured until then stands below." if results else "It measured nothing."),
            icon=":material/power_off:",
        )
    if results:
        _results(found, results, live=state == "measuring")


def _progress(found: Measurement) -> None:
    """How far it is, by epochs or by its time, and the button that ends it."""
    about, last = found.first("begin"), found.records()[-1]
    share, words = 0.0, "Getting ready …"
    if about:
        spent = time.time() - about["at"]
        share = max(last.get("done", 0) / about["of"], min(spent / about["seconds"], 1.0) if "done" in last else 0.0)
        warm = "" if last.get("round") else " (warming up)"
        words = f"{last.get('done', 0)} epochs measured{warm}, {spent:.0f} s of {duration(about['seconds'])} at most"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(share, 1.0), text=words)
        st.button(
            "Cancel",
            icon=":material/stop:",
            on_click=found.cancel,
            disabled=not may_steer(found.owner, owner()),
            help="Ends it at once; what was measured stays. Only who started it can.",
        )


def _results(found: Measurement, results: list[Result], live: bool) -> None:
    about = found.first("begin")
    trials = about["trials"]
    st.caption(
        f"Measured {ago(about['at'])} on {about['machine']['processor']}: {trials['n_train']} training and "
        f"{trials['n_test']} test trials of {trials['n_chans']} channels × {trials['n_times']} samples "
        f"({trials['source']})."
    )
    doubt = _doubt(results, about)
    if doubt:
        st.caption(f":orange-badge[:material/warning: disturbed] {doubt} Measure again when it is quiet.")
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences(results)))
    networks = list(dict.fromkeys(result.case.model for result in results))
    for network in networks:
        table = bench_table(results, network)
        chart = bench_bars(table, network)
        st.altair_chart(chart, key=f"bench_{network}", alt=describe_bars(table, network))
        with st.container(horizontal=True):
            picture_buttons(chart, f"epoch-{network}")
    _beside_the_report(results, trials)
    if not live:
        _table(found, results)


def _doubt(results: list[Result], about: dict[str, Any]) -> str:
    """What speaks against the figures; empty where nothing does."""
    load, cores = about.get("load") or 0.0, about["machine"]["cores"]
    if unsteady(results) > UNSTEADY:
        return (
            f"Some epochs took {unsteady(results):.1f} times as long as others of the same kind: the machine did "
            "something else meanwhile."
        )
    if load > BUSY * cores:
        return f"The machine was busy when this began: {load:.1f} programs wanted its {cores} cores."
    return ""


def _table(found: Measurement, results: list[Result]) -> None:
    with st.expander("All figures"):
        table = pd.DataFrame([result.row() for result in results])
        st.dataframe(table, hide_index=True, alt=table.to_string(index=False), column_config=_columns())
    st.download_button(
        "Results (CSV)",
        lambda: to_csv(found),
        f"{found.id}.csv",
        icon=":material/download:",
        on_click="ignore",
        help="A line for each way to train, with the date and this machine in every line.",
    )


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "model": "Network",
        "engine": "Engine",
        "precision": "Precision",
        "device": "Device",
        "threads": "Threads",
        "batch_size": "Batch size",
        "seconds": number("Seconds per epoch", format="%.3f"),
        "fastest": number("Fastest", format="%.3f"),
        "slowest": number("Slowest", format="%.3f"),
        "epochs": "Epochs",
        "ratio": number("× usual loop", format="%.2f", help="How many times as fast, all else alike."),
    }


def _beside_the_report(results: list[Result], trials: dict[str, Any]) -> None:
    """The lab report's two times for 500 epochs of EEGNet beside the usual loop and the fastest way here."""
    mine = [result for result in results if result.case.model == "EEGNet"]
    if not mine:
        return
    sizes = trials["n_train"], trials["n_test"]
    usual = [result for result in mine if result.case.engine == "usual"]
    fastest = min(mine, key=lambda result: result.seconds)
    shown = {"the usual loop here": min(usual, key=lambda result: result.seconds)} if usual else {}
    shown |= {"the fastest way here": fastest}
    rows = [
        {"who": f"lab report, {words}", "whose": "lab report", "seconds": REPORTED["EEGNet", device]}
        for device, words in (("cpu", "processor"), ("cuda", "graphics card"))
    ]
    rows += [
        {"who": words, "whose": "here", "seconds": as_reported(result.seconds, *sizes)}
        for words, result in shown.items()
    ]
    table = pd.DataFrame(rows)
    st.subheader("Beside the lab report", anchor="report")
    said = report_words(rows)
    st.markdown(said)
    st.altair_chart(report_bars(table), key="bench_report", alt=said)
    st.caption(
        "The report timed EEGNet with LeakyReLU on S4b and X11b on its author's machine. Here: another processor, "
        f"another version of PyTorch, ELU, and the trials above ({trials['n_chans']} channels × {trials['n_times']} "
        "samples), scaled to 500 epochs of as many trials; a training trial counts as three passes, a test trial as "
        "one. So compare ratios rather than seconds."
    )


def report_words(rows: list[dict[str, Any]]) -> str:
    """The same in a sentence: the report's ratio, and how this machine's times lie to it."""
    processor, card = REPORTED["EEGNet", "cpu"], REPORTED["EEGNet", "cuda"]
    here = [
        f"{row['who']} would take {row['seconds']:.0f} s, {_against(row['seconds'], processor)}"
        for row in rows
        if row["whose"] == "here"
    ]
    return (
        f"The lab report's 500 epochs took {processor:.0f} s on a processor and {card:.0f} s on a graphics card, "
        f"{processor / card:.1f} times as fast. For as many epochs of as many trials {'; '.join(here)}."
    )


def _against(seconds: float, reported: float) -> str:
    ratio = reported / seconds
    words = f"{ratio:.1f} times as fast as" if ratio >= 1 else f"{1 / ratio:.1f} times as long as"
    return f"{words} the report's processor"


def earlier() -> None:
    """A way to the measurements before this one."""
    kept = measurements()
    if len(kept) > 1:
        with st.popover("Earlier measurements", icon=":material/history:"):
            for found in kept:
                st.page_link("pages/devices.py", label=found.id, query_params={"measurement": found.id})
