"""Where a storage is: its address, the server of an `s3://`, the host that a grant names. Opens no socket."""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from urllib.parse import urlsplit

from clawlocal.errors import OffloadError
from trainers.remote_system import S3, SFTP, kind

_STORAGES = ("file", S3, "gs", "abfs", SFTP)
_PORTS = {"http": 80, "https": 443, SFTP: 22}
_REGION = "us-east-1"
"""Of a bucket whose region nothing says; the server tells where it is another one."""


def checked(address: str) -> str:
    """As fsspec knows it, without a slash at its end. Raises `OffloadError`."""
    scheme, mark, rest = address.strip().partition("://")
    if not mark:
        scheme, rest = "file", scheme
    rest = rest.rstrip("/")
    known = ", ".join(f"{each}://" for each in _STORAGES)
    if scheme not in _STORAGES or not rest:
        raise OffloadError(f"{address!r} is no storage: give a folder by its whole path, or an address with {known}.")
    if scheme == "file" and not Path(rest).is_absolute():
        raise OffloadError(f"The path of the storage must be whole, as /mnt/shared: {address!r} is not.")
    user, at, _ = rest.partition("@")
    if scheme != "file" and (set("?#") & set(rest) or (at and ":" in user)):
        raise OffloadError("Leave keys out of the storage's address: its own settings hold them, as ~/.aws or ~/.ssh.")
    if scheme == SFTP:
        _check_sftp(f"{scheme}://{rest}")
    return f"{scheme}://{rest}"


def _check_sftp(address: str) -> None:
    text = f"{address!r} is no storage: write it as sftp://ada@gpu.example.org/data/clawlocal, or with :PORT."
    try:
        parts = urlsplit(address)
        if parts.hostname and parts.path and parts.port != 0:
            return
    except ValueError as e:
        raise OffloadError(text) from e
    raise OffloadError(text)


def endpoint() -> str:
    """The server of an `s3://` where none is named: the one that the user's settings for AWS say, or Amazon's."""
    environment = os.environ
    found = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or _setting("endpoint_url")
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or _setting("region") or _REGION
    return found or f"https://s3.{region}.amazonaws.com"


def host(address: str, server: str) -> str:
    """Host and port of a storage; empty for one that names none."""
    url = {S3: server, SFTP: address}.get(kind(address))
    return host_and_port(url) if url else ""


def host_and_port(url: str) -> str:
    """Also where the port is not said."""
    parts = urlsplit(url)
    found = parts.hostname or ""
    return f"[{found}]:{port(url)}" if ":" in found else f"{found}:{port(url)}"


def port(url: str) -> int:
    """The usual one where it is not said."""
    parts = urlsplit(url)
    return parts.port or _PORTS[parts.scheme]


def _setting(name: str) -> str:
    """From `~/.aws/config`; empty where nothing is said."""
    profile = os.environ.get("AWS_PROFILE", "default")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(Path(os.environ.get("AWS_CONFIG_FILE", "~/.aws/config")).expanduser(), "utf-8")
    except (configparser.Error, OSError, ValueError):
        # What is wrong there is said when it is used.
        return ""
    section = profile if profile == "default" else f"profile {profile}"
    return parser.get(section, name, fallback="").strip()
