"""Saving a document: links, modes, pipes and devices are respected, and no half file is left."""

import os
import stat
import threading

import pytest

import autograd_mini as ag
from tests.cases import leaf

DOCUMENTS = {
    "x.svg": lambda: ag.draw(leaf(2.0, "x") * 2.0),
    "x.dot": lambda: ag.draw(leaf(2.0, "x") * 2.0),
    "x.html": lambda: ag.explore(leaf(2.0, "x") * 2.0),
}
every_document = pytest.mark.parametrize("name", DOCUMENTS)


def content_of(name):
    document = DOCUMENTS[name]()
    text = document.source if name == "x.dot" else getattr(document, name.rpartition(".")[2])()
    return text.encode()


@every_document
def test_save_to_a_link_writes_its_target(name, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    target, link, first = tmp_path / "elsewhere" / "t", tmp_path / "link", tmp_path / name
    link.symlink_to(target)
    first.symlink_to("link")
    for before in (None, b"before"):
        if before:
            target.write_bytes(before)
        assert DOCUMENTS[name]().save(first) == first
        assert first.is_symlink()
        assert link.is_symlink()
        assert target.read_bytes() == content_of(name)
    assert sorted(os.listdir(tmp_path)) == sorted(["elsewhere", "link", name])
    assert os.listdir(target.parent) == ["t"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o755, 0o666])
@every_document
def test_save_keeps_the_mode_of_a_file(name, mode, tmp_path):
    path = tmp_path / name
    path.write_text("before", encoding="utf-8")
    path.chmod(mode)
    DOCUMENTS[name]().save(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == content_of(name)


def test_save_of_a_new_file_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        path = DOCUMENTS["x.svg"]().save(tmp_path / "x.svg")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_save_keeps_the_owner_of_a_file(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(os, "chown", lambda path, *owner: calls.append(owner))
    path = tmp_path / "x.svg"
    path.write_text("before", encoding="utf-8")
    owner = path.stat().st_uid, path.stat().st_gid
    DOCUMENTS["x.svg"]().save(path)
    assert calls == [owner]


@every_document
def test_save_to_a_pipe_writes_into_it(name, tmp_path):
    path, read = tmp_path / name, []
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)

    def drain():
        with open(reader, "rb") as file:
            read.append(file.read())

    thread = threading.Thread(target=drain)
    document = DOCUMENTS[name]()
    content = content_of(name)
    writer = os.open(path, os.O_WRONLY)  # keeps the pipe open until the reader has started
    thread.start()
    document.save(path)
    os.close(writer)
    thread.join(10)
    assert read == [content]
    assert stat.S_ISFIFO(path.stat().st_mode)


@every_document
def test_save_to_a_pipe_without_a_reader_raises(name, tmp_path):
    path = tmp_path / name
    os.mkfifo(path)
    with pytest.raises(OSError, match=name):
        DOCUMENTS[name]().save(path)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert os.listdir(tmp_path) == [name]


@every_document
def test_save_to_a_full_device_raises(name, tmp_path):
    path = tmp_path / name
    path.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space") as caught:
        DOCUMENTS[name]().save(path)
    assert caught.value.filename == str(path)
    assert path.is_symlink()


def loop(path):
    path.symlink_to(path.name)


def link_into_a_missing_folder(path):
    path.symlink_to("missing/file")


def folder(path):
    path.mkdir()


@pytest.mark.parametrize("make", [loop, link_into_a_missing_folder, folder])
@every_document
def test_save_to_an_impossible_path_raises(name, make, tmp_path):
    path = tmp_path / name
    make(path)
    with pytest.raises(OSError, match=name):
        DOCUMENTS[name]().save(path)
    assert os.listdir(tmp_path) == [name]


@every_document
def test_save_to_a_read_only_file_leaves_it(name, tmp_path, monkeypatch):
    path = tmp_path / name
    path.write_text("before", encoding="utf-8")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write to any file
    with pytest.raises(PermissionError, match=name):
        DOCUMENTS[name]().save(path)
    assert path.read_text(encoding="utf-8") == "before"


@pytest.mark.parametrize("step", ["open", "replace", "access"])
@pytest.mark.parametrize("error", [OSError(28, "full"), KeyboardInterrupt()])
@every_document
def test_save_that_fails_leaves_the_old_file(name, step, error, tmp_path, monkeypatch):
    path = tmp_path / name
    path.write_text("before", encoding="utf-8")
    document = DOCUMENTS[name]()
    document.save(tmp_path / f"other.{name}")  # reads the page's own files before `open` fails

    def fail(*args):
        raise error

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(error)):
        document.save(path)
    monkeypatch.undo()
    assert path.read_text(encoding="utf-8") == "before"
    assert sorted(os.listdir(tmp_path)) == sorted([name, f"other.{name}"])


def test_title_with_a_lone_surrogate_is_escaped(tmp_path):
    page = ag.explore(leaf(2.0) * 2.0, title="\ud800")
    assert r"<title>\ud800</title>" in page.save(tmp_path / "x.html").read_text(encoding="utf-8")
