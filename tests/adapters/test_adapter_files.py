"""The files of a version: verified, installed, exported."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from clawlocal.adapters import files
from clawlocal.errors import AdapterError
from clawlocal.records import AdapterVersion

Made = Callable[..., AdapterVersion]


def test_the_file_that_was_published_is_served(version: Made) -> None:
    made = version("v1")
    found = files.verified(made)
    assert (found.version, found.path) == ("v1", Path(made.path) / "adapter.gguf")


def test_a_damaged_or_missing_file_is_said_with_what_to_do(version: Made) -> None:
    made = version("v1")
    path = Path(made.path) / "adapter.gguf"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(AdapterError, match=r"v1 is damaged on disk .*`clawlocal adapters rollback`"):
        files.verified(made)
    path.unlink()
    with pytest.raises(AdapterError, match=r"v1 cannot be read .*No such file.*`clawlocal adapters rollback`"):
        files.verified(made)


def test_installed_it_is_whole_and_in_place_of_what_a_crash_left(tmp_path: Path) -> None:
    made, home = tmp_path / "job", tmp_path / "adapters" / "tiny" / "v1"
    (made / "adapter").mkdir(parents=True)
    (made / "adapter" / "a").write_text("a")
    (made / "adapter.gguf").write_text("g")
    for left in (home, home.with_name("v1.part")):
        left.mkdir(parents=True)
        (left / "old").touch()
    assert files.install(made, home) == home
    assert sorted(str(p.relative_to(home)) for p in home.rglob("*")) == ["adapter", "adapter.gguf", "adapter/a"]
    assert [p.name for p in home.parent.iterdir()] == ["v1"]


def test_exported_as_gguf_to_a_file_or_into_a_folder(version: Made, tmp_path: Path) -> None:
    made = version("v1")
    there = tmp_path / "new" / "mine.gguf"
    assert files.export(made, "gguf", there) == there
    assert hashlib.sha256(there.read_bytes()).hexdigest() == made.sha256
    assert files.export(made, "gguf", there.parent) == there.parent / "v1.gguf"
    assert sorted(p.name for p in there.parent.iterdir()) == ["mine.gguf", "v1.gguf"]


def test_exported_as_peft_to_a_new_or_an_empty_folder(version: Made, tmp_path: Path) -> None:
    made = version("v1")
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "new" / "peft", tmp_path / "empty"):
        assert files.export(made, "peft", out) == out
        assert sorted(p.name for p in out.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]


def test_what_exists_is_refused_in_one_sentence(version: Made, tmp_path: Path) -> None:
    made = version("v1")
    taken = tmp_path / "taken"
    taken.write_text("mine")
    for format in files.FORMATS:
        with pytest.raises(AdapterError, match=r"taken exists .*Name another"):
            files.export(made, format, taken)
    assert taken.read_text() == "mine"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    with pytest.raises(AdapterError, match="not an empty folder"):
        files.export(made, "peft", tmp_path / "full")


@pytest.mark.parametrize("format", files.FORMATS)
def test_where_nothing_can_be_written_it_says_so(version: Made, tmp_path: Path, format: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AdapterError, match=r"Cannot write to .*(Not a directory|File exists).* name another place"):
        files.export(version("v1"), format, tmp_path / "file" / "below" / "out")


def test_a_full_disk_leaves_no_half_file(version: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    made = version("v1")
    monkeypatch.setattr("shutil.copy2", full)
    with pytest.raises(AdapterError, match="No space left on device"):
        files.export(made, "gguf", tmp_path / "out" / "mine.gguf")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_damaged_version_and_an_unknown_format_are_not_exported(version: Made, tmp_path: Path) -> None:
    made = version("v1")
    with pytest.raises(AdapterError, match="Choose one of: peft, gguf"):
        files.export(made, "onnx", tmp_path / "out")
    (Path(made.path) / "adapter.gguf").write_bytes(b"")
    for format in files.FORMATS:
        with pytest.raises(AdapterError, match="damaged"):
            files.export(made, format, tmp_path / "out")
    assert not (tmp_path / "out").exists()
