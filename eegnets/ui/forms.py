"""Controls made from the settings table, and the one choice of data for the whole app; their values live in the URL."""

import contextlib
import math
from typing import Any

import streamlit as st

from eegnets import sources
from eegnets.activations import ACTIVATIONS
from eegnets.comparison import plain
from eegnets.config import DataConfig, InputError, ModelConfig, RunConfig, Setting, TrainingConfig
from eegnets.runs import SCORES
from eegnets.translation import N_, _, with_unit
from eegnets.ui.choices import listed, segments
from eegnets.ui.links import without_links

TEXTS = ("search", "subjects", "class", "channels", "electrode")  # in an address, words that people chose
STEPS = {"learning_rate": 0.001, "weight_decay": 0.01, "validation": 0.05, "dropout": 0.05, "momentum": 0.05}


def hidden() -> set[str]:
    """The controls that a teacher's link hides (`?hide=device,seed`); a result is never hidden."""
    return {name.strip() for name in st.query_params.get("hide", "").split(",")}


def forget_infinite() -> None:
    """Take out of the address what no field of a number can hold, and begin again; for the first lines of the app."""
    news = [key for key in st.query_params if key not in st.session_state and key not in TEXTS]
    infinite = [key for key in news if any(map(_is_infinite, st.query_params.get_all(key)))]
    for key in infinite:
        del st.query_params[key]
    if infinite:  # Streamlit remembers what the address had until then
        st.rerun()


def _is_infinite(text: str) -> bool:
    try:
        return math.isinf(float(text))
    except ValueError:
        return False


def control(rule: Setting, prefix: str = "") -> Any:
    """The widget of a setting; hidden, its value is the link's or the default. Raises InputError for a bad link."""
    key = prefix + rule.key
    if key in hidden():
        return rule.check(st.query_params.get(key, rule.default))
    return rule.check(_widget(rule, key))


def slider(rule: Setting, prefix: str = "", high: float | None = None) -> float:
    """A numeric setting as a slider, for what is seen as it moves, at most to `high`; hidden like any `control`."""
    key = prefix + rule.key
    if key in hidden():
        return rule.check(st.query_params.get(key, rule.default))
    step = 0.01 if rule.high == 1 else 0.1
    common = {"key": key, "help": _(rule.help), "bind": "query-params"}
    return rule.check(st.slider(_(rule.label), rule.low, high or rule.high, rule.default, step, **common))


def _widget(rule: Setting, key: str) -> Any:
    if rule.choices:
        choose = listed if len(rule.choices) > 2 else segments  # more do not fit beside each other
        return choose(_(rule.label), rule.choices, rule.default, key, _choice_words, help=_(rule.help))
    common: dict[str, Any] = {"key": key, "help": _(rule.help), "bind": "query-params"}
    if rule.type is bool:
        return st.toggle(_(rule.label), value=rule.default, **common)
    if rule.type in (int, float):
        return _number(rule, common)
    text = ", ".join(rule.default) if rule.type is tuple else rule.default
    return st.text_input(_(rule.label), value=text, **common)


def _choice_words(choice: str) -> str:
    return _(SCORES.get(choice, choice))


def _number(rule: Setting, common: dict[str, Any]) -> float | None:
    """A field that knows no bounds: the browser would paint a number beyond them red, and keep the one before it.

    `_bounded` sees to them instead, so that the number that is shown is the one that is used.
    """
    kind, key = rule.type, common["key"]
    step = kind(STEPS.get(rule.name, 1 if kind is int else 0.1))
    label = with_unit(_(rule.label), _(rule.unit)) if rule.unit else _(rule.label)
    if key not in st.session_state and _is_refused(rule, st.query_params.get(key, rule.default)):
        del st.query_params[key]
        _tell_refused(rule, rule.default)
    elif _is_refused(rule, st.session_state.get(key, rule.default)):
        st.session_state[key] = rule.default
    common |= {"placeholder": _(rule.left_open), "on_change": _bounded, "args": (rule, key)}
    value = st.number_input(label, value=rule.default, step=step, format="%d" if kind is int else "%g", **common)
    if _is_refused(rule, value):  # Streamlit remembers what the address had, and puts it first when a field is new
        st.rerun()
    return value


def _is_refused(rule: Setting, value: object) -> bool:
    try:
        rule.check(value)
    except InputError:
        return True
    return False


def _bounded(rule: Setting, key: str) -> None:
    """Bring a number that the setting does not take to the nearest that it takes, and say so; for `on_change`."""
    value = st.session_state[key]
    if _is_refused(rule, value):
        low, high = (value if bound is None else bound for bound in (rule.low, rule.high))
        nearest = rule.type(rule.default if value is None else min(max(value, low), high))
        st.session_state[key] = nearest
        _tell_refused(rule, nearest)


def _tell_refused(rule: Setting, used: float | None) -> None:
    said = {"setting": _(rule.label), "allowed": rule.describe_range(), "value": plain(used)}
    st.toast(_("{setting}: {allowed}. Now it is {value}.", **said), icon=":material/error:")


def activation_picker() -> list[str]:
    """One activation, or several for a race; none while nothing is picked."""
    rule = ModelConfig.table()["activation"]
    if "activation" in hidden():
        names = st.query_params.get_all("activation") or [rule.default]
        return [rule.check(name) for name in names]
    picked = st.pills(
        _("{setting} – several make a race", setting=_(rule.label)),
        list(ACTIVATIONS),
        selection_mode="multi",
        default=[rule.default],
        key="activation",
        wrap=True,
        bind="query-params",
        help=_(rule.help),
    )
    return list(picked or [])


def apply_preset(changes: dict[str, Any]) -> None:
    """Put a preset's values into the form, and every other setting back to its default."""
    for section in (ModelConfig, TrainingConfig):
        for name, rule in section.table().items():
            if rule.key in st.session_state and name not in ("name", "activation"):
                st.session_state[rule.key] = changes.get(name, rule.default)


def model_and_training(data: DataConfig, activations: list[str], values: dict[str, Any]) -> list[RunConfig]:
    """One config for each activation out of a form's values (by setting name)."""
    base = RunConfig(data).with_(**values)
    return [base.with_(activation=name) for name in activations]


def data_picker() -> DataConfig:
    """The choice of source, subjects and the source's options, in the sidebar; brings a source that is not here yet."""
    name = st.selectbox(
        _("Data"),
        list(sources.SOURCES),  # as they are: an address holds what a list shows, and must outlive a new title
        key="source",
        bind="query-params",
        on_change=_forget_subjects,
        help=_("Where the trials come from, for every page."),
    )
    source = sources.SOURCES[name]
    st.caption(_(source.title))
    state = source.state(sources.data_root())
    if state.state != "ready":
        offer(source, state, "sidebar")
        return DataConfig(name)
    return DataConfig(name, _subject_picker(source, state.subjects), _source_options(source))


def choose_named_data() -> None:
    """Choose the data that the address names, if it names any.

    For a link within the app: the sidebar's widgets were there before it, and would keep what they had.
    """
    source = sources.SOURCES.get(st.query_params.get("source", ""))
    if source is None:
        return
    named = [who for who in source.state(sources.data_root()).subjects if who in st.query_params.get_all("subjects")]
    if named or source.name != st.session_state.get("source"):
        st.session_state.subjects = named
    st.session_state.source = source.name
    for name, rule in source.options.items():
        with contextlib.suppress(InputError):
            if f"data_{name}" in st.query_params:
                st.session_state[f"data_{name}"] = rule.check(st.query_params[f"data_{name}"])


def choose_data(data: DataConfig) -> None:
    """Choose these data in the sidebar; for callbacks."""
    st.session_state.source, st.session_state.subjects = data.source, list(data.subjects)
    for name, rule in sources.SOURCES[data.source].options.items():
        st.session_state[f"data_{name}"] = data.options.get(name, rule.default)


def _forget_subjects() -> None:
    st.session_state.subjects = []


def _subject_picker(source: sources.Source, subjects: tuple[str, ...]) -> tuple[str, ...]:
    if len(subjects) < 2:
        return subjects
    everyone = source.usual(sources.data_root(), subjects) == subjects
    words = N_("Whose trials; none chosen means everyone.") if everyone else N_("Which; none chosen means the latest.")
    help_ = _(words)
    picked = st.pills(
        _("Subjects"), subjects, selection_mode="multi", key="subjects", bind="query-params", help=help_, default=[]
    )
    return tuple(subject for subject in subjects if subject in (picked or ()))


def _source_options(source: sources.Source) -> dict[str, Any]:
    if not source.options:
        return {}
    with st.expander(_("Options of these data")):
        return {name: control(rule, prefix="data_") for name, rule in source.options.items()}


def offer(source: sources.Source, state: sources.State, place: str) -> None:
    """Say how the trials come, with a button where one click brings them, or more of them, or a way to Import."""
    st.caption(state.how)
    if source.name == "files" and state.state != "ready":
        st.page_link("pages/import.py", label=_("Import"), icon=":material/upload_file:")
    if state.state != "fetch" and not state.more:
        return
    words = _("Get it ({size})", size=_(source.size))
    if state.more:
        words = _("Get more people") if source.by_subject else _("Get the rest")
    if st.button(words, icon=":material/download:", key=f"get_{source.name}_{place}"):
        bring(source)


def bring(source: sources.Source) -> None:
    """Fetch a source with a progress bar, then show the page anew; what goes wrong is told."""
    bar = st.progress(0.0, text=_("Asking the server …"))

    def show(name: str, done: int, total: int) -> None:
        bar.progress(min(done / total, 1.0) if total else 0.0, text=f"{name}: {done / 1e6:.1f} MB")

    try:
        source.fetch(sources.data_root(), progress=show)
    except sources.SourceError as error:
        bar.empty()
        st.error(without_links(error), icon=":material/cloud_off:")
        return
    st.rerun()
