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
from clawlocal.offload import storage_address
from clawlocal.records import Remote, RemoteKind
from clawlocal.store import stamp
from trainers.remote_system import S3
from trainers.remote_system import kind as kind_of

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEMES = ("http", "https")
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
    storage_endpoint: str = "",
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
    storage = storage_address.checked(storage) if storage else ""
    server = _server(storage, storage_endpoint)
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
        plain=plain and any(_leaves_plainly(each, by) for each, by in ((url.strip(), ssh), (server, ""))),
        storage=storage,
        storage_endpoint=server,
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
    if parts.scheme not in _SCHEMES or not parts.hostname or port == 0:
        raise OffloadError(f"{url!r} is no address of a server. Write it as https://host:8000.")
    if parts.username or parts.password:
        raise OffloadError("Leave the key out of the address: --api-key-env names the variable that holds it.")
    if parts.query or parts.fragment:
        raise OffloadError(f"{url!r} has more than a host and a path. Write it as https://host:8000.")
    return parts


def _server(storage: str, given: str) -> str:
    """Of an `s3://`; empty for other storages."""
    if kind_of(storage) != S3:
        if given:
            raise OffloadError("--storage-endpoint is the server of an s3:// storage: leave it out for any other.")
        return ""
    parts = _parts(given or storage_address.endpoint())
    if parts.path.strip("/"):
        raise OffloadError(
            f"The server of an s3:// storage is a host alone, as https://minio.example.org:9000: {given}."
        )
    return f"{parts.scheme}://{parts.netloc}"


def granted_to(remote: Remote) -> str:
    """Whom a grant names: host and port, the SSH host on the way, of a cluster its storage and the host of that."""
    return f"{reached(remote)} with {storage_of(remote)}" if remote.storage else reached(remote)


def storage_of(remote: Remote) -> str:
    """Its address, and the host that is spoken to."""
    host = storage_address.host(remote.storage, remote.storage_endpoint)
    return f"{remote.storage} at {host}" if host else remote.storage


def reached(remote: Remote) -> str:
    """Host and port, and the SSH host on the way there."""
    return host_of(remote) + through(remote)


def through(remote: Remote) -> str:
    """What stands behind an address; empty without a tunnel."""
    return f" through {remote.ssh}" if remote.ssh else ""


def host_of(remote: Remote) -> str:
    """Host and port, with a tunnel as its SSH host sees them."""
    return storage_address.host_and_port(remote.url)


def check_encryption(remote: Remote) -> None:
    """Raises `OffloadError` for plain http to another machine that was not asked for."""
    if remote.plain:
        return
    if _leaves_plainly(remote.url, remote.ssh):
        raise OffloadError(
            f"{exposed(remote)} Use https, --ssh to the machine itself, or say --plain-http all the same."
        )
    if _leaves_plainly(remote.storage_endpoint, ""):
        raise OffloadError(f"{exposed(remote)} Use https for the storage, or say --plain-http all the same.")


def exposed(remote: Remote) -> str:
    """Who reads along where plain http leaves a machine."""
    start, host = "this machine", storage_address.host(remote.storage, remote.storage_endpoint)
    if _leaves_plainly(remote.url, remote.ssh):
        start, host = tunnels.host_in(remote.ssh) if remote.ssh else start, host_of(remote)
    return f"Anyone between {start} and {host} can read and change what is sent: plain http has no encryption."


def _leaves_plainly(url: str, ssh: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and not _is_at_hand(parts.hostname or "", ssh)


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
