"""The race of activations: set it up, watch it with its instruments, and read what it says."""

from typing import Any

import streamlit as st

from eegnets.activations import ACTIVATIONS
from eegnets.charts.race import describe_race, race_curves
from eegnets.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from eegnets.race import INSTRUMENTS, Racer, Verdict, before_and_after, curves, read
from eegnets.runs import Run
from eegnets.translation import N_, _, retold, with_unit
from eegnets.ui.choices import pill
from eegnets.ui.drawing import shared, show
from eegnets.ui.forms import control
from eegnets.ui.links import without_links
from eegnets.ui.panels import live, told
from eegnets.ui.state import chosen_runs, owner, runner
from eegnets.ui.steering import steering

REPORT = N_(
    "The lab report says: below zero ELU and Leaky ReLU still have a gradient while ReLU's is zero, so in "
    "backpropagation they are updated more easily."
)
MODEL, TRAINING = ModelConfig.table(), TrainingConfig.table()
SCORES = {
    "test_accuracy": (N_("Accuracy on the test trials"), N_("Accuracy (share of trials)")),
    "train_loss": (N_("Loss on the training trials"), N_("Loss (nats per trial)")),
}
BEFORE_AND_AFTER = (N_("layer"), N_("figure"), N_("activation"), N_("before"), N_("after"))


def race(data: DataConfig) -> None:
    """The whole section: the form, and the race that the address names."""
    st.header(_("Race"), anchor="race")
    st.markdown(
        _(
            "The same network with the same first weights, the same order of trials and the same dropout; only the "
            "activation differs. The racers train in turns, a few epochs each."
        )
    )
    picked, configs = _form(data)
    start = st.button(
        _("Start the race"),
        type="primary",
        icon=":material/flag:",
        disabled=not 2 <= len(picked) <= 6,
        help=_("Takes two to six activations."),
    )
    if start:
        runs = runner().submit_group(configs, owner=owner(), in_step=True)
        st.query_params["run"] = [run.id for run in runs]
    runs = [run for run in chosen_runs() if run.config.training.instruments]
    if len(runs) < 2:
        st.info(_("No race is open: pick two activations or more and start one."), icon=":material/flag:")
        return
    live(runs, lambda: _standing(runs))


def _form(data: DataConfig) -> tuple[list[str], list[RunConfig]]:
    picked = st.pills(
        _("Racers"),
        list(ACTIVATIONS),
        selection_mode="multi",
        default=["ELU", "ReLU", "LeakyReLU"],
        key="racers",
        wrap=True,
        bind="query-params",
        help=_("Two to six activations."),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        values = {"name": control(MODEL["name"])}
        for name in ("epochs", "learning_rate", "weight_decay"):
            values[name] = control(TRAINING[name])
        seeds = st.segmented_control(
            _("Seeds"),
            [1, 3],
            default=1,
            required=True,
            key="seeds",
            bind="query-params",
            help=_("Three seeds race each activation three times: an interval instead of one lucky draw."),
        )
    base = RunConfig(data).with_(**values, instruments=True)
    return picked, [base.with_(activation=name, seed=seed) for seed in range(seeds or 1) for name in picked]


def _standing(runs: list[Run]) -> None:
    racers = [
        Racer(run.config.model.activation, run.config.training.seed, run.history(), run.instruments()) for run in runs
    ]
    epochs = max(run.config.training.epochs for run in runs)
    done = sum(len(racer.history) for racer in racers)
    with st.container(horizontal=True, vertical_alignment="center"):
        all_ = epochs * len(runs)
        st.progress(done / all_, text=_("{done} of {all} epochs", done=done, all=all_))
        steering(runs, "race")
    for run in runs:
        if run.status.state in ("failed", "interrupted"):
            st.error(without_links(f"{run.config.model.activation}: {retold(run.status.message)}"))
    if not done:
        st.caption(_("The lines begin with the first epoch."))
        return
    names = [name for name in ACTIVATIONS if name in {racer.activation for racer in racers}]
    last = told(max(len(racer.history) for racer in racers), any(run.status.active for run in runs))
    for column, (key, (title, unit)) in zip(st.columns(2), SCORES.items(), strict=True):
        table = curves(racers, key)
        if not table.empty:
            chart = shared(race_curves, table, names, _(title), _(unit), epochs)
            spoken = describe_race(table[table["epoch"] <= last], _(title))
            show(chart, key=f"race_{key}", alt=spoken, place=column)
    _verdict(racers, runs)
    _instruments(racers, names, epochs, last)


def _verdict(racers: list[Racer], runs: list[Run]) -> None:
    predictions = runs[0].predictions()
    sentences = Verdict(racers, 0 if predictions is None else len(predictions)).sentences()
    with st.container(border=True):
        st.markdown(f"> {_(REPORT)}")
        if sentences:
            st.markdown(_("**Measured here:**"))
        else:
            st.markdown(_("What is measured stands here after everyone's first epoch."))
        for sentence in sentences:
            st.markdown(f"- {sentence}")


def _instruments(racers: list[Racer], names: list[str], epochs: int, last: int) -> None:
    titles = {about.title: name for name, about in INSTRUMENTS.items()}
    instrument = titles[pill(_("Instrument"), list(titles), INSTRUMENTS["flat"].title, "instrument")]
    about = INSTRUMENTS[instrument]
    read_when = _("Read on a few training trials before the first epoch (0) and after each.")
    st.caption(f"{_(about.help)} {read_when}")
    table = read(racers, instrument)
    layers = list(dict.fromkeys(table["layer"]))
    columns = st.columns(2)
    for i, layer in enumerate(layers):
        rows = table[table["layer"] == layer]
        title = f"{_(about.title)}: {layer}"
        chart = shared(race_curves, rows, names, title, with_unit(_(about.title), _(about.unit)), epochs)
        spoken = describe_race(rows[rows["epoch"] <= last], title)
        show(chart, key=f"instrument_{instrument}_{layer}", alt=spoken, place=columns[i % 2])
    with st.expander(_("All instruments before and after")):
        whole: Any = before_and_after(racers)
        st.dataframe(
            whole.assign(figure=whole["figure"].map(_)),
            hide_index=True,
            column_config={name: _(name) for name in BEFORE_AND_AFTER},
            alt=_("Every instrument before the first epoch and after the latest"),
        )
        st.download_button(
            _("Instruments (CSV)"),
            lambda: whole.to_csv(index=False),
            "instruments.csv",
            icon=":material/download:",
            on_click="ignore",
        )
