"""Measurements on the page Devices: one to start, its progress, and what it found."""

import time
from typing import Any

import pandas as pd
import streamlit as st

from eegnets import sources
from eegnets.bench_folder import Measurement, begin, measurements, measuring, to_csv
from eegnets.bench_results import ENGINES, USUAL, Result, sentences, unsteady
from eegnets.charts.devices import SHOWN, bench_bars, bench_table, describe_bars, report_bars
from eegnets.config import SETTINGS, DataConfig, InputError
from eegnets.machine import Machine, here
from eegnets.owners import may_steer
from eegnets.timing import DEVICES, EPOCHS, REPORTED, as_reported
from eegnets.translation import _, ngettext, retold
from eegnets.ui.choices import pills
from eegnets.ui.drawing import show
from eegnets.ui.exporting import picture_buttons
from eegnets.ui.links import without_links
from eegnets.ui.panels import ago
from eegnets.ui.state import active_runs, is_alone, owner
from eegnets.ui.sweeping import duration

REFRESH = 1.2  # seconds between looks at a measurement: a drawing costs the cores that are measured
UNSTEADY = 1.5  # slowest against fastest epoch, from which on the machine cannot have been quiet
BUSY = 0.75  # programs at work for each core, from which on a machine is not quiet
ROUNDS = 5


def machine() -> Machine:
    """What computes here; looked at once."""
    with st.spinner(_("Looking at this machine …")):
        return _looked_at()


@st.cache_resource(show_spinner=False)
def _looked_at() -> Machine:
    return here()


def measure_form(found: Machine, data: DataConfig) -> None:
    """What is to be measured, and the button that starts it."""
    lists, limits = _lists(found), {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        limits["trials"] = st.number_input(
            _("Trials"), 16, 100_000, 192, 64, width=170, key="bench_trials", bind="query-params",
            help=_("At most so many training and as many test trials make an epoch here: enough to tell, soon done."),
        )  # fmt: skip
        limits["seconds"] = st.number_input(
            _("At most (s)"), 10, 3600, 60, 10, width=170, key="bench_seconds", bind="query-params",
            help=_("No further round is begun that would end later. A first round warms up; one always counts."),
        )  # fmt: skip
        pressed = st.button(
            _("Measure"),
            type="primary",
            icon=":material/timer:",
            disabled=measuring() is not None or not all(lists.values()),
            help=_("All ways take turns, an epoch each, in a process of their own. Pick at least one of every list."),
        )
    training = [run for run in active_runs() if run.status.state in ("running", "queued")]
    if training:
        st.warning(
            ngettext(
                "{n} run train or wait on this machine at the moment: the figures would be disturbed. Let them end "
                "first, or read the ratios only.",
                "{n} runs train or wait on this machine at the moment: the figures would be disturbed. Let them end "
                "first, or read the ratios only.",
                len(training),
            ),
            icon=":material/traffic:",
        )
    if pressed:
        began = begin(lists, sources.check(data), owner=owner(), rounds=ROUNDS, **limits)
        st.query_params["measurement"] = began.id
        st.rerun()


def _lists(found: Machine) -> dict[str, list[Any]]:
    """What the reader picks of every list; what stands alone is not asked."""
    choices: dict[str, tuple[str, list[Any], list[Any]]] = {
        "networks": (_("Networks"), list(SETTINGS["name"].choices), list(SETTINGS["name"].choices)),
        "engines": (_("Engines"), list(ENGINES), list(ENGINES)),
        "precisions": (_("Precisions"), ["float32", "bfloat16"], ["float32", "bfloat16"]),
        "threads": (_("Threads"), sorted({1, 2, found.cores // 2 or 1, found.cores}), sorted({1, found.cores})),
        "batch_sizes": (_("Batch sizes"), [16, 64, 256, 1024], [16, 64]),
        "devices": (_("Devices"), sorted(found.devices), sorted(found.devices)),
    }
    choices["threads"] = (_("Threads"), [n for n in choices["threads"][1] if n <= found.cores], choices["threads"][2])
    picked = {}
    with st.container(horizontal=True, gap="medium"):
        for name, (label, options, default) in choices.items():
            if len(options) < 2:
                continue
            common: dict[str, Any] = {"key": f"bench_{name}", "bind": "query-params", "width": "content"}
            if name == "engines":
                picked[name] = pills(label, options, default, common["key"], width="content")
            else:
                picked[name] = st.pills(label, options, selection_mode="multi", default=default, **common)
    return picked


def chosen() -> Measurement | None:
    """The measurement that the address names, or the newest; None where there is none."""
    kept = {found.id: found for found in measurements()}
    asked = st.query_params.get("measurement", "")
    if asked and asked not in kept:
        words = _("The measurement {id} is not kept any more; here is the newest.", id=asked)
        st.warning(without_links(words), icon=":material/search_off:")
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
            st.error(without_links(error), icon=":material/broken_image:")

    watched()


def _standing(found: Measurement) -> None:
    state, results = found.state, found.results()
    if state == "measuring":
        _progress(found)
    elif state == "cut off":
        complaint = found.complaint()
        words = [
            _("This measurement ended early."),
            retold(complaint) if complaint else _("It was cancelled, or its process was killed."),
            _("What it measured until then stands below.") if results else _("It measured nothing."),
        ]
        st.warning(" ".join(words), icon=":material/power_off:")
    if results:
        _results(found, results, live=state == "measuring")


def _progress(found: Measurement) -> None:
    """How far it is, by epochs or by its time, and the button that ends it."""
    about, last = found.first("begin"), found.records()[-1]
    share, words = 0.0, _("Getting ready …")
    if about:
        spent = time.time() - about["at"]
        share = max(last.get("done", 0) / about["of"], min(spent / about["seconds"], 1.0) if "done" in last else 0.0)
        told = {"n": last.get("done", 0), "spent": spent, "limit": duration(about["seconds"])}
        words = _("{n} epochs measured, {spent:.0f} s of {limit} at most", **told)
        if not last.get("round"):
            words = _("{n} epochs measured (warming up), {spent:.0f} s of {limit} at most", **told)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(share, 1.0), text=words)
        st.button(
            _("Cancel"),
            icon=":material/stop:",
            on_click=found.cancel,
            disabled=not may_steer(found.owner, owner(), alone=is_alone()),
            help=_("Ends it at once; what was measured stays. Only who started it can."),
        )


def _results(found: Measurement, results: list[Result], live: bool) -> None:
    about = found.first("begin")
    trials, where = about["trials"], about["machine"]
    others = dict.fromkeys(result.case.device for result in results if result.case.device != "cpu")
    cards = [where.get("devices", {}).get(name, name) for name in others]
    st.caption(
        _(
            "Measured {ago} on {devices}: {n_train} training and {n_test} test trials of {n_chans} channels × "
            "{n_times} samples ({source}).",
            ago=ago(about["at"]),
            devices=_(", ").join(map(_, [where["processor"], *cards])),
            **{name: trials[name] for name in ("n_train", "n_test", "n_chans", "n_times", "source")},
        )
    )
    doubt = _doubt(results, about)
    if doubt:
        st.caption(
            _(":orange-badge[:material/warning: disturbed] {doubt} Measure again when it is quiet.", doubt=doubt)
        )
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences(results)))
    networks = list(dict.fromkeys(result.case.model for result in results))
    for network in networks:
        table = bench_table(results, network)
        chart = bench_bars(table, network)
        show(chart, key=f"bench_{network}", alt=describe_bars(table, network))
        with st.container(horizontal=True):
            picture_buttons(chart, f"epoch-{network}")
    _beside_the_report(results, trials)
    if not live:
        _table(found, results)


def _doubt(results: list[Result], about: dict[str, Any]) -> str:
    """What speaks against the figures; empty where nothing does."""
    load, cores = about.get("load") or 0.0, about["machine"]["cores"]
    if unsteady(results) > UNSTEADY:
        return _(
            "Some epochs took {times:.1f} times as long as others of the same kind: the machine did something else "
            "meanwhile.",
            times=unsteady(results),
        )
    if load > BUSY * cores:
        return _(
            "The machine was busy when this began: {load:.1f} programs wanted its {cores} cores.",
            load=load,
            cores=cores,
        )
    return ""


def _table(found: Measurement, results: list[Result]) -> None:
    with st.expander(_("All figures")):
        table = pd.DataFrame([result.row() for result in results])
        table["engine"] = table["engine"].map(SHOWN["engine"])
        st.dataframe(table, hide_index=True, alt=table.to_string(index=False), column_config=_columns())
    st.download_button(
        _("Results (CSV)"),
        lambda: to_csv(found),
        f"{found.id}.csv",
        icon=":material/download:",
        on_click="ignore",
        help=_("A line for each way to train, with the date and this machine in every line."),
    )


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "model": _("Network"),
        "engine": _("Engine"),
        "precision": _("Precision"),
        "device": _("Device"),
        "threads": _("Threads"),
        "batch_size": _("Batch size"),
        "seconds": number(_("Seconds per epoch"), format="%.3f"),
        "fastest": number(_("Fastest"), format="%.3f"),
        "slowest": number(_("Slowest"), format="%.3f"),
        "epochs": _("Epochs"),
        "ratio": number(
            _("× usual loop"),
            format="%.2f",
            help=_("How many times as fast, all else alike. On a graphics card that loop has fewer digits (TF32)."),
        ),
    }


def _beside_the_report(results: list[Result], trials: dict[str, Any]) -> None:
    """The lab report's two times for 500 epochs of EEGNet beside the usual loop and the fastest way of each device."""
    mine = [result for result in results if result.case.model == "EEGNet"]
    if not mine:
        return
    sizes = trials["n_train"], trials["n_test"]
    rows = [
        {
            "who": _("lab report, {device}", device=_(DEVICES[device])),
            "whose": "lab report",
            "seconds": REPORTED["EEGNet", device],
        }
        for device in ("cpu", "cuda")
    ]
    rows += [
        {"who": words, "whose": "here", "seconds": as_reported(result.seconds, *sizes)}
        for words, result in _ways(mine).items()
    ]
    st.header(_("Beside the lab report"), anchor="report")
    said = report_words(rows)
    st.markdown(said)
    show(report_bars(pd.DataFrame(rows)), key="bench_report", alt=said)
    st.caption(
        _(
            "The report timed EEGNet with LeakyReLU on S4b and X11b on its author's machine. Here: another processor, "
            "another version of PyTorch, ELU, and the trials above ({n_chans} channels × {n_times} samples), scaled to "
            "{epochs} epochs of as many trials; a training trial counts as three passes, a test trial as one. So "
            "compare ratios rather than seconds.",
            n_chans=trials["n_chans"],
            n_times=trials["n_times"],
            epochs=EPOCHS,
        )
    )


def _ways(mine: list[Result]) -> dict[str, Result]:
    """The usual loop and the fastest way of each device, by their names."""
    devices = [device for device in DEVICES if any(result.case.device == device for result in mine)]
    shown = {}
    for device in devices:
        there = sorted((result for result in mine if result.case.device == device), key=lambda result: result.seconds)
        usual = [result for result in there if result.case.engine == USUAL]
        names = [_("the usual loop here"), _("the fastest way here")]
        if len(devices) > 1:
            whose = {"device": _(DEVICES[device])}
            names = [
                _("the usual loop here on the {device}", **whose),
                _("the fastest way here on the {device}", **whose),
            ]
        shown |= {names[0]: usual[0]} if usual else {}
        shown[names[1]] = there[0]
    return shown


def report_words(rows: list[dict[str, Any]]) -> str:
    """The same in a sentence: the report's ratio, and how this machine's times lie to it."""
    processor, card = REPORTED["EEGNet", "cpu"], REPORTED["EEGNet", "cuda"]
    return _(
        "The lab report's {epochs} epochs took {processor:.0f} s on a processor and {card:.0f} s on a graphics card, "
        "{times:.1f} times as fast. For as many epochs of as many trials {here}.",
        epochs=EPOCHS,
        processor=processor,
        card=card,
        times=processor / card,
        here=_("; ").join(_against(row, processor) for row in rows if row["whose"] == "here"),
    )


def _against(row: dict[str, Any], reported: float) -> str:
    who, seconds = row["who"], row["seconds"]
    if seconds <= reported:
        return _(
            "{who} would take {seconds:.0f} s, {times:.1f} times as fast as the report's processor",
            who=who,
            seconds=seconds,
            times=reported / seconds,
        )
    return _(
        "{who} would take {seconds:.0f} s, {times:.1f} times as long as the report's processor",
        who=who,
        seconds=seconds,
        times=seconds / reported,
    )


def earlier() -> None:
    """A way to the measurements before this one."""
    kept = measurements()
    if len(kept) > 1:
        with st.popover(_("Earlier measurements"), icon=":material/history:"):
            for found in kept:
                st.page_link("pages/devices.py", label=found.id, query_params={"measurement": found.id})
