"""What a page says, in all its texts: to find a sentence that stayed in English."""

import json
import re
from collections.abc import Iterator

from google.protobuf.message import Message

# Not words for a reader: where things are, what they are called in the code, and what a browser draws.
UNSAID = {
    *("id", "key", "url", "icon", "page", "form_id", "element_id", "widget_id", "query_param_key", "help_icon"),
    *("page_script_hash", "url_path", "format", "language", "mime_type", "theme", "source", "default", "set_value"),
}
NAMED = re.compile(r"`[^`]*`|<[^>]*>|:[a-z]+/[a-z_]+:|https?://\S+|\$[^$]*\$")
SENTENCE = re.compile(r"\b[a-z][a-z’'-]+(?:,? [a-z][a-z’'-]+){2,}")


def english(text: str) -> list[str]:
    """What in a text reads as English: three words in a row, without capitals, code, signs or addresses."""
    return SENTENCE.findall(NAMED.sub(" ", text))


def texts(app) -> Iterator[str]:
    """Every text of a page as it was last drawn, with the titles of charts and tables."""
    for root in (app.sidebar, app.main):
        for node in root:
            if (proto := getattr(node, "proto", None)) is not None:
                yield from _of_message(proto)


def _of_message(message) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.name in UNSAID:
            continue
        if field.name == "spec":
            yield from _of_json(json.loads(value))
        elif field.name in ("columns", "column_order"):
            yield from _of_json(json.loads(value) if value else {})
        elif field.type == field.TYPE_STRING:
            yield from [value] if isinstance(value, str) else value
        elif field.type == field.TYPE_MESSAGE and not field.message_type.GetOptions().map_entry:
            for part in [value] if isinstance(value, Message) else value:
                yield from _of_message(part)


def _of_json(value) -> Iterator[str]:
    """The texts that a chart's specification shows: titles, labels, descriptions, and the values of its domains."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("title", "text", "description", "label", "help", "domain", "labels", "subtitle"):
                yield from _strings(inner)
            yield from _of_json(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _of_json(inner)


def _strings(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
