"""Adapter versions with files on disk, made without a trainer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clawlocal.adapters.files import sha256
from clawlocal.paths import Paths
from clawlocal.records import AdapterState, AdapterVersion


@pytest.fixture
def version(where: Paths) -> Callable[..., AdapterVersion]:
    """`version("v2", "v1")`: v2, trained from v1."""

    def make(name: str, parent: str | None = None) -> AdapterVersion:
        home = where.adapters / "tiny" / name
        (home / "adapter").mkdir(parents=True)
        (home / "adapter" / "adapter_config.json").write_text("{}")
        (home / "adapter" / "adapter_model.safetensors").write_text(name)
        (home / "adapter.gguf").write_text(f"gguf {name}")
        digest = sha256(home / "adapter.gguf")
        return AdapterVersion(name, "tiny", AdapterState.LIVE, "", 16, digest, parent, str(home), {"kl_base": 0.1})

    return make
