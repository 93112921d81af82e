"""The files of a version: verified, installed, exported."""

from __future__ import annotations

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
