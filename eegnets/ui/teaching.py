"""A lesson on the page that it opened: question, steps and how far one is, and the answer once it has been measured."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from eegnets.comparison import plain
from eegnets.config import DataConfig, TrainingConfig, unknown
from eegnets.lessons import DATA, LESSONS, Lesson, address
from eegnets.runs import Run, asked
from eegnets.translation import N_, _
from eegnets.ui.forms import choose_named_data
from eegnets.ui.links import without_links
from eegnets.ui.panels import live
from eegnets.ui.state import chosen_runs, friendly_errors, owner, owners, runner, store

ICON = ":material/school:"
OPEN = "open lesson"  # the key in a session of the lesson that was opened last and not closed
RECENT = 20  # experiments among which one's own is looked for
BEFORE = "before the lesson"  # the key in a session of the choice of data that a lesson has replaced
DONE, TO_DO = N_(":green-badge[:material/check: done]"), N_(":gray-badge[not yet]")


def follow_link(path: str) -> None:
    """Let a link within the app act like a pasted one; `path`: the page that is open. For the first line of the app.

    Streamlit gives a widget the address's value only when the widget is new. The choice of data is on every page, and
    a lesson may open the page that is open already: there a link's values would stand in the address and not be used.
    """
    name = st.query_params.get("lesson", "")
    lesson = LESSONS.get(name)
    here, before = (path, name), st.session_state.get("here")
    st.session_state.here = here
    if before is None and not path and lesson:
        asked = {key: st.query_params.get_all(key) for key in st.query_params}
        st.switch_page(f"pages/{lesson.page}.py", query_params=address(name) | asked)
    if before in (None, here):
        return
    if lesson:
        st.session_state.setdefault(BEFORE, {key: st.session_state[key] for key in DATA if key in st.session_state})
    choose_named_data()
    if lesson:
        st.session_state.update(DATA | lesson.link)


def lesson_links() -> None:
    """All lessons, each a way to its page, prepared; its question comes with the pointer."""
    st.caption(_("Each asks a question, trains for about a minute, and answers by what was measured."))
    for name, lesson in LESSONS.items():
        _link(name, _(lesson.title))


def _link(name: str, words: str) -> None:
    lesson = LESSONS[name]
    about = _(lesson.question)
    st.page_link(f"pages/{lesson.page}.py", label=words, icon=ICON, query_params=address(name), help=about)


def lesson_box(data: DataConfig) -> None:
    """The lesson that the address names, above the page; nothing where it names none."""
    name = st.query_params.get("lesson")
    if not name:
        _way_back()
        return
    if name not in LESSONS:
        st.warning(without_links(unknown(N_("lesson"), name, LESSONS)), icon=ICON)
        return
    lesson, st.session_state[OPEN] = LESSONS[name], name
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            number = list(LESSONS).index(name) + 1
            title = _("Lesson {n} of {all}: {title}", n=number, all=len(LESSONS), title=_(lesson.title))
            st.markdown(f"{ICON} **{title}**", width="stretch")
            _close_button()
        st.markdown(_(lesson.question))
        left, right = st.columns(2, gap="large")
        runs = [run for run in chosen_runs(told=False) if lesson.owns(run.config)] or _before(lesson, data)
        with left:
            _start(name, lesson, data, again=bool(runs))
            _steps(name, lesson, runs)
        with right:
            _answer(name, runs)
            _onward(name)


def _way_back() -> None:
    """Where a lesson was left without closing it, the way back to it."""
    name = st.session_state.get(OPEN)
    if name:
        with st.container(horizontal=True, vertical_alignment="center"):
            _link(name, _("Back to the lesson: {title}", title=_(LESSONS[name].title)))
            _close_button()


def _before(lesson: Lesson, data: DataConfig) -> list[Run]:
    """The runs of one's own newest experiment for the lesson, where it is whole; they stand in the address then."""
    if "run" in st.query_params:
        return []
    whole = len(lesson.configs(data, 1))
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in store().table():
        if row["state"] != "damaged" and row["group"] and row["owner"] == owner():
            groups.setdefault(row["group"], []).append(row)
    for rows in list(groups.values())[:RECENT]:
        if len(rows) == whole and all(lesson.owns(asked(row)) for row in rows):
            st.query_params["run"] = [row["id"] for row in reversed(rows)]
            return chosen_runs()
    return []


def _close_button() -> None:
    st.button(_("Close"), icon=":material/close:", type="tertiary", on_click=_close, key="close_lesson")


def _close() -> None:
    """Leave the lesson, and its choice of data with it."""
    st.query_params.pop("lesson", None)
    st.session_state.pop(OPEN, None)
    st.session_state.update({"subjects": []} | st.session_state.pop(BEFORE, {}))


def _start(name: str, lesson: Lesson, data: DataConfig, *, again: bool) -> None:
    """How many epochs, and the one button; the runs that it starts stand in the address."""
    rule = TrainingConfig.table()["epochs"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = st.number_input(
            _("Epochs a run"),
            *(1, int(rule.high or 1), lesson.settings["epochs"]),
            key=f"{name}-epochs",
            bind="query-params",
            width=120,
            help=_("Fewer is quicker, and says less."),
        )
        configs = lesson.configs(data, epochs)
        pressed = st.button(
            _(N_("Start it again ({n} runs)") if again else N_("Start the experiment ({n} runs)"), n=len(configs)),
            type="secondary" if again else "primary",
            icon=":material/play_arrow:",
            key="start_lesson",
        )
    with friendly_errors(go_on=True):
        if pressed:
            runs = runner().submit_group(configs, owner=owner(), in_step=lesson.in_step)
            st.query_params["run"] = [run.id for run in runs]
            st.rerun()
    st.caption(_experiment(lesson))


def _experiment(lesson: Lesson) -> str:
    """What is trained, in a sentence."""
    what = _("EEGNet with ELU")
    if lesson.varied:
        values = _(", ").join(map(plain, lesson.values))
        known = N_("EEGNet with {setting} {values}")
        also = N_("EEGNet with {activation} and {setting} {values}")
        said = {"activation": lesson.settings.get("activation", "ELU"), "setting": lesson.words, "values": values}
        what = _(known if lesson.varied == "activation" else also, **said)
    seeds = _(", ").join(map(str, lesson.seeds))
    return _(
        "{what}; each with the seeds {seeds}, all else alike. About a minute on two free cores.", what=what, seeds=seeds
    )


def _steps(name: str, lesson: Lesson, runs: list[Run]) -> None:
    """The steps, done or not yet; those of looking are ticked by the reader."""
    st.markdown(_("1. Start the experiment {done}", done=_(DONE if runs else TO_DO)))
    if runs:
        live(runs, partial(_training, runs))
    else:
        st.markdown(_("2. Let it train {done}", done=_(TO_DO)))
    st.markdown(_("3. Look, and tick what you have seen:"))
    for i, words in enumerate(lesson.look, start=1):
        st.checkbox(_(words), key=f"{name}-{i}", bind="query-params", wrap=True)


def _training(runs: list[Run]) -> None:
    done, whole = sum(len(run.history()) for run in runs), sum(run.config.training.epochs for run in runs)
    ended = not any(run.status.active for run in runs)
    st.markdown(_("2. Let it train {done}", done=_(DONE if ended else TO_DO)))
    told = _("{done} of {whole} epochs in {runs} runs", done=done, whole=whole, runs=len(runs))
    st.progress(min(done / whole, 1.0), text=told)


def _answer(name: str, runs: list[Run]) -> None:
    """The answer out of the runs that the address names, once all have ended."""
    if not runs or any(run.status.active for run in runs):
        ended = N_("The answer is computed from what is measured: it appears here when the training has ended.")
        carried_out = N_(
            "The answer is computed from what is measured: it appears here once the experiment has been carried out."
        )
        st.info(_(ended if runs else carried_out), icon=":material/pending:")
        return
    from eegnets.conclusions import conclusion  # brings SciPy, which no page waits for
    from eegnets.ui.outcomes import outcome

    st.markdown(_("**The answer, computed from these runs**"))
    answer = conclusion(name, [outcome(name, run) for run in runs])
    st.markdown("\n".join(f"- {sentence}" for sentence in answer))
    _take_along(name, answer, runs)
    if name == "first-layer":
        _open_buttons({_("Seed {n}", n=run.config.training.seed): run for run in sorted(runs, key=_seed)})
    if name == "people":
        people = sorted(runs, key=lambda run: (len(run.config.data.subjects), run.config.data.subjects, -_seed(run)))
        _open_buttons({_("Network of {people}", people=plain(run.config.data.subjects)): run for run in people})


def _take_along(name: str, answer: list[str], runs: list[Run]) -> None:
    """The reader's own words, and the lesson as a sheet to hand in."""
    from eegnets.worksheet import worksheet

    lesson = LESSONS[name]
    words = st.text_area(_("What do you conclude, in your own words?"), key=f"{name}-words", height=80, max_chars=2000)
    people = dict.fromkeys(who for run in runs for who in run.config.data.subjects)
    data = replace(runs[0].config.data, subjects=tuple(people))
    looked = {what: bool(st.session_state.get(f"{name}-{i}")) for i, what in enumerate(lesson.look, start=1)}
    st.download_button(
        _("Take this lesson along"),
        worksheet(name, _experiment(lesson), data, answer, looked, words, owners().name(owner())),
        f"lesson-{name}.md",
        icon=":material/download:",
        on_click="ignore",
        help=_("A sheet with the question, the experiment, the answer, what you ticked and your own words."),
    )


def _seed(run: Run) -> int:
    return run.config.training.seed


def _open_buttons(runs: dict[str, Run]) -> None:
    st.caption(_("Open below, trained:"))
    with st.container(horizontal=True):
        for words, run in runs.items():
            if run.weights_path.exists():
                st.button(words, icon=":material/visibility:", key=f"open_{run.id}", on_click=_open, args=(run.id,))


def _open(run_id: str) -> None:
    st.session_state.network = run_id


def _onward(name: str) -> None:
    """The way to the lesson after this one, or back to the start."""
    names = list(LESSONS)
    after = names[names.index(name) + 1 :]
    if after:
        _link(after[0], _("Next lesson: {title}", title=_(LESSONS[after[0]].title)))
    else:
        st.page_link("pages/start.py", label=_("That was the last lesson: back to the start"), icon=":material/home:")
