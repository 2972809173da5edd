"""Files that grow by one JSON object a line: a line is there whole or not at all."""

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eegnets.atomic import write_whole


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Add a line, whole or not at all; a number that is none (NaN, infinite) is a ValueError."""
    line = json.dumps(record, allow_nan=False) + "\n"
    before = path.stat().st_size if path.exists() else 0
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line)
    except OSError:
        with contextlib.suppress(OSError):
            os.truncate(path, before)
        raise


def read(path: Path) -> list[dict[str, Any]]:
    """Every record so far, a last line still being written left out; ValueError where a line is damaged.

    None of a file that cannot be read now.
    """
    try:
        return _records(path)
    except OSError:
        return []


def _records(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8")
    return [_record(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def _record(line: str) -> dict[str, Any]:
    record = parsed(line)
    if not isinstance(record, dict):
        raise ValueError("no object")
    return record


def parsed(text: str) -> Any:
    """What a JSON text holds; ValueError where it is damaged or holds what no file and no page can write."""
    try:
        found = json.loads(text)
        if "\\ud" in text.lower():  # half a pair of these is no character
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return found


def keep(path: Path, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Leave only the records that are wanted, and return them; a damaged file keeps none, one that is not there too.

    Raises OSError where it cannot be read or written; then it stays as it is.
    """
    try:
        kept = [record for record in _records(path) if wanted(record)]
    except FileNotFoundError:
        return []
    except ValueError:
        kept = []
    write_whole(path, "".join(json.dumps(record) + "\n" for record in kept).encode())
    return kept


def epoch(record: Mapping[str, Any]) -> int:
    """Of which epoch a record is; ValueError for another kind of object."""
    if not isinstance(record.get("epoch"), int):
        raise ValueError("no record of an epoch")
    return record["epoch"]
