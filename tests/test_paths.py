"""Where everything lives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clawlocal import paths
from clawlocal.errors import StoreError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAWLOCAL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_one_variable_puts_everything_under_one_folder(home: Path) -> None:
    found = paths.find()
    assert {Path(path).is_relative_to(home) for path in found.as_dict().values()} == {True}
    assert not home.exists()


def test_every_location_is_listed_once(home: Path) -> None:
    listed = paths.find().as_dict()
    properties = {name for name, value in vars(paths.Paths).items() if isinstance(value, property)}
    assert set(listed) == properties | {"config", "data", "cache", "state"}
    assert len(set(listed.values())) == len(listed)


def test_what_is_made_again_is_not_among_the_data(home: Path) -> None:
    found = paths.find()
    for kept in (found.database, found.lock, found.adapters, found.models):
        assert kept.is_relative_to(found.data)
    assert found.bases.is_relative_to(found.cache)


def test_a_tilde_and_a_relative_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("CLAWLOCAL_HOME", "~/claw")
    assert paths.find().data == tmp_path / "claw" / "data"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLAWLOCAL_HOME", "here")
    assert paths.find().data == tmp_path / "here" / "data"


@pytest.mark.parametrize("value", [None, ""])
def test_without_it_the_system_decides(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("CLAWLOCAL_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("CLAWLOCAL_HOME", value)
    found = paths.find()
    assert all(Path(path).is_absolute() and "clawlocal" in path for path in found.as_dict().values())


@pytest.mark.skipif(os.name == "nt", reason="no modes")
def test_folders_are_the_owners_alone(home: Path) -> None:
    found = paths.find()
    assert found.ensure(found.jobs) == found.jobs
    assert found.ensure(found.jobs).is_dir()
    assert {path.stat().st_mode & 0o777 for path in (home, found.state, found.jobs)} == {0o700}


@pytest.mark.parametrize("at", ["home", "home/data", "home/data/models"])
def test_a_file_in_the_way(home: Path, at: str) -> None:
    file = home.parent / at
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    found = paths.find()
    with pytest.raises(StoreError, match=r"Cannot make the folder .*CLAWLOCAL_HOME"):
        found.ensure(found.models)
