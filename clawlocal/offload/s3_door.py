"""What keeps an S3 client at the host that was granted, whatever a server, a setting or the environment says.

Options for `trainers.remote_system`. Needs the extra `s3`; opens nothing by itself.
"""

from __future__ import annotations

import socket
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from clawlocal.errors import OffloadError
from clawlocal.offload import storage_address

_KEYS_FROM = ("env", "shared-credentials-file", "custom-process", "config-file", "ec2-credentials-file", "boto-config")
"""Where a key is looked for: all other ways ask another host for one."""


class Door(aiohttp.abc.AbstractResolver):
    """For all connections of one S3 client: leads to one host and port. A redirect is followed to no other."""

    def __init__(self, server: str) -> None:
        self._host, self._port = urlsplit(server).hostname or "", storage_address.port(server)
        self._addresses = {self._host}
        """The host's, once they were looked up."""
        self.refused = ""
        """Where else somebody wanted to go."""

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> Any:
        """As aiohttp asks for every host that is a name."""
        self._check(host, port, {self._host})
        found = await aiohttp.ThreadedResolver().resolve(host, port, family)
        self._addresses |= {each["host"] for each in found}
        return found

    async def close(self) -> None:
        """Nothing is kept open."""

    def socket(self, address: Any) -> socket.socket:
        """As aiohttp asks for every socket, also for a host that is an address."""
        family, kind, protocol, _, (host, port, *_) = address
        self._check(host, port, self._addresses)
        return socket.socket(family, kind, protocol)

    def _check(self, host: str, port: int, allowed: set[str]) -> None:
        if host.lower().rstrip(".") not in allowed or port != self._port:
            self.refused = f"{host}:{port}"
            raise OffloadError(f"{self.refused} was not granted.", "redirect")


def options(door: Door) -> dict[str, Any]:
    """No proxy, no second try, no key from another host."""
    return {
        "session": _session(),
        "use_listings_cache": False,
        "skip_instance_cache": True,
        "config_kwargs": {
            "connector_args": {"resolver": door, "socket_factory": door.socket},
            "proxies": {},
            "retries": {"total_max_attempts": 1, "mode": "standard"},
            # Another one may ask the machine's own metadata service.
            "defaults_mode": "legacy",
        },
    }


def _session() -> Any:
    from aiobotocore.session import AioSession

    session = AioSession()
    session.register_component("data_loader", _loader())
    found = session.get_component("credential_provider")
    found.providers = [each for each in found.providers if each.METHOD in _KEYS_FROM]
    return session


@lru_cache(1)
def _loader() -> Any:
    """Reads what S3 is, which takes half a second the first time."""
    from botocore.loaders import create_loader

    return create_loader()
