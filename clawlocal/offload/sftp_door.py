"""What keeps an SFTP client at the host that was granted, whatever `~/.ssh/config` says.

Options for `trainers.remote_system`. Needs the extra `sftp`; opens nothing by itself.
"""

from __future__ import annotations

from typing import Any

import asyncssh

from clawlocal.errors import OffloadError
from clawlocal.offload import storage_address
from clawlocal.records import Remote
from trainers import remote_system


def options(remote: Remote) -> dict[str, Any]:
    """No jump and no command on the way. Raises `OffloadError` where the user's settings name another host."""
    straight = {
        "port": storage_address.port(remote.storage),
        "tunnel": None,
        "proxy_command": None,
        "canonicalize_hostname": False,
        # A ticket may have to be asked for, and an agent has nothing to do there.
        "gss_auth": False,
        "gss_kex": False,
        "agent_forwarding": False,
    }
    try:
        meant = remote_system.ssh_options(remote.storage, **straight)
        found = asyncssh.SSHClientConnectionOptions(**meant).host
    except (OSError, ValueError) as e:
        said = getattr(e, "strerror", None) or e
        text = f"Your settings for SSH cannot be used ({said}): correct ~/.ssh/config and the keys that it names."
        raise OffloadError(text, "no key") from e
    if found.lower() != meant["host"]:
        raise OffloadError(
            f"Your ~/.ssh/config says that {meant['host']} is {found}, which was not granted: add the remote again "
            "with that host in the storage's address.",
            "redirect",
        )
    return {**straight, "skip_instance_cache": True}


def knows(remote: Remote) -> bool:
    """Whether a key of the host is known here, be it the one that it shows or not."""
    meant = remote_system.ssh_options(remote.storage, port=storage_address.port(remote.storage))
    port = meant["port"] if meant["port"] != asyncssh.DEFAULT_PORT else None
    hosts, authorities, *_ = asyncssh.match_known_hosts(meant["known_hosts"], meant["host"], "", port)
    return bool(hosts or authorities)
