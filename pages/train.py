"""Train: pick a network and its settings, start, and watch the curves grow."""

import streamlit as st

from eegnets.config import ModelConfig, TrainingConfig
from eegnets.presets import PRESETS
from eegnets.translation import _
from eegnets.ui.coding import code_panel
from eegnets.ui.forms import activation_picker, apply_preset, control, model_and_training
from eegnets.ui.onward import next_steps, tell_kept
from eegnets.ui.panels import downloads, live, race_panel, run_panel
from eegnets.ui.readable import run_first
from eegnets.ui.scoring import test_panel
from eegnets.ui.state import chosen_runs, framed, latest_runs, owner, runner

MODEL, TRAINING = ModelConfig.table(), TrainingConfig.table()
MAIN = ("learning_rate", "weight_decay", "epochs", "batch_size")
MORE = ("optimizer", "momentum", "validation", "seed", "device", "engine", "precision", "keep")
BENDS = ("dropout", "negative_slope", "alpha", "max_norm")

data = framed()
st.title(_("Train"))
with st.container(key="train"):
    controls, results = st.columns([1, 2], gap="large")

with controls:
    with st.container(horizontal=True, vertical_alignment="center"):
        start_here = st.container(width="content")
        with st.popover(_("Preset"), icon=":material/tune:"):
            for name, changes in PRESETS.items():
                st.button(_(name), on_click=apply_preset, args=(changes,), width="stretch")
    values = {"name": control(MODEL["name"])}
    activations = activation_picker()
    left, right = st.columns(2)
    for i, name in enumerate(MAIN):
        with right if i % 2 else left:
            values[name] = control(TRAINING[name])
    with st.expander(_("More settings")):
        for name in MORE:
            values[name] = control(TRAINING[name])
        for name in BENDS:
            values[name] = control(MODEL[name])

with start_here:
    start = st.button(
        _("Start"),
        type="primary",
        icon=":material/play_arrow:",
        disabled=not activations,
        help=_("Trains with the settings below; pick at least one activation."),
    )
if start:
    asked = model_and_training(data, activations, values)
    runs = runner().submit_group(asked, owner=owner(), in_step=len(asked) > 1)
    st.query_params["run"] = [run.id for run in runs]

with results:
    runs = chosen_runs() or ([] if "lesson" in st.query_params else latest_runs(data))  # a lesson begins without one
    if runs:
        run_first()
        st.query_params["run"] = [run.id for run in runs]
    else:
        st.info(
            _(
                "No run is open. **Start** trains with the settings of this page; the curves appear here and stay in "
                "its address."
            ),
            icon=":material/model_training:",
        )
        st.stop()
    live(runs, lambda: run_panel(runs[0]) if len(runs) == 1 else race_panel(runs))
    if len(runs) == 1 and not runs[0].status.active:
        next_steps(runs[0])
        tell_kept(runs[0])
        test_panel(runs[0])
        downloads(runs[0])

if len(runs) == 1:
    code_panel(runs[0])
