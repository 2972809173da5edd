"""Fetching, against a real server on this machine that refuses, cuts, lies or stalls."""

import errno
import hashlib
import http.server
import shutil
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pooch
import pytest

from eegnets.sources.base import SourceError
from eegnets.sources.download import Remote, copy, download, receiving

CONTENT = bytes(range(256)) * 1200  # 300 kB: several blocks
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HALF = len(CONTENT) // 2


class Server(http.server.BaseHTTPRequestHandler):
    """The path says how the file is served."""

    go_on = threading.Event()  # what a stalled answer waits for
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self):
        how = self.path.split("/")[1]
        self.asked.append(self.path)
        if how == "absent":
            return self.send_error(404)
        self.send_response(200)
        if how != "silent-cut":  # without a length, a cut looks like the end
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        sent = {"whole": CONTENT, "wrong": CONTENT[::-1]}.get(how, CONTENT[:HALF])
        self.wfile.write(sent)
        if how == "stalled":
            self.wfile.flush()
            self.go_on.wait(20)
            self.wfile.write(CONTENT[HALF:])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(Server, "go_on", threading.Event())
    monkeypatch.setattr(Server, "asked", [])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        Server.go_on.set()
        running.shutdown()


def whole(path):
    if path.stat().st_size != len(CONTENT):
        raise SourceError(f"{path} ends too early.")


def remote(server, how, name="O3VR.gdf", sha256=SHA256):
    return Remote(name, f"{server}/{how}/{name}", whole, sha256)


def visible(folder):
    """The files that a reader could take for recordings."""
    return sorted(file.name for file in folder.rglob("*") if not file.name.startswith(".") and file.is_file())


def test_a_file_arrives_whole_with_its_progress_told(server, tmp_path):
    steps = []
    (path,) = download([remote(server, "whole")], tmp_path / "new", lambda *step: steps.append(step))
    assert path == tmp_path / "new" / "O3VR.gdf"
    assert path.read_bytes() == CONTENT
    names, done, totals = zip(*steps, strict=True)
    assert set(names) == {"O3VR.gdf"}
    assert set(totals) == {len(CONTENT)}
    assert list(done) == sorted(done)
    assert done[0] < done[-1] == len(CONTENT)
    assert visible(tmp_path) == ["O3VR.gdf"]
    assert not (tmp_path / "new" / ".incoming").exists()


def test_others_may_read_what_was_fetched(server, tmp_path):
    (path,) = download([remote(server, "whole")], tmp_path)
    assert path.stat().st_mode & 0o044 == 0o044


def test_a_whole_file_is_not_fetched_again(server, tmp_path):
    for _ in range(2):
        download([remote(server, "whole")], tmp_path)
    assert len(Server.asked) == 1


@pytest.mark.parametrize("damage", [CONTENT[:HALF], CONTENT[::-1]], ids=["cut", "other bytes"])
def test_a_damaged_file_that_is_here_is_replaced(server, tmp_path, damage):
    (tmp_path / "O3VR.gdf").write_bytes(damage)
    (path,) = download([remote(server, "whole")], tmp_path)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("how", "sha256", "message"),
    [
        ("cut", SHA256, r"O3VR\.gdf from http://.* broke off on the way; nothing of it was kept\. Fetch again"),
        ("silent-cut", SHA256, r"came with other bytes than were published .*expected the SHA-256 [0-9a-f]{64}"),
        ("silent-cut", None, r"O3VR\.gdf ends too early"),
        ("wrong", SHA256, r"came with other bytes than were published"),
        ("absent", SHA256, r"cannot be had: the server answered 404"),
        ("stalled", SHA256, r"cannot be had: the server was silent for too long"),
    ],
)
def test_a_failure_is_told_in_words_and_leaves_nothing(server, tmp_path, how, sha256, message):
    with pytest.raises(SourceError, match=message) as problem:
        download([remote(server, how, sha256=sha256)], tmp_path, by_hand="Or save it by hand.", timeout=0.3)
    assert str(problem.value).endswith("Or save it by hand.")
    assert visible(tmp_path) == []
    (path,) = download([remote(server, "whole")], tmp_path)
    assert path.read_bytes() == CONTENT, "and the next fetch starts clean"


def test_a_refused_connection_is_told_in_words(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SourceError, match=r"cannot be had: the server cannot be reached\. Check the connection"):
            download([remote(address, "whole")], tmp_path)
    assert visible(tmp_path) == []


def test_a_failed_fetch_leaves_an_older_file_as_it_was(server, tmp_path):
    (tmp_path / "O3VR.gdf").write_bytes(b"mine")
    with pytest.raises(SourceError):
        download([remote(server, "cut")], tmp_path)
    assert (tmp_path / "O3VR.gdf").read_bytes() == b"mine"


def test_a_file_that_is_not_served_does_not_keep_the_others_away(server, tmp_path):
    files = [remote(server, "absent", "S4b.gdf"), remote(server, "wrong", "X11b.gdf"), remote(server, "whole")]
    with pytest.raises(SourceError, match=r"S4b\.gdf .* 404 .*X11b\.gdf .* other bytes"):
        download(files, tmp_path)
    assert visible(tmp_path) == ["O3VR.gdf"]


def test_a_silent_server_is_not_asked_for_every_file(server, tmp_path):
    with pytest.raises(SourceError):
        download([remote(server, "cut"), remote(server, "whole", "other.gdf")], tmp_path)
    assert len(Server.asked) == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_in_words_and_leaves_nothing(server, tmp_path, monkeypatch, code):
    def fill(self, url, output_file, pooch):
        Path(output_file).write_bytes(CONTENT[:HALF])
        raise OSError(code, "No space left on device")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", fill)
    with pytest.raises(SourceError, match=r"no room for the files in .* \(No space left on device\)\. Free some space"):
        download([remote(server, "whole")], tmp_path)
    assert visible(tmp_path) == []


def test_a_folder_that_cannot_be_written_to_is_named(server, tmp_path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(SourceError, match=r"taken cannot be written to .*set EEGNETS_DATA"):
        download([remote(server, "whole")], tmp_path / "taken")


def test_of_two_fetches_at_once_the_second_is_told_to_wait(server, tmp_path):
    begun = threading.Event()
    first = threading.Thread(
        target=download, args=([remote(server, "stalled")], tmp_path, lambda *_: begun.set()), daemon=True
    )
    first.start()
    assert begun.wait(10)
    with pytest.raises(SourceError, match=r"another fetch into .* is under way; wait until it has ended"):
        download([remote(server, "whole")], tmp_path)
    assert visible(tmp_path / ".incoming") != ["O3VR.gdf"], "the second has not disturbed the first"
    Server.go_on.set()
    first.join(10)
    assert (tmp_path / "O3VR.gdf").read_bytes() == CONTENT


def test_a_killed_fetch_leaves_no_half_file_and_no_lock(server, tmp_path):
    script = f"""
        from pathlib import Path
        from eegnets.sources.download import Remote, download
        file = Remote("O3VR.gdf", "{server}/stalled/O3VR.gdf", lambda path: None)
        download([file], Path({str(tmp_path)!r}), lambda *_: print("begun", flush=True))
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent) as process:
        assert process.stdout.readline().strip() == b"begun"
        process.kill()
    assert list((tmp_path / ".incoming").iterdir()), "the kill came in the middle"
    assert not (tmp_path / "O3VR.gdf").exists()
    download([remote(server, "whole")], tmp_path)
    assert (tmp_path / "O3VR.gdf").read_bytes() == CONTENT
    assert not (tmp_path / ".incoming").exists()


def test_whoever_watches_may_stop_the_fetch(server, tmp_path):
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download([remote(server, "whole")], tmp_path, stop)
    assert visible(tmp_path) == []
    with receiving(tmp_path):
        pass  # and the lock is free again


def test_copy_brings_all_or_none(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "whole.gdf").write_bytes(CONTENT)
    (tmp_path / "a" / "cut.gdf").write_bytes(CONTENT[:HALF])
    files = [(tmp_path / "a" / name, whole) for name in ("whole.gdf", "cut.gdf")]
    with pytest.raises(SourceError, match=r"cut\.gdf ends too early"):
        copy(files, tmp_path / "b")
    assert visible(tmp_path / "b") == []
    assert copy(files[:1], tmp_path / "b") == [tmp_path / "b" / "whole.gdf"]
    assert (tmp_path / "b" / "whole.gdf").read_bytes() == CONTENT


def test_copy_onto_itself_changes_nothing(tmp_path):
    (tmp_path / "whole.gdf").write_bytes(CONTENT)
    copy([(tmp_path / "whole.gdf", whole)], tmp_path)
    assert (tmp_path / "whole.gdf").read_bytes() == CONTENT


def test_copy_names_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def denied(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.gdf").write_bytes(CONTENT)
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(SourceError, match=r"a\.gdf cannot be read \(Permission denied\)"):
        copy([(tmp_path / "a.gdf", whole)], tmp_path / "b")


def test_copy_to_a_full_disk_is_told_in_words(tmp_path, monkeypatch):
    def full(source, target):
        Path(target).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a.gdf").write_bytes(CONTENT)
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(SourceError, match="no room for the files"):
        copy([(tmp_path / "a.gdf", whole)], tmp_path / "b")
    assert visible(tmp_path / "b") == []
