"""fsspec's system behind a storage's address, as this machine and a cluster open it. Knows neither job nor grant.

Waiting has limits, and an SSH host is one whose key is known: what nobody has accepted is refused, never added.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

S3, SFTP = "s3", "sftp"
OBJECTS = (S3, "gs", "abfs")
"""Storages where a file is there completely or not at all."""
CONNECT_SECONDS, SILENT_SECONDS = 10, 60
_ALIVE_SECONDS = 15
"""How often an SSH host is asked whether it is there; three times without an answer end the connection."""
_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts")
_REGION = re.compile(r"s3[.-](?:fips[.-])?(?:dualstack\.)?([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


def opened(address: str, endpoint: str = "", **more: Any) -> tuple[Any, str]:
    """The system, and the address' path in it. `endpoint` is the server of an `s3://`; `more` are further options.

    Raises `ImportError` where a package is missing, and what `asyncssh` raises: an SSH host is connected to at once.
    """
    match kind(address):
        case "s3":
            import s3fs

            return s3fs.S3FileSystem(**_merged(_s3_options(endpoint), more)), address.partition("://")[2]
        case "sftp":
            import sshfs

            return sshfs.SSHFileSystem(**ssh_options(address, **more)), unquote(urlsplit(address).path)
    import fsspec

    found: tuple[Any, str] = fsspec.core.url_to_fs(address)
    return found


def kind(address: str) -> str:
    """The word before `://`."""
    return address.partition("://")[0]


def ssh_options(address: str, **more: Any) -> dict[str, Any]:
    """For `asyncssh`; files of known hosts are always named, since `sshfs` trusts all where none is."""
    import asyncssh

    parts = urlsplit(address)
    options: dict[str, Any] = {
        "host": parts.hostname,
        **({"port": parts.port} if parts.port else {}),
        **({"username": unquote(parts.username)} if parts.username else {}),
        "connect_timeout": CONNECT_SECONDS,
        "login_timeout": SILENT_SECONDS,
        "keepalive_interval": _ALIVE_SECONDS,
        "keepalive_count_max": 3,
        # The user's own `~/.ssh/config`.
        "config": (),
        **more,
    }
    said = {name: value for name, value in options.items() if name != "skip_instance_cache"}
    # Empty, or none at all, where the user's settings say nothing, or that no key needs to be known.
    files: Any = asyncssh.SSHClientConnectionOptions(**said).known_hosts or _KNOWN_HOSTS
    found = [str(file) for file in (Path(each).expanduser() for each in files) if file.is_file()]
    return {**options, "known_hosts": found or b""}


def _s3_options(endpoint: str) -> dict[str, Any]:
    region = _REGION.fullmatch(urlsplit(endpoint).hostname or "")
    return {
        **({"endpoint_url": endpoint} if endpoint else {}),
        **({"client_kwargs": {"region_name": region[1]}} if region else {}),
        "config_kwargs": {
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": SILENT_SECONDS,
            # A bucket's name as a part of the host would be another host.
            "s3": {"addressing_style": "path"},
            # Newer checksums are not known to every server that speaks S3.
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        },
    }


def _merged(options: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    config = {**options["config_kwargs"], **more.pop("config_kwargs", {})}
    return {**options, **more, "config_kwargs": config}
