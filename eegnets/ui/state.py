"""What all pages and browser sessions of one app share, and how a page says that something went wrong."""

import contextlib
import hashlib
import secrets
from collections.abc import Iterator
from itertools import cycle

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from eegnets import sources
from eegnets.activations import ACTIVATIONS
from eegnets.config import DataConfig, InputError
from eegnets.owners import SHARED, NotYours, Owners, may_steer
from eegnets.runner import Runner
from eegnets.runs import Run, RunStore, owner_of
from eegnets.translation import _
from eegnets.trials import Trials
from eegnets.ui.links import without_links
from eegnets.ui.signing_in import signed_in

LOOPBACK = ("localhost", "127.0.0.1", "::1")
RECENT = 50  # runs that are looked through for the latest
MOST_RACED = len(ACTIVATIONS)  # a larger group is a sweep


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The folder of runs."""
    return RunStore()


@st.cache_resource(show_spinner=False)
def runner() -> Runner:
    """The queue and the workers of this app."""
    return Runner(store())


@st.cache_resource(show_spinner=False)
def owners() -> Owners:
    """What those who sit at the browsers call themselves."""
    return Owners(store().root)


def owner() -> str:
    """Who sits at this browser: whoever has signed in, else an id by chance.

    That one is the same in all tabs and after a reload where cookies are allowed. It is made from the token that
    Streamlit gives every browser against forged requests, and tells nothing of it. The cookie is
    `2|mask|token xor mask|time`, with a new mask each time (tornado.web, `RequestHandler.xsrf_token`).
    """
    if me := signed_in():
        return me
    parts = st.context.cookies.get("_streamlit_xsrf", "").split("|")
    try:
        _version, mask, masked, _time = parts
        token = bytes(a ^ b for a, b in zip(bytes.fromhex(masked), cycle(bytes.fromhex(mask)), strict=False))
    except ValueError:
        return st.session_state.setdefault("owner", secrets.token_hex(4))
    return hashlib.sha256(token).hexdigest()[:8]


def is_mine(run: Run) -> bool:
    """Whether who sits at this browser may stop, change, rename or delete a run.

    Where the app listens to this machine alone, every browser is one person's: a new cookie makes nobody else.
    """
    return may_steer(owner_of(run), owner(), alone=is_alone())


def all_is_mine() -> bool:
    """Whether who sits at this browser may change what is everybody's: they are alone, or it is allowed to all."""
    return may_steer("everybody", owner(), alone=is_alone())


def is_alone() -> bool:
    """Whether the app listens to this machine alone."""
    return st.get_option("server.address") in LOOPBACK


def check_mine(run: Run) -> None:
    """Raise NotYours for a run that somebody else may steer, in words."""
    if not is_mine(run):
        raise NotYours(
            _(
                "run {run} belongs to {whose}, who alone may stop, change, rename or delete it. Whoever runs this app "
                "can allow it to all with {variable}=1.",
                run=run.id,
                whose=owners().name(owner_of(run)) or _("somebody else"),
                variable=SHARED,
            )
        )


@st.cache_resource(show_spinner=False, max_entries=8)
def _trials(config_json: str, stamp: tuple[str, ...]) -> Trials:
    with st.spinner(_("Reading the trials …")):  # here and not above, for its language
        return sources.load(DataConfig.from_json(config_json))


def trials(config: DataConfig) -> Trials:
    """The trials of a config, read once and shared; treat them as read-only."""
    ready = sources.check(config)
    files = sources.SOURCES[ready.source].files(sources.data_root(), ready.subjects)
    return _trials(ready.to_json(), tuple(f"{file}{file.stat().st_mtime_ns}" for file in files))


def caution(config: DataConfig) -> None:
    """Say where the marked times of a source's task are not those of its signal."""
    words = sources.SOURCES[config.source].caution
    if words:
        st.caption(f":material/warning: {_(words)}")


@contextlib.contextmanager
def friendly_errors(*, go_on: bool = False) -> Iterator[None]:
    """Show what a user can mend as a box instead of a traceback, and end the page there, or `go_on` below the box."""
    try:
        yield
    except InputError as error:
        st.error(without_links(error), icon=":material/error:")
        if not go_on:
            st.stop()


def own_navigation() -> None:
    """For the first line of the app: begin again where Streamlit has taken it for an app of its older kind.

    It does so until `st.navigation` has run once in a process, as there is a folder named `pages`. It then runs app.py
    as if it were a page, and its widgets get ids that they have once and never again: what they hold would be lost.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def framed() -> DataConfig:
    """The app's choice of data, for the first line of a page; a page that runs without the app around it begins again.

    Until `st.navigation` has run once in a process, Streamlit takes a folder named `pages` for an app of its older
    kind, and opens a page's own address without app.py: no sidebar, no choice of data.
    """
    if "data" not in st.session_state:
        PagesManager.uses_pages_directory = False
        st.rerun()
    return DataConfig.from_json(st.session_state.data)


def frame_params() -> dict[str, list[str]]:
    """What of the address goes along to another page; the choice of data does so by itself."""
    return {name: st.query_params.get_all(name) for name in ("lang", "hide") if name in st.query_params}


def chosen_runs(*, told: bool = True) -> list[Run]:
    """The runs that the page's address names; one that is gone or cannot be read is left out, and `told`."""
    found = []
    for run_id in dict.fromkeys(st.query_params.get_all("run")):
        try:
            run = store().get(run_id)
            found += [run] if run.config else []  # to read it tells whether it can be read
        except InputError as error:
            if told:
                gone = _("Run {run} is not here: it was deleted, or the link came from elsewhere.", run=run_id[:200])
                damaged = run_id in [run.id for run in store().runs()]
                st.warning(without_links(error if damaged else gone), icon=":material/search_off:")
    return found


def latest_runs(data: DataConfig) -> list[Run]:
    """The newest run of who sits here that can be read and has learned from `data`, with those it races against.

    One that trains comes before others.
    """
    mine = [run for run in store().runs()[:RECENT] if is_mine(run) and _is_readable(run) and _is_of(run, data)]
    found = sorted(mine, key=lambda run: run.status.state not in ("running", "queued"))[:1]  # else the order stays
    group = found[0].about().get("group") if found else ""
    race = [run for run in mine if group and run.about().get("group") == group]
    return race[::-1] if 1 < len(race) <= MOST_RACED else found


def _is_of(run: Run, data: DataConfig) -> bool:
    """Whether a run is of that source, and of those people where some are chosen."""
    own = run.config.data
    return own.source == data.source and (not data.subjects or set(own.subjects) == set(data.subjects))


def active_runs() -> list[Run]:
    """The runs that wait, train or pause, the oldest first; without those that cannot be read."""
    return [run for run in store().active() if _is_readable(run)]


def _is_readable(run: Run) -> bool:
    try:
        return bool(run.config)
    except InputError:
        return False
