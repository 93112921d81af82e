"""`clawlocal offload`: remotes, what they may be sent, and what was sent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clawlocal import config, paths
from clawlocal.cli import offload_jobs, offload_serve
from clawlocal.cli.opening import storing
from clawlocal.cli.output import as_data, json_option, plain, print_json, table, when
from clawlocal.cli.worded import Worded
from clawlocal.errors import OffloadError
from clawlocal.offload import departures, remotes
from clawlocal.offload.consent import DEFAULT_DAYS, DEFAULT_MEGABYTES, MEGABYTE, MOST_DAYS, Consent
from clawlocal.records import DataClass, Grant, Purpose, Remote, RemoteKind
from clawlocal.store import Store

if TYPE_CHECKING:
    from clawlocal.offload.probe import Finding

CLASSES = {
    Purpose.CHAT: (DataClass.PROMPTS, DataClass.LESSONS),
    Purpose.TRAIN: (DataClass.SAMPLES, DataClass.ADAPTER, DataClass.MODEL),
    Purpose.SERVE: (DataClass.ADAPTER,),
}
"""What may be sent for a purpose. Without the first there would be nothing to do."""
SEES = "Whoever runs {host} can read what is sent there."


@click.group()
def offload() -> None:
    """Let a remote of yours write replies or train: add it, grant it, see what it was sent."""


@offload.command()
@click.argument("name")
@click.option("--kind", type=click.Choice([kind.value for kind in RemoteKind]), required=True, help="What it speaks.")
@click.option("--url", "--address", required=True, help="Its address, as https://host:8000.")
@click.option("--storage", default="", metavar="ADDRESS", help="Of a cluster: the folder that it shares.")
@click.option("--storage-endpoint", default="", metavar="URL", help="The server of an s3:// storage, if not Amazon's.")
@click.option("--api-key-env", default="", metavar="VAR", help="The environment variable that holds its key.")
@click.option("--ca", type=click.Path(path_type=Path), metavar="FILE", help="Trust the certificates in FILE alone.")
@click.option("--ssh", default="", metavar="USER@HOST[:PORT]", help="Reach its address from there, in an SSH tunnel.")
@click.option("--plain-http", is_flag=True, help="Allow http to another machine: anyone between can read it.")
def add(
    name: str,
    kind: str,
    url: str,
    storage: str,
    storage_endpoint: str,
    api_key_env: str,
    ca: Path | None,
    ssh: str,
    plain_http: bool,
) -> None:
    """Add a remote. Nothing is sent to it before you grant it."""
    if (kind == RemoteKind.RAY) != bool(storage):
        raise click.UsageError("A cluster, and nothing else, takes --storage: the folder that it shares.")
    remote = remotes.described(
        name,
        RemoteKind(kind),
        url,
        api_key_env=api_key_env,
        ca=ca,
        plain=plain_http,
        storage=storage,
        storage_endpoint=storage_endpoint,
        ssh=ssh,
    )
    with storing() as store:
        store.add_remote(remote)
    if remote.plain:
        click.echo(plain(remotes.exposed(remote)), err=True)
    purpose = _purposes(remote)[0]
    click.echo(
        plain(f"Added {name} at {remotes.reached(remote)}. Next: `clawlocal offload grant {name} --purpose {purpose}`.")
    )


@offload.command("list")
@json_option
def list_(as_json: bool) -> None:
    """The remotes, and what each may be sent."""
    with storing() as store:
        found = store.remotes()
        if as_json:
            print_json([_data(store, remote) for remote in found])
            return
        rows = [_row(store, remote) for remote in found]
    heads = ("NAME", "KIND", "ADDRESS", "KEY IN", "GRANTED", "SERVES")
    table(heads, rows, "No remote yet. `clawlocal offload add` adds one.")


def _purposes(remote: Remote) -> tuple[Purpose, ...]:
    """What a remote is for, and what else it can do."""
    match remote.kind:
        case RemoteKind.RAY:
            return (Purpose.TRAIN,)
        case RemoteKind.VLLM:
            return (Purpose.CHAT, Purpose.SERVE)
        case _:
            return (Purpose.CHAT,)


def _where(remote: Remote) -> str:
    address = remote.url + remotes.through(remote)
    return f"{address}, {remotes.storage_of(remote)}" if remote.storage else address


def _data(store: Store, remote: Remote) -> dict[str, Any]:
    """`grant` is the one for what the remote is for, `grants` are all."""
    ended = Consent(store).ended
    grants = [{**as_data(grant), "data": sorted(grant.data), "ended": ended(grant)} for grant in _grants(store, remote)]
    grant = next((grant for grant in grants if grant["purpose"] == _purposes(remote)[0]), None)
    served = offload_serve.served_data(store, remote)
    return {**as_data(remote), "host": remotes.host_of(remote), "grant": grant, "grants": grants, "serving": served}


def _row(store: Store, remote: Remote) -> tuple[str, ...]:
    consent = Consent(store)
    granted = "; ".join(_granted(grant, consent.ended(grant)) for grant in _grants(store, remote)) or "nothing"
    served = offload_serve.served_words(store, remote)
    return remote.name, remote.kind, _where(remote), remote.api_key_env, granted, served


def _grants(store: Store, remote: Remote) -> list[Grant]:
    found = (store.grant(remote.name, purpose) for purpose in _purposes(remote))
    return [grant for grant in found if grant is not None]


def _granted(grant: Grant, ended: bool) -> str:
    until = f"until {grant.expires[:10]}, {grant.spent / MEGABYTE:.2f} of {grant.max_bytes / MEGABYTE:g} MB"
    return f"{grant.purpose}: {', '.join(sorted(grant.data))}, {'ended, was ' if ended else ''}{until}"


@offload.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove a remote and its grants, and unload what it serves. The log of what it was sent stays."""
    with storing() as store:
        store.remote(name)
        left = departures.last(store, name)
        store.remove_remote(name)
    if left:
        click.echo(plain(left), err=True)
    click.echo(plain(f"Removed {name}. What it has received it may still have."))


@offload.command()
@click.argument("name")
@click.option("--purpose", type=click.Choice([purpose.value for purpose in Purpose]), required=True, help="What for.")
@click.option("--data", default="", metavar="CLASSES",
              help="prompts,lessons; samples,adapter,model; adapter. Without it no lessons, no adapter.")  # fmt: skip
@click.option("--max-mb", type=click.FloatRange(0, 1_000_000, min_open=True), default=DEFAULT_MEGABYTES,
              help="The most that is sent, in MB.", show_default=True)  # fmt: skip
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=DEFAULT_DAYS, help="It ends then.",
              show_default=True)  # fmt: skip
def grant(name: str, purpose: str, data: str, max_mb: float, days: int) -> None:
    """Allow data of the classes that you name to be sent to remote NAME, up to a size and a day."""
    classes = _classes(data, Purpose(purpose))
    with storing() as store:
        remote = store.remote(name)
        able = _purposes(remote)
        if purpose not in able:
            raise click.UsageError(f"{name} is of the kind {remote.kind}, which is for {' and '.join(able)}.")
        given = Consent(store).give(remote, Purpose(purpose), classes, max_mb, days)
    click.echo(SEES.format(host=given.host), err=True)
    what, size = " and ".join(sorted(given.data, key=CLASSES[given.purpose].index)), given.max_bytes / MEGABYTE
    click.echo(f"Granted: {what} to {given.host} for {purpose}, {size:g} MB at most, until {given.expires[:10]}.")


def _classes(text: str, purpose: Purpose) -> frozenset[DataClass]:
    """An adapter may hold what it was trained on, and lessons are the user's words: both are named, or stay here."""
    known = CLASSES[purpose]
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words and purpose is not Purpose.SERVE:
        return frozenset({known[0], *([DataClass.MODEL] if purpose is Purpose.TRAIN else [])})
    if set(words) - set(known) or known[0] not in words:
        raise click.UsageError(f"--data takes {', '.join(known)}: without {known[0]} there is nothing to do.")
    return frozenset(map(DataClass, words))


@offload.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Take back what was granted to a remote: what it serves is unloaded, and from then on nothing is sent there."""
    with storing() as store:
        store.remote(name)
        left = departures.last(store, name)
        gone = store.revoke(name)
    if left:
        click.echo(plain(left), err=True)
    done = "Revoked: nothing more is sent to" if gone else "Nothing was granted to"
    click.echo(plain(f"{done} {name}."))


@offload.command(cls=Worded)
@click.argument("name")
@click.argument("text", required=False, default="")
@click.option("--session", metavar="ID", help="As the next message of this session, or its last one once more.")
def preview(name: str, text: str, session: str | None) -> None:
    """Print the bytes that TEXT would send to NAME (or NAME/MODEL), after redaction. Sends nothing.

    Of a cluster, the samples that `train` would send.
    """
    # Imported here: it brings the engine of remotes.
    from clawlocal.offload.preview import preview as previewed

    first, _, model = name.partition("/")
    settings = config.load(paths.find().settings)
    with storing() as store:
        remote = store.remote(first)
        if remote.kind is RemoteKind.RAY:
            offload_jobs.preview(store, remote, model or None)
            return
        body = previewed(store, settings, remote, model or "MODEL", text, session)
        granted = Consent(store).granted(remote, Purpose.CHAT)
    left_out = "" if DataClass.LESSONS in granted else " Lessons stay here: they are not granted."
    stands = "" if model else " MODEL stands for the model's name."
    click.echo(plain(f"{len(body):,} bytes to {remotes.reached(remote)}.{left_out}{stands}"), err=True)
    sys.stdout.flush()
    sys.stdout.buffer.write(body + b"\n")
    sys.stdout.buffer.flush()


@offload.command()
@click.argument("name")
@json_option
def test(name: str, as_json: bool) -> None:
    """Ask a remote (NAME or NAME/MODEL) what works: it is sent a few words of ours, none of yours."""
    first, _, model = name.partition("/")
    with storing() as store:
        remote = store.remote(first)
        found = _cluster_test(store, remote) if remote.kind is RemoteKind.RAY else _server_test(store, remote, model)
    able, models, findings = found
    if as_json:
        print_json({"remote": first, "models": models, "findings": as_data(findings)})
    else:
        table(("", "WHAT", ""), [("yes" if f.works else "no", f.name, f.text) for f in findings], "")
        if remote.kind is not RemoteKind.RAY:
            click.echo(plain(f"Models: {', '.join(models) or 'none known'}."))
    if not able:
        what = _purposes(remote)[0]
        raise OffloadError(f"{first} cannot {what} yet: the first line that says no tells why, so mend that first.")


Tested = tuple[bool, tuple[str, ...], list["Finding"]]
"""Whether it can do what it is for, its models, and what was found."""


def _server_test(store: Store, remote: Remote, model: str) -> Tested:
    import asyncio

    from clawlocal.offload.probe import Probe

    probe = Probe(remote, Consent(store), model)
    findings = [*asyncio.run(probe.findings()), *offload_serve.findings(store, remote, probe.models)]
    return any(f.works and f.name == "chat" for f in findings), probe.models, findings


def _cluster_test(store: Store, remote: Remote) -> Tested:
    from clawlocal.offload import cluster_probe

    findings = cluster_probe.findings(remote, Consent(store))
    return all(f.works for f in findings), (), findings


@offload.command()
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The latest so many.")
@json_option
def log(limit: int, as_json: bool) -> None:
    """What left this machine: when, where to, what for, how much, how it went. Never what it said."""
    with storing() as store:
        found = store.egress(limit)
    if as_json:
        print_json(found)
        return
    rows = [(when(e.created), e.remote, e.host, e.purpose, e.sent, e.received, e.outcome) for e in found]
    table(("WHEN", "REMOTE", "HOST", "FOR", "BYTES OUT", "BYTES IN", "OUTCOME"), rows, "Nothing has left.")


for _command in (*offload_jobs.COMMANDS, *offload_serve.COMMANDS):
    offload.add_command(_command)
