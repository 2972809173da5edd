"""Words in the reader's language: readable English in the code, translations in `locale/<language>/LC_MESSAGES`.

`_("Run {run} is gone", run=run.id)` translates now; `N_("…")` marks a text that stands in a table and is translated by
`_(text)` where it is shown. What a worker stored was stored in English: `retold` finds its message again.
"""

import gettext
import io
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "English", "zh-TW": "繁體中文"}
ENGLISH = "en"
LOCALES = Path(__file__).with_name("locale")
PLACE = re.compile(r"\{(\w+)[^}]*\}")
SAYS_ENOUGH = 10  # characters of a message beside its places: with fewer it would fit what it never said

LONGEST = 400  # characters of a message that is told again: what it may be is sought by trying

_ask: list[Callable[[], str]] = []


def ask_for_language(reader: Callable[[], str]) -> None:
    """Let `reader` say, each time, for whom a text is; it gives a key of LANGUAGES."""
    _ask[:] = [reader]


def language() -> str:
    """The language that texts come in now, a key of LANGUAGES: English where nobody asked for another."""
    return _ask[0]() if _ask else ENGLISH


def _(message: str, /, **values: Any) -> str:
    """A message in the reader's language, its `{places}` filled in."""
    text = _catalogue(language()).gettext(message) if message else ""
    return text.format(**values) if values else text


def ngettext(one: str, many: str, n: int, /, **values: Any) -> str:
    """A message that counts: `one` for n = 1, else `many`; both know `{n}`."""
    return _catalogue(language()).ngettext(one, many, n).format(n=n, **values)


def with_unit(name: str, unit: str) -> str:
    """What an axis or a control is called, with its unit."""
    return _("{name} ({unit})", name=name, unit=unit)


def N_(message: str) -> str:
    """The message itself, marked for the catalogue."""
    return message


def retold(message: str) -> str:
    """A message that was made and stored in English, in the reader's language; as it is where no pattern fits.

    One that is longer than any of ours stays as it is, too: somebody may have made it to keep all readers waiting.
    """
    if not message or language() == ENGLISH or len(message) > LONGEST:
        return message
    known = _catalogue(language()).gettext(message)
    if known != message:
        return known
    for pattern, english in _patterns(language()):
        if found := pattern.fullmatch(message):
            return _refilled(_(english), found)
    return message


def _refilled(text: str, found: re.Match[str]) -> str:
    """A translation with what stood in the places of its message: that has its format already."""
    return PLACE.sub(lambda place: retold(found[place[1]]), text)


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    """The texts of a language; English needs none."""
    if name == ENGLISH:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo

    compiled = io.BytesIO()
    write_mo(compiled, catalogue(name))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def catalogue(name: str) -> Any:
    """The `babel.messages.Catalog` of a language, out of its .po file."""
    from babel.messages.pofile import read_po

    locale = name.replace("-", "_")
    with (LOCALES / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=locale)


@cache
def _patterns(name: str) -> list[tuple[re.Pattern[str], str]]:
    """Every message with places as a pattern that finds what stood in them; the one that says most itself first."""
    said = {entry.id: len(PLACE.sub("", entry.id)) for entry in catalogue(name) if isinstance(entry.id, str)}
    telling = [english for english in said if "{" in english and said[english] >= SAYS_ENOUGH]
    return [(_pattern(english), english) for english in sorted(telling, key=said.__getitem__, reverse=True)]


def _pattern(english: str) -> re.Pattern[str]:
    literals_and_names = PLACE.split(english)
    found = re.escape(literals_and_names[0])
    for name, literal in zip(literals_and_names[1::2], literals_and_names[2::2], strict=True):
        found += f"(?P={name})" if f"<{name}>" in found else f"(?P<{name}>.*?)"
        found += re.escape(literal)
    return re.compile(found, re.DOTALL)
