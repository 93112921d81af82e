"""What a remote may be: names, addresses, certificates, keys. Knows no store and opens no socket."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from clawlocal.errors import OffloadError
from clawlocal.offload import ssh as tunnels
from clawlocal.records import Remote, RemoteKind
from clawlocal.store import stamp

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PORTS = {"http": 80, "https": 443}
_STORAGES = ("file", "s3", "gs", "abfs", "sftp")
TOKEN = "RAY_AUTH_TOKEN"
"""The variable in which Ray itself looks for the token of a cluster."""


def described(
    name: str,
    kind: RemoteKind,
    url: str,
    *,
    api_key_env: str = "",
    ca: Path | None = None,
    plain: bool = False,
    storage: str = "",
    ssh: str = "",
) -> Remote:
    """A remote from what the user says of it. Raises `OffloadError` for what cannot be or is not safe."""
    if not _NAME.fullmatch(name):
        raise OffloadError(f"{name!r} is no name for a remote: use up to 32 of a-z, 0-9, dot, dash, underscore.")
    if api_key_env and not _VARIABLE.fullmatch(api_key_env):
        # Not repeated here: it may well be the key itself.
        raise OffloadError("--api-key-env takes the name of an environment variable, as GPU_KEY, not the key itself.")
    if (kind is RemoteKind.RAY) != bool(storage):
        raise OffloadError("A cluster, and nothing else, needs --storage: the folder that it and this machine share.")
    parts = _parts(url)
    path = parts.path.rstrip("/").removesuffix("/v1")
    if ssh and not tunnels.forwards_to(parts.hostname or ""):
        raise OffloadError(f"{parts.hostname!r} is no host that a tunnel leads to: write it as 127.0.0.1.")
    ssh = tunnels.checked(ssh) if ssh else ""
    remote = Remote(
        name=name,
        kind=kind,
        url=f"{parts.scheme}://{parts.netloc}{path}",
        created=stamp.now(),
        # A cluster without a token is refused, so that there is one to be named.
        api_key_env=api_key_env or (TOKEN if kind is RemoteKind.RAY else ""),
        ca="" if ca is None else str(ca.expanduser().absolute()),
        plain=plain and parts.scheme == "http" and not _is_at_hand(parts.hostname or "", ssh),
        storage=_storage(storage) if storage else "",
        ssh=ssh,
    )
    check_encryption(remote)
    tls(remote)
    return remote


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as e:
        raise OffloadError(f"{url!r} is no address ({e}). Write it as https://host:8000.") from e
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise OffloadError(f"{url!r} is no address of a server. Write it as https://host:8000.")
    if parts.username or parts.password:
        raise OffloadError("Leave the key out of the address: --api-key-env names the variable that holds it.")
    if parts.query or parts.fragment:
        raise OffloadError(f"{url!r} has more than a host and a path. Write it as https://host:8000.")
    return parts


def _storage(address: str) -> str:
    """As fsspec knows it, without a slash at its end."""
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
    return f"{scheme}://{rest}"


def granted_to(remote: Remote) -> str:
    """Whom a grant names: host and port, the SSH host on the way, of a cluster its storage."""
    return f"{reached(remote)} with {remote.storage}" if remote.storage else reached(remote)


def reached(remote: Remote) -> str:
    """Host and port, and the SSH host on the way there."""
    return host_of(remote) + through(remote)


def through(remote: Remote) -> str:
    """What stands behind an address; empty without a tunnel."""
    return f" through {remote.ssh}" if remote.ssh else ""


def host_of(remote: Remote) -> str:
    """Host and port, with a tunnel as its SSH host sees them."""
    parts = urlsplit(remote.url)
    host = parts.hostname or ""
    return f"[{host}]:{_port(parts)}" if ":" in host else f"{host}:{_port(parts)}"


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def check_encryption(remote: Remote) -> None:
    """Raises `OffloadError` for plain http to another machine that was not asked for."""
    parts = urlsplit(remote.url)
    if parts.scheme == "https" or remote.plain or _is_at_hand(parts.hostname or "", remote.ssh):
        return
    raise OffloadError(f"{exposed(remote)} Use https, --ssh to the machine itself, or say --plain-http all the same.")


def exposed(remote: Remote) -> str:
    """Who reads along where plain http leaves a machine."""
    start = tunnels.host_in(remote.ssh) if remote.ssh else "this machine"
    return (
        f"Anyone between {start} and {host_of(remote)} can read and change what is sent: plain http has no encryption."
    )


def _is_at_hand(host: str, ssh: str) -> bool:
    """Whether nobody stands before it: this machine, or with a tunnel the one at its end."""
    return _is_loopback(host) or bool(ssh and host.lower() == tunnels.host_in(ssh).lower())


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def tls(remote: Remote) -> ssl.SSLContext:
    """The system's certificates, or those of a pinned file alone. Raises `OffloadError`."""
    if not remote.ca:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cafile=remote.ca)
    except OSError as e:
        # Also `ssl.SSLError`: a file that holds no certificate.
        raise OffloadError(
            f"{remote.ca} cannot be read as certificates ({e.strerror or e}): give a file in PEM form with --ca.",
            "bad certificate file",
        ) from e
    # A server's own certificate may be pinned as well as the authority that signed it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def key_of(remote: Remote) -> str:
    """The key from the environment; empty where the remote needs none. Raises `OffloadError`."""
    if not remote.api_key_env:
        return ""
    key = os.environ.get(remote.api_key_env, "").strip()
    if not key:
        raise OffloadError(
            f"The key of {remote.name} belongs into the environment variable {remote.api_key_env}, which is not set: "
            f"set it with `export {remote.api_key_env}=…` and try again.",
            "no key",
        )
    if not (key.isascii() and key.isprintable()):
        raise OffloadError(f"{remote.api_key_env} holds no key: it has letters that no key has. Set it again.")
    return key
