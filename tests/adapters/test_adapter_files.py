"""The files of a version: verified, installed, exported."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
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
    assert sorted(str(p.relative_to(home)) for p in home.rglob("*")) == [
        "SHA256SUMS",
        "adapter",
        "adapter.gguf",
        "adapter/a",
    ]
    assert [p.name for p in home.parent.iterdir()] == ["v1"]


def test_what_the_next_update_goes_on_from_is_verified_too(tmp_path: Path, version: Made) -> None:
    made = tmp_path / "job"
    (made / "adapter").mkdir(parents=True)
    (made / "adapter" / "a").write_text("a")
    (made / "adapter.gguf").write_text("g")
    home = files.install(made, tmp_path / "v1")
    published = replace(version("v1"), path=str(home))
    assert files.trainable(published) == home / "adapter"
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--check", "--status", files.SUMS], cwd=home, check=True)
    (home / "adapter" / "a").write_text("b")
    with pytest.raises(AdapterError, match=r"v1 is damaged on disk .*`clawlocal adapters rollback`"):
        files.trainable(published)
    (home / "adapter" / "a").unlink()
    with pytest.raises(AdapterError, match=r"v1 cannot be read .*`clawlocal adapters rollback`"):
        files.trainable(published)
    (home / files.SUMS).unlink()
    assert files.trainable(published) == home / "adapter", "published before hashes were kept"
