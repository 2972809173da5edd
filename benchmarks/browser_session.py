"""A browser session without a browser: Streamlit's own protocol over its WebSocket, for benchmarks and tests of many.

It does what Streamlit's page in a browser does: it keeps a cookie, sends `BackMsg`, reads `ForwardMsg`, keeps large
messages that the server need not send twice, and asks again for each fragment that refreshes itself (`run_every`). It
draws nothing, so the seconds that it measures are those of the server.
"""

import asyncio
import math
import random
import time
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

KEPT_RUNS = 2  # script runs for which a browser keeps a large message (global.maxCachedMessageAge)
PATIENCE = 300.0  # seconds that a visitor waits for an answer
WHOLE_PAGE = ""  # stands for the fragment's id where no fragment but the whole page is drawn
VIEWS = ("button_group", "checkbox")
VALUES = ("slider", "number_input")
SIDEBAR = 1  # first number of the path to an element that stands there


@dataclass(frozen=True)
class Sample:
    """How long one thing that was asked took until the page was drawn, and what came over the wire meanwhile."""

    kind: str
    seconds: float
    bytes: int


@dataclass(frozen=True)
class Widget:
    """A widget as it stands on the page."""

    kind: str
    proto: Any
    fragment: str
    in_sidebar: bool


class BrowserSession:
    """One visitor: `async with BrowserSession(url) as visitor`, then open, press, and so on."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.id = ""
        self.samples: list[Sample] = []
        self.errors: list[str] = []
        self.widgets: dict[str, Widget] = {}
        self.pages: dict[str, str] = {}  # path in the address -> hash of the page
        self.query = ""
        self.page = ""
        self._page_hash = ""
        self._states: dict[str, WidgetState] = {}  # what the page's widgets show; a browser tells all, every time
        self._sent: dict[str, tuple[str, float]] = {}  # fragment -> what was asked of it, and when
        self._begun: set[str] = set()  # fragments whose run has begun; another may have been put before its end
        self._bytes = 0
        self._kept: dict[str, tuple[ForwardMsg, int]] = {}
        self._runs = 0
        self._repeating: dict[str, asyncio.Task[None]] = {}
        self._drawn = asyncio.Condition()
        self._ended = False

    async def __aenter__(self) -> "BrowserSession":
        self.cookie = await asyncio.to_thread(cookie, self.url)
        token = self.cookie.partition("=")[2]
        self.socket: ClientConnection = await connect(
            self.url.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=[Subprotocol(name) for name in ("streamlit", token)],
            additional_headers={"Cookie": self.cookie},
            origin=self.url,  # type: ignore[arg-type]
            max_size=None,
            ping_interval=None,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._reader.cancel()
        self._forget_repeating(list(self._repeating))
        await self.socket.close()

    # What a visitor does

    async def open(self, page: str, query: str = "", kind: str = "") -> None:
        """Open a page by its path in the address ("" is Start), as by a link; returns when it is drawn."""
        self.query, self.page, self._page_hash = query, page, self.pages.get(page, "")
        await self._ask(kind or f"open {page or 'start'}", WHOLE_PAGE)

    async def press(self, label: str, kind: str = "") -> bool:
        """Press the button of that label on the page itself; False where there is none, or it is disabled."""
        for widget in self._on_page(("button",)):
            if widget.proto.label == label:
                await self._set(widget, kind or f"press {label}", trigger_value=True)
                return True
        return False

    async def change(self, kinds: tuple[str, ...], chance: random.Random, kind: str) -> bool:
        """Change one of the page's widgets of these kinds to a value by chance; False where there is none."""
        found = self._on_page(kinds)
        if not found:
            return False
        widget = chance.choice(found)
        await self._set(widget, kind, **value_by_chance(widget, chance))
        return True

    def _on_page(self, kinds: tuple[str, ...]) -> list[Widget]:
        return [
            widget
            for widget in self.widgets.values()
            if widget.kind in kinds and not widget.in_sidebar and not widget.proto.disabled
        ]

    async def _set(self, widget: Widget, kind: str, **value: Any) -> None:
        state = state_of(widget.proto.id, value)
        if "trigger_value" in value:
            await self._ask(kind, widget.fragment, [state])
        else:
            self._states[widget.proto.id] = state
            await self._ask(kind, widget.fragment)

    async def _ask(self, kind: str, fragment: str, triggers: Iterable[WidgetState] = ()) -> None:
        """Send, and wait until what was asked is drawn."""
        await self._send(kind, fragment, triggers)
        async with self._drawn:
            answered = self._drawn.wait_for(lambda: fragment not in self._sent or self._ended)
            try:
                await asyncio.wait_for(answered, PATIENCE)
            except TimeoutError:
                self._sent.pop(fragment, None)
                self.errors.append(f"{kind}: no answer in {PATIENCE:g} s")
        if self._ended:
            await self._reader  # tells why
            raise ConnectionError("the server hung up")

    async def _send(self, kind: str, fragment: str, triggers: Iterable[WidgetState] = (), auto: bool = False) -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.fragment_id, asked.is_auto_rerun = self.query, fragment, auto
        asked.widget_states.widgets.extend([*self._states.values(), *triggers])
        asked.cached_message_hashes.extend(self._kept)
        asked.context_info.url = f"{self.url}/{self.page}"
        asked.page_script_hash = self._page_hash
        asked.page_name = "" if self._page_hash else self.page
        self._sent[fragment] = (kind, time.perf_counter())
        await self.socket.send(message.SerializeToString())

    # What the server answers

    async def _read(self) -> None:
        try:
            async for payload in self.socket:
                self._bytes += len(payload)
                message = ForwardMsg()
                message.ParseFromString(payload)  # type: ignore[arg-type]
                if message.WhichOneof("type") == "ref_hash":
                    metadata = message.metadata
                    message = ForwardMsg()
                    message.CopyFrom(self._kept[payload_hash(payload)][0])
                    message.metadata.CopyFrom(metadata)
                await self._hear(message)
        finally:
            self._ended = True
            async with self._drawn:
                self._drawn.notify_all()

    async def _hear(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if message.metadata.cacheable:
            self._kept[message.hash] = (message, self._runs)
        if kind == "new_session":
            self._begun |= set(message.metadata.run.fragment_ids)
        if kind == "new_session" and not message.metadata.run.fragment_ids:
            self._page_hash = message.new_session.page_script_hash
            self.id = message.new_session.initialize.session_id
            self.widgets.clear()
            self._forget_repeating(list(self._repeating))
        elif kind == "navigation":
            self.pages = {
                "" if page.is_default else page.url_pathname: page.page_script_hash
                for page in message.navigation.app_pages
            }
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta":
            self._draw(message)
        elif kind == "auto_rerun":
            self._repeat(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            self._forget_repeating(list(message.stop_auto_rerun.fragment_ids))
        elif kind == "session_event" and message.session_event.HasField("script_compilation_exception"):
            self.errors.append(message.session_event.script_compilation_exception.message)
        elif kind == "script_finished":
            await self._finished(message)

    def _draw(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.errors.append(f"{element.exception.type}: {element.exception.message}")
        proto = getattr(element, kind) if kind else None
        if kind and getattr(proto, "id", "") and hasattr(proto, "disabled"):
            in_sidebar = message.metadata.delta_path[0] == SIDEBAR
            self.widgets[proto.id] = Widget(kind, proto, message.delta.fragment_id, in_sidebar)
            if shown := value_shown(kind, proto, new=proto.id not in self._states):
                self._states[proto.id] = state_of(proto.id, shown)

    async def _finished(self, message: ForwardMsg) -> None:
        if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:  # what comes instead is on its way
            return
        fragments = list(message.metadata.run.fragment_ids)
        if not fragments:
            self._runs += 1
            self._states = {name: state for name, state in self._states.items() if name in self.widgets}
        self._kept = {name: kept for name, kept in self._kept.items() if self._runs - kept[1] <= KEPT_RUNS}
        now = time.perf_counter()
        # A whole page also answers what was asked of its parts before.
        for fragment in {*fragments, *self._begun} if fragments else list(self._sent):
            if fragment in self._sent:
                kind, sent = self._sent.pop(fragment)
                self.samples.append(Sample(kind, now - sent, self._bytes))
        self._bytes = 0
        self._begun.clear()
        async with self._drawn:
            self._drawn.notify_all()

    # Parts that refresh themselves

    def _repeat(self, fragment: str, interval: float) -> None:
        self._forget_repeating([fragment])
        self._repeating[fragment] = asyncio.create_task(self._refresh(fragment, interval))

    async def _refresh(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            if not {fragment, WHOLE_PAGE} & self._sent.keys():  # it would be answered together with what is asked
                await self._send(f"refresh each {interval:g} s", fragment, auto=True)

    def _forget_repeating(self, fragments: list[str]) -> None:
        for fragment in fragments:
            if task := self._repeating.pop(fragment, None):
                task.cancel()


def cookie(url: str) -> str:
    """The cookie by which the server tells one browser from another, as `name=value`."""
    with urllib.request.urlopen(f"{url}/_stcore/health") as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]


def payload_hash(payload: bytes | str) -> str:
    """Of which message that was sent before this one is a repetition."""
    message = ForwardMsg()
    message.ParseFromString(payload)  # type: ignore[arg-type]
    return message.ref_hash


def state_of(widget_id: str, value: dict[str, Any]) -> WidgetState:
    """What a browser tells of one widget, out of the field's name and its value."""
    state = WidgetState(id=widget_id)
    for name, content in value.items():
        if name.endswith("_array_value"):
            getattr(state, name).SetInParent()
            getattr(state, name).data.extend(content)
        else:
            setattr(state, name, content)
    return state


def value_shown(kind: str, proto: Any, *, new: bool) -> dict[str, Any]:
    """What a widget shows by itself when it is drawn; nothing where it keeps what it showed, or has no value."""
    if not (new or getattr(proto, "set_value", False)):
        return {}
    given = bool(getattr(proto, "set_value", False))
    if kind in ("button_group", "multiselect"):
        options = [getattr(option, "content", option) for option in proto.options]
        return {"string_array_value": list(proto.raw_values) if given else [options[place] for place in proto.default]}
    if kind == "selectbox":
        return {"string_value": proto.raw_value if given else proto.options[proto.default]} if proto.options else {}
    field = {"checkbox": "bool_value", "number_input": "double_value", "text_input": "string_value"}.get(kind)
    if field and (given or kind == "checkbox" or proto.HasField("default")):
        return {field: proto.value if given else proto.default}
    return {"double_array_value": list(proto.value if given else proto.default)} if kind == "slider" else {}


def value_by_chance(widget: Widget, chance: random.Random) -> dict[str, Any]:
    """Another value of a widget, as the field of a `WidgetState`."""
    proto = widget.proto
    if widget.kind == "checkbox":
        return {"bool_value": chance.random() < 0.5}
    if widget.kind == "button_group":
        return {"string_array_value": [chance.choice([option.content for option in proto.options])]}
    low, high = proto.min, proto.max
    if not math.isfinite(high - low):  # a field without bounds
        low, high = proto.default, proto.default + 10 * proto.step
    steps = round((high - low) / proto.step) if proto.step else 0
    value = low + chance.randint(0, min(steps, 1000)) * proto.step
    if widget.kind == "slider":
        return {"double_array_value": sorted([value, *list(proto.default)[1:]])}
    return {"double_value": value}
