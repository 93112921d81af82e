"""Storages that are no folder, for one test each: a bucket of its own, or a user of an SFTP host."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.offload import sftp_host
from tests.offload.far_bucket import KEY, SECRET, FarBucket


@dataclass
class Place:
    """A storage for tests."""

    address: str
    endpoint: str
    host: str
    """As a grant names it."""
    names: Callable[[], list[str]]
    """Of all files there."""
    server: Any


@contextmanager
def in_a_bucket(server: FarBucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """With a key in the environment, and no settings of whoever runs the tests."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    bucket = f"lab-{secrets.token_hex(8)}"
    server.buckets.create_bucket(Bucket=bucket)
    host = server.url.removeprefix("http://")
    yield Place(f"s3://{bucket}/team", server.url, host, lambda: server.names(bucket), server)
    server.fault = ""


@contextmanager
def on_a_host(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """With a key that the host knows, and the host's own known here."""
    folder.mkdir()
    with sftp_host.serving(folder) as server:
        monkeypatch.setenv("HOME", str(server.home))

        def names() -> list[str]:
            return sorted(p.relative_to(server.folder).as_posix() for p in server.folder.rglob("*") if p.is_file())

        yield Place(f"sftp://{server.ssh.name}/team", "", f"127.0.0.1:{server.ssh.port}", names, server)
