"""Runs as a page shows them, live while they train: progress, three scores, curves, and how to stop."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from eegnets.charts.curves import describe_curves, fold_curves, run_curves
from eegnets.comparison import asked_words
from eegnets.config import InputError
from eegnets.owners import LONGEST
from eegnets.runs import SCORES, Run, Status, shipped
from eegnets.scores import summary
from eegnets.sources import SOURCES, data_root
from eegnets.translation import N_, _, ngettext, retold
from eegnets.ui.choices import segments
from eegnets.ui.drawing import shared, show
from eegnets.ui.links import as_written, without_links
from eegnets.ui.naming import label, labels
from eegnets.ui.scores import SCORE_HELP
from eegnets.ui.signing_in import account, is_offered
from eegnets.ui.state import active_runs, is_mine, owner, owners, runner
from eegnets.ui.steering import live_settings, steering, stop

REFRESH = 1.2  # seconds between looks at a run that trains: each costs the browser a drawing, on the same cores
EAGER = 0.3  # and at one that was just started, or asked to pause, stop or go on: that is what somebody waits for
NEW = {"running": 10.0, "queued": 1.5}  # seconds after the start for which it is that; longer in the queue, it waits
ASKED = 4.0  # seconds after a request; then the epoch in work is a long one
LOOK_AROUND = 3.0  # seconds between looks for what runs at all

BADGES = {
    "queued": (N_("Waiting"), "gray", ":material/hourglass_empty:"),
    "running": (N_("Training"), "blue", ":material/play_arrow:"),
    "paused": (N_("Paused"), "orange", ":material/pause:"),
    "stopped": (N_("Stopped"), "orange", ":material/stop:"),
    "finished": (N_("Finished"), "green", ":material/check:"),
    "failed": (N_("Failed"), "red", ":material/error:"),
    "interrupted": (N_("Interrupted"), "red", ":material/power_off:"),
    "damaged": (N_("Damaged"), "red", ":material/broken_image:"),
}

SHORT = {"last": N_("Last"), "best_validation": N_("Chosen"), "best_test": N_("Best test")}  # scores in a narrow table

ASKED_FOR = {  # and not done yet
    "pause": (N_("Pausing after this epoch"), "orange", ":material/pause:"),
    "stop": (N_("Stopping"), "orange", ":material/stop:"),
}


def live(runs: list[Run], draw: Callable[[], None]) -> None:
    """Draw, and draw again while one of the runs is active; when all have ended or one goes on, show the page anew."""
    pace = _pace(runs)

    @st.fragment(run_every=pace)
    def watched() -> None:
        try:
            draw()
        except InputError as error:  # deleted or damaged meanwhile
            st.warning(without_links(error), icon=":material/search_off:")
        if pace != _pace(runs):
            st.rerun()

    watched()


def told(epochs: int, active: bool) -> int:
    """Up to which of so many epochs the words for a chart's curves go: the last power of two while a run is active.

    With other words the browser puts a chart together anew; with the same it moves the lines.
    """
    return 1 << (epochs.bit_length() - 1) if active and epochs else epochs


def _pace(runs: list[Run]) -> float | None:
    """Seconds between looks at these runs; None where nothing happens any more."""
    active = [run for run in runs if run.status.active]
    if not active:
        return None
    nothing_yet = not any(run.history() for run in runs)
    return EAGER if any(_was_asked(run) or (nothing_yet and _is_new(run)) for run in active) else REFRESH


def _is_new(run: Run) -> bool:
    """Whether somebody is likely to wait for its first epoch."""
    try:
        return time.time() - run.about()["created"] < NEW.get(run.status.state, 0)
    except (InputError, LookupError, TypeError):  # damaged
        return False


def _was_asked(run: Run) -> bool:
    """Whether somebody has just asked for something that does not show yet: what rests already, waits for nobody."""
    return time.time() - run.stamp("control.json") / 1e9 < ASKED and run.status.state != "paused"


def running_now() -> None:
    """What trains or waits at this moment, each with a way to it and a stop; for the sidebar."""

    @st.fragment(run_every=LOOK_AROUND)
    def watched() -> None:
        active = active_runs()
        st.caption(_("Running now: {n}", n=len(active)) if active else _("Running now: nothing"))
        for run in active[:4]:
            with contextlib.suppress(InputError):  # deleted meanwhile
                _running_row(run)
        if len(active) > 4:
            st.caption(_("and {n} more", n=len(active) - 4))

    watched()


def your_name() -> None:
    """Sign in where that is offered, and choose what others at this server call you; for the sidebar."""
    if is_offered():
        account(owners())
    me = owner()
    with (
        st.popover(as_written(owners().name(me)) or _("Your name"), icon=":material/person:", width="stretch"),
        st.form("you"),
    ):
        about = _("Others see it beside your runs.")
        name = st.text_input(_("Your name"), owners().name(me), max_chars=LONGEST, help=about)
        if st.form_submit_button(_("Use this name")):
            try:
                owners().rename(me, name)
            except InputError as error:
                st.error(without_links(error))
            else:
                st.rerun()


def _running_row(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link("pages/train.py", label=as_written(label(run)), query_params={"run": run.id}, width="stretch")
        done = f"{len(run.history())}/{run.config.training.epochs}"
        stands = {"queued": _("waits"), "paused": _("paused")}.get(run.status.state, done)
        whose = as_written(owners().name(str(run.about().get("owner", ""))))
        st.caption(f"{whose} · {stands}" if whose else stands)
        st.button(
            _("Stop"),
            icon=":material/stop:",
            key=f"side_{run.id}",
            on_click=stop,
            args=(run,),
            disabled=not is_mine(run),
            help=_("Stops this run; only its owner can."),
        )


def run_panel(run: Run) -> None:
    """One run: how far it is, its three scores and its curves by fold."""
    history, status, epochs = run.history(), run.status, run.config.training.epochs
    underway = _underway(run, status, history)
    _headline(run, status)
    _progress(run, status, history, underway, epochs)
    if status.state != "finished":
        with st.container(horizontal=True):
            steering([run], "panel")
            live_settings(run)
    if status.message and status.state != "finished":
        (st.error if status.state in ("failed", "interrupted", "damaged") else st.info)(
            without_links(retold(status.message))
        )
    score_row(history)
    for metric in ("accuracy", "loss"):
        chart = shared(fold_curves, history, metric, epochs, underway)
        spoken = describe_curves(history[: told(len(history), status.active)], metric)
        show(chart, key=f"{metric}_{run.id}", alt=spoken)
    st.caption(
        _(
            "The training trials are scored while the network learns from them, with dropout; the others after each "
            "epoch, without. So the training curve may lie below, and in truth the network is further ahead on them."
        )
    )


def _headline(run: Run, status: Status) -> None:
    pending = ASKED_FOR.get(run.asked().get("action", "")) if status.state == "running" else None
    words, colour, icon = pending or BADGES[status.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{as_written(label(run))}**", width="stretch")
        st.badge(_(words), color=colour, icon=icon)  # type: ignore[arg-type]
    st.caption(without_links(asked_words(run.config)))


def _underway(run: Run, status: Status, history: list[dict[str, Any]]) -> dict[str, Any] | None:
    """How far the epoch in work has come, where that is waited for: in the first one, and in such as take long."""
    if status.state != "running" or (history and history[-1]["seconds"] < REFRESH):
        return None
    return run.underway(len(history)) or {}


def _progress(
    run: Run, status: Status, history: list[dict[str, Any]], underway: dict[str, Any] | None, epochs: int
) -> None:
    if status.state == "queued":
        st.progress(len(history) / epochs, text=_expectation(run))
        return
    spent = sum(record["seconds"] for record in history)
    words = [_("Epoch {n} of {epochs}", n=len(history), epochs=epochs), _("{seconds:.1f} s", seconds=spent)]
    if history and status.state == "running":
        words += [_("{seconds:.0f} s left", seconds=spent / len(history) * (epochs - len(history)))]
    if history:
        words += [_("{seconds:.2f} s an epoch", seconds=spent / len(history))]
    done = float(len(history))
    if underway:
        done += underway["seen"] / underway["trials"]
        words += [_("{seen} of {trials} trials of epoch {epoch}", **underway)]
    st.progress(min(done / epochs, 1.0), text=" · ".join(words))


def _expectation(run: Run) -> str:
    """Where a waiting run stands in the queue, and about when it begins."""
    line = runner().waiting()
    place = line.index(run.id) if run.id in line else 0
    if not place:
        return _("About to begin …")
    begins = runner().starts().get(run.id)
    if not begins:
        return _("Waiting: {n} before it.", n=place)
    return _("Waiting: {n} before it, begins in about {seconds:.0f} s.", n=place, seconds=begins)


def score_row(history: list[dict[str, Any]]) -> None:
    """The three scores, named for what they are."""
    st.caption(_("Test accuracy, counted in three ways"))
    for column, (name, record) in zip(st.columns(3), summary(history).items(), strict=True):
        accuracy = record and record["test_accuracy"]
        shown = None if accuracy is None else f"{accuracy:.1%}"
        epoch = N_("epoch {n}, optimistic") if name == "best_test" else N_("epoch {n}")
        under = _(epoch, n=record["epoch"]) if record else None
        about = _(SCORE_HELP[name])
        column.metric(_(SCORES[name]), shown, help=about, delta=under, delta_color="off", delta_arrow="off")


def race_panel(runs: list[Run]) -> None:
    """Several runs side by side: how each stands, and their curves on one chart."""
    names = labels(runs)
    histories = {names[run.id]: run.history() for run in runs}
    done, whole = sum(map(len, histories.values())), sum(run.config.training.epochs for run in runs)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_("**{n} runs side by side**", n=len(runs)), width="stretch")
        steering(runs, "race")
    st.progress(min(done / whole, 1.0), text=_("{done} of {whole} epochs", done=done, whole=whole))
    table, columns = _standings(runs, histories), _race_columns()
    st.dataframe(table, hide_index=True, column_config=columns, placeholder="–", alt=_("How each run stands"))
    overlay(runs, histories, key="race")


def overlay(runs: list[Run], histories: dict[str, list[dict[str, Any]]], key: str) -> None:
    """Curves of several runs on one chart; the reader picks the fold and the figure."""
    with st.container(horizontal=True):
        metric = segments(_("Figure"), [N_("accuracy"), N_("loss")], "accuracy", f"{key}_metric")
        fold = segments(_("Trials"), [N_("train"), N_("validation"), N_("test")], "test", f"{key}_fold")
    activations = {name: run.config.model.activation for run, name in zip(runs, histories, strict=True)}
    epochs = max(run.config.training.epochs for run in runs)
    chart = shared(run_curves, histories, activations, metric, fold, epochs)
    sentences = [
        f"{name}: {describe_curves(history[: told(len(history), run.status.active)], metric)}"
        for run, (name, history) in zip(runs, histories.items(), strict=True)
    ]
    show(chart, key=f"{key}_chart", alt=" ".join(sentences))


def _standings(runs: list[Run], histories: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    rows = []
    for run, (name, history) in zip(runs, histories.items(), strict=True):
        found = {score: record and record["test_accuracy"] for score, record in summary(history).items()}
        rows.append({"run": name, "state": _(BADGES[run.status.state][0]), "epoch": len(history)} | found)
    table = pd.DataFrame(rows)
    return table.assign(**{score: 100 * table[score].astype(float) for score in SCORES})


def shipped_links() -> None:
    """The networks that ship with the project, each with its honest score and a way to ask it."""
    st.caption(_("They ship with the project. Test accuracy at the epoch chosen on validation:"))
    runs = shipped().runs()
    halves = st.columns(2)
    ready = {name: SOURCES[name].state(data_root()).state == "ready" for name in {r.config.data.source for r in runs}}
    for place, run in enumerate(runs):
        data, model = run.config.data, run.config.model
        record = (run.result() or {}).get("best_validation") or {}
        words = _(
            "{network} {activation} on {source}: {accuracy:.1%}",
            network=model.name,
            activation=model.activation,
            source=data.source,
            accuracy=record.get("test_accuracy", float("nan")),
        )
        absent = not ready[data.source]
        halves[2 * place // len(runs)].page_link(
            "pages/classify.py",
            label=words,
            icon=":material/psychology:",
            query_params={"source": data.source, "network": run.id},
            disabled=absent,
            help=_("Its trials are not here yet; see the list of data on this page.") if absent else None,
        )


def standings_columns() -> dict[str, Any]:
    """Headings and formats of the three scores in a table."""
    columns = {
        name: st.column_config.NumberColumn(_(words), format="percent", help=_(SCORE_HELP[name]))
        for name, words in SCORES.items()
    }
    return {"run": _("Run"), "state": _("State"), "epoch": _("Epochs"), **columns}


def _race_columns() -> dict[str, Any]:
    """The same for scores in per cent, in the width that a projector leaves."""
    columns = {
        name: st.column_config.NumberColumn(_(words), format="%.1f%%", width=74, help=_(SCORE_HELP[name]))
        for name, words in SHORT.items()
    }
    return standings_columns() | columns


def downloads(run: Run) -> None:
    """The run's figures as files."""
    history = pd.DataFrame(run.history())
    with st.container(horizontal=True):
        st.download_button(
            _("History (CSV)"), history.to_csv(index=False), f"{run.id}-history.csv", icon=":material/download:"
        )
        predictions = run.predictions()
        if predictions is not None:
            text = predictions.to_csv(index=False)
            st.download_button(_("Predictions (CSV)"), text, f"{run.id}-predictions.csv", icon=":material/download:")


def ago(created: float) -> str:
    """How long ago, in words."""
    seconds = max(time.time() - created, 0)
    days, hours, minutes = (int(seconds // size) for size in (86400, 3600, 60))
    if days:
        return ngettext("{n} day ago", "{n} days ago", days)
    if hours:
        return ngettext("{n} hour ago", "{n} hours ago", hours)
    if minutes:
        return ngettext("{n} minute ago", "{n} minutes ago", minutes)
    return _("just now")
