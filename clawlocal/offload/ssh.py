"""How `ssh` is asked for a tunnel, and what it says when there is none, in words. Starts nothing.

It is the user's own program, with their settings, agent and known hosts. It never asks, and accepts no host by itself.
"""

from __future__ import annotations

import re
from pathlib import Path

from clawlocal.errors import OffloadError

_HOST = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?"
_DESTINATION = re.compile(
    rf"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.+-]*)@)?(?P<host>{_HOST}|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"
)
_SHOWN = 200
_OPTIONS = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    # Another ssh that is shared would outlive this one, and the tunnel with it.
    "ControlMaster=no",
    "ControlPath=none",
    "PermitLocalCommand=no",
    # What else the user's settings forward may be open already: that is no reason to do without this tunnel.
    "ExitOnForwardFailure=no",
    "StreamLocalBindMask=0177",
    "ConnectTimeout=10",
    # A link that died in silence, as that of a laptop which slept, is found out in 45 s.
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    # What is read below is said at this level.
    "LogLevel=INFO",
)
_SAYS = (
    (
        r"open failed: administratively prohibited",
        "forwarding refused",
        "{ssh} lets you in and forwards nothing to {target}: whoever runs it can allow that "
        "(AllowTcpForwarding, PermitOpen).",
    ),
    (
        r"open failed: ",
        "refused",
        "Nothing answers at {target}, as {ssh} sees it: check that {name} runs there, then try again.",
    ),
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|REVOKED HOST KEY",
        "other host key",
        "The host key of {ssh} is not the one that is known here, so somebody may stand in between: ask who runs it. "
        "If it was renewed, remove the old one with `ssh-keygen -R {known}`, then run `{login}` once.",
    ),
    (
        r"Host key verification failed|host key is known for",
        "unknown host key",
        "The host key of {ssh} is not known here: run `{login}` once, compare the fingerprint that it shows, and "
        "accept it.",
    ),
    (
        r"Permission denied|Too many authentication failures",
        "ssh key refused",
        "{ssh} does not let you in: have `{login}` work without a question first, with a key that it knows and that "
        "your agent holds (`ssh-add`).",
    ),
    (
        r"Could not resolve hostname",
        "unknown host",
        "The host of {ssh} is not known: check its name with `clawlocal offload list`.",
    ),
    (
        r"connect to host .*: Connection refused",
        "refused",
        "No SSH server answers at {ssh}: check its port, and that it runs, then try again.",
    ),
    (
        r"connect to host |banner exchange|[Tt]imed out",
        "no answer",
        "{ssh} cannot be reached: check the network and that it runs, then try again.",
    ),
    (
        r"not responding|closed by|[Bb]roken pipe|reset by peer",
        "cut off",
        "The SSH tunnel through {ssh} broke off: check the network, then try again.",
    ),
)
"""What OpenSSH writes, what the log says of it, and what a person is told."""


def checked(destination: str) -> str:
    """`[user@]host[:port]` as it was given. Raises `OffloadError` for what `ssh` could take for something else."""
    found = _DESTINATION.fullmatch(destination)
    if found is None or int(found["port"] or 1) not in range(1, 65536):
        raise OffloadError(f"{destination!r} is no SSH host: write it as ada@gpu.example.org, or with :PORT behind it.")
    return destination


def host_in(destination: str) -> str:
    """Without user, port and brackets."""
    found = _DESTINATION.fullmatch(checked(destination))
    assert found is not None
    return found["host"].strip("[]")


def forwards_to(host: str) -> bool:
    """Whether it is a host that a tunnel can be asked for: neither a pattern nor something to be taken apart."""
    return bool(re.fullmatch(rf"{_HOST}|[0-9A-Fa-f:.]+", host))


def command(program: str, destination: str, socket: Path, target: str) -> list[str]:
    """A tunnel from `socket` to `target` (host and port as the SSH host sees them), and nothing else."""
    options = [word for option in _OPTIONS for word in ("-o", option)]
    return [program, "-N", "-T", *options, "-L", f"{socket}:{target}", *_login(destination)]


def in_words(said: str, name: str, destination: str, target: str) -> OffloadError | None:
    """The error that a person may meet for what `ssh` wrote on stderr; None where it tells of none."""
    host, words = host_in(destination), _login(destination)
    known = f"'[{host}]:{words[1]}'" if words[0] == "-p" else host
    login = " ".join(["ssh", *(word for word in words if word != "--")])
    for pattern, outcome, text in _SAYS:
        if re.search(pattern, said):
            told = text.format(name=name, ssh=destination, target=target, login=login, known=known)
            return OffloadError(told, outcome)
    return None


def ended(said: str, destination: str) -> OffloadError:
    """It ended for a reason that is not known here: its own last words, cut short."""
    lines = ["".join(filter(str.isprintable, line)).strip().rstrip(".") for line in said.splitlines()]
    last = next((line for line in reversed(lines) if line), "")[:_SHOWN]
    words = f", it says “{last}”" if last else ""
    return OffloadError(f"ssh opened no tunnel to {destination}{words}: mend that, then try again.", "no tunnel")


def _login(destination: str) -> list[str]:
    found = _DESTINATION.fullmatch(checked(destination))
    assert found is not None
    user = f"{found['user']}@" if found["user"] else ""
    # Behind the two dashes nothing is taken for an option.
    return [*(["-p", found["port"]] if found["port"] else []), "--", user + found["host"].strip("[]")]
