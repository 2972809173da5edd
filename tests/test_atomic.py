"""Files that are written whole or not at all."""

import os
import threading
from pathlib import Path

import pytest

from eegnets.atomic import changing, open_whole, write_whole


def test_a_file_appears_with_all_of_its_content(tmp_path):
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_fails_in_the_middle_leaves_the_old_file_and_no_trace(tmp_path):
    write_whole(tmp_path / "a", b"old")

    def half():
        with open_whole(tmp_path / "a") as file:
            file.write(b"ne")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        half()
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_while_a_file_is_written_the_old_one_is_read(tmp_path):
    write_whole(tmp_path / "a", b"old")
    with open_whole(tmp_path / "a") as file:
        file.write(b"new")
        assert (tmp_path / "a").read_bytes() == b"old"
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_reader_never_sees_a_part_while_many_write(tmp_path):
    contents = {bytes([letter]) * 100_000 for letter in b"abcd"}
    write_whole(tmp_path / "f", next(iter(contents)))
    threads = [
        threading.Thread(target=lambda one=content: [write_whole(tmp_path / "f", one) for _ in range(30)])
        for content in contents
    ]
    for thread in threads:
        thread.start()
    seen = {(tmp_path / "f").read_bytes() for _ in range(200)}
    for thread in threads:
        thread.join()
    assert seen <= contents
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_of_many_who_change_a_file_at_once_none_is_lost(tmp_path):
    path = tmp_path / "f"
    write_whole(path, b"")

    def add():
        for _ in range(20):
            with changing(path):
                write_whole(path, path.read_bytes() + b"x")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() == b"x" * 80


def test_a_pipe_is_written_to_and_stays_one(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, b"content")
    assert os.read(reader, 100) == b"content"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_file_that_is_being_read_is_replaced_as_soon_as_it_is_free(tmp_path, monkeypatch):
    """As on Windows, where a file that somebody reads cannot be replaced."""
    write_whole(tmp_path / "a", b"old")
    taken, replace = [], Path.replace

    def busy(partial, path):
        taken.append(path)
        if len(taken) < 4:
            raise PermissionError("in use")
        return replace(partial, path)

    monkeypatch.setattr(Path, "replace", busy)
    monkeypatch.setattr("eegnets.atomic.PAUSE", 0.0)
    with pytest.raises(PermissionError):  # elsewhere it is no question of waiting
        write_whole(tmp_path / "a", b"new")
    monkeypatch.setattr("eegnets.atomic.ATTEMPTS", 5)
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
