"""A lesson on the page that it opened: question, steps and how far one is, and the answer once it has been measured."""

from functools import partial

import streamlit as st

from eegnets.config import DataConfig, TrainingConfig, unknown
from eegnets.lessons import DATA, LESSONS, Lesson, address
from eegnets.runs import Run
from eegnets.ui.forms import choose_named_data
from eegnets.ui.panels import live
from eegnets.ui.state import chosen_runs, owner, runner

ICON = ":material/school:"
DONE, TO_DO = ":green-badge[:material/check: done]", ":gray-badge[not yet]"


def follow_link(path: str) -> None:
    """Let a link within the app act like a pasted one; `path`: the page that is open. For the first line of the app.

    Streamlit gives a widget the address's value only when the widget is new. The choice of data is on every page, and
    a lesson may open the page that is open already: there a link's values would stand in the address and not be used.
    """
    here, before = (path, st.query_params.get("lesson")), st.session_state.get("here")
    st.session_state.here = here
    if before in (None, here):
        return
    choose_named_data()
    if here[1] in LESSONS:
        st.session_state.update(DATA | LESSONS[here[1]].link)


def lesson_links() -> None:
    """All lessons, each a way to its page, prepared; its question comes with the pointer."""
    st.caption("Each asks a question, trains for about a minute, and answers by what was measured.")
    for name, lesson in LESSONS.items():
        _link(name, lesson.title)


def _link(name: str, words: str) -> None:
    lesson = LESSONS[name]
    st.page_link(f"pages/{lesson.page}.py", label=words, icon=ICON, query_params=address(name), help=lesson.question)


def lesson_box(data: DataConfig) -> None:
    """The lesson that the address names, above the page; nothing where it names none."""
    name = st.query_params.get("lesson")
    if not name:
        return
    if name not in LESSONS:
        st.warning(unknown("lesson", name, LESSONS), icon=ICON)
        return
    lesson = LESSONS[name]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            number = list(LESSONS).index(name) + 1
            st.markdown(f"{ICON} **Lesson {number} of {len(LESSONS)}: {lesson.title}**", width="stretch")
            st.button("Close", icon=":material/close:", type="tertiary", on_click=_close, key="close_lesson")
        st.markdown(lesson.question)
        left, right = st.columns(2, gap="large")
        runs = [run for run in chosen_runs(told=False) if lesson.owns(run.config)]
        with left:
            _start(name, lesson, data, again=bool(runs))
            _steps(name, lesson, runs)
        with right:
            _answer(name, runs)
            _onward(name)


def _close() -> None:
    st.query_params.pop("lesson", None)


def _start(name: str, lesson: Lesson, data: DataConfig, *, again: bool) -> None:
    """How many epochs, and the one button; the runs that it starts stand in the address."""
    rule = TrainingConfig.table()["epochs"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = st.number_input(
            "Epochs a run",
            *(1, int(rule.high or 1), lesson.settings["epochs"]),
            key=f"{name}-epochs",
            bind="query-params",
            width=120,
            help="Fewer is quicker, and says less.",
        )
        configs = lesson.configs(data, epochs)
        pressed = st.button(
            f"Start it again ({len(configs)} runs)" if again else f"Start the experiment ({len(configs)} runs)",
            type="secondary" if again else "primary",
            icon=":material/play_arrow:",
            key="start_lesson",
        )
    if pressed:
        runs = runner().submit_group(configs, owner=owner(), in_step=lesson.in_step)
        st.query_params["run"] = [run.id for run in runs]
        st.rerun()
    st.caption(_experiment(lesson))


def _experiment(lesson: Lesson) -> str:
    """What is trained, in a sentence."""
    what = "EEGNet with ELU"
    if lesson.varied:
        values = ", ".join(f"{one:g}" if isinstance(one, float) else one for one in lesson.values)
        what = f"EEGNet with {'' if lesson.varied == 'activation' else 'ELU and '}"
        what += f"{lesson.varied.replace('_', ' ')} {values}"
    seeds = ", ".join(map(str, lesson.seeds))
    return f"{what}; each with the seeds {seeds}, all else alike. About a minute on two free cores."


def _steps(name: str, lesson: Lesson, runs: list[Run]) -> None:
    """The steps, done or not yet; those of looking are ticked by the reader."""
    st.markdown(f"1. Start the experiment {DONE if runs else TO_DO}")
    if runs:
        live(runs, partial(_training, runs))
    else:
        st.markdown(f"2. Let it train {TO_DO}")
    st.markdown("3. Look, and tick what you have seen:")
    for i, words in enumerate(lesson.look, start=1):
        st.checkbox(words, key=f"{name}-{i}", bind="query-params", wrap=True)


def _training(runs: list[Run]) -> None:
    done, whole = sum(len(run.history()) for run in runs), sum(run.config.training.epochs for run in runs)
    ended = not any(run.status.active for run in runs)
    st.markdown(f"2. Let it train {DONE if ended else TO_DO}")
    st.progress(min(done / whole, 1.0), text=f"{done} of {whole} epochs in {len(runs)} runs")


def _answer(name: str, runs: list[Run]) -> None:
    """The answer out of the runs that the address names, once all have ended."""
    if not runs or any(run.status.active for run in runs):
        waiting = "when the training has ended" if runs else "once the experiment has been carried out"
        st.info(f"The answer is computed from what is measured: it appears here {waiting}.", icon=":material/pending:")
        return
    from eegnets.conclusions import conclusion  # brings SciPy, which no page waits for
    from eegnets.ui.outcomes import outcome

    st.markdown("**The answer, computed from these runs**")
    for sentence in conclusion(name, [outcome(name, run) for run in runs]):
        st.markdown(f"- {sentence}")
    if name == "first-layer":
        _open_buttons(sorted(runs, key=lambda run: run.config.training.seed))


def _open_buttons(runs: list[Run]) -> None:
    st.caption("Open below, trained:")
    with st.container(horizontal=True):
        for run in runs:
            if run.weights_path.exists():
                words = f"Seed {run.config.training.seed}"
                st.button(words, icon=":material/visibility:", key=f"open_{run.id}", on_click=_open, args=(run.id,))


def _open(run_id: str) -> None:
    st.session_state.network = run_id


def _onward(name: str) -> None:
    """The way to the lesson after this one, or back to the start."""
    names = list(LESSONS)
    after = names[names.index(name) + 1 :]
    if after:
        _link(after[0], f"Next lesson: {LESSONS[after[0]].title}")
    else:
        st.page_link("pages/start.py", label="That was the last lesson: back to the start", icon=":material/home:")
