"""`clawlocal offload serve|unserve`: replies of a remote's model, made with what a model of this machine learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from clawlocal import config, paths
from clawlocal.cli.opening import storing
from clawlocal.cli.output import plain
from clawlocal.errors import OffloadError
from clawlocal.offload import remotes
from clawlocal.offload.model import local_model, named
from clawlocal.offload.served import name_of
from clawlocal.records import Remote, RemoteKind
from clawlocal.served_adapter import LoadState
from clawlocal.store import Store

if TYPE_CHECKING:
    from clawlocal.offload.probe import Finding


@click.command()
@click.argument("name", metavar="REMOTE/MODEL")
@click.option("-m", "--model", help="The model of this machine that learns; by default the one that is open.")
@click.option("--folder", metavar="HERE[=THERE]", help="A folder that both see: its path here, and on the server.")
def serve(name: str, model: str | None, folder: str | None) -> None:
    """Have replies of REMOTE/MODEL made with what a model of this machine learned, from now on."""
    # Imported here: who lists remotes needs no HTTP.
    from clawlocal.offload import common_folder
    from clawlocal.offload.following import Following, opens

    where = paths.find()
    settings = config.load(where.settings)
    model = model or local_model(settings)
    with storing() as store:
        remote, target = _server(name, store)
        before = store.serving(remote.name, target)
        if folder is not None:
            here, there = common_folder.described(folder)
        elif before is not None:
            here, there = before.folder, before.there
        else:
            raise click.UsageError("--folder says where the server finds adapters: a folder that both see.")
        live, left = Following(store, remote, target, opens(settings, where)).begin(model, here, there)
    click.echo(plain(f"Whoever runs {remotes.host_of(remote)}, or reads {here}, can read what is served."), err=True)
    _say(left)
    if live is None:
        same = f"{name} is the same model, and its replies are samples of {model} from now on"
        click.echo(plain(f"{same}. Nothing of {model} is live yet: it answers as before until something is."))
    else:
        click.echo(plain(f"{name} answers as {live.version} of {model} from now on, there called {name_of(live)}."))


@click.command()
@click.argument("name", metavar="REMOTE/MODEL")
def unserve(name: str) -> None:
    """Have REMOTE/MODEL answer with its own weights again, and unload what was loaded there."""
    from clawlocal.offload.following import Following, opens

    where = paths.find()
    with storing() as store:
        remote, target = _server(name, store)
        served = store.serving(remote.name, target) is not None
        left = Following(store, remote, target, opens(config.load(where.settings), where)).end()
    _say(left)
    click.echo(plain(f"{name} answers with its own weights." if served else f"{name} did so already."))


def _server(name: str, store: Store) -> tuple[Remote, str]:
    remote, target = named(name, store)
    if remote.kind is not RemoteKind.VLLM:
        raise OffloadError(f"{remote.name} is of the kind {remote.kind}: only vllm is served adapters.")
    return remote, target


def _say(left: str) -> None:
    if left:
        click.echo(plain(left), err=True)


def findings(store: Store, remote: Remote, models: Sequence[str]) -> list[Finding]:
    """Whether each adapter that answers there is among the models that the server names."""
    from clawlocal.offload.probe import Finding

    found = []
    for load in store.loads(remote.name):
        if load.state is LoadState.LOADED:
            there = load.name in models
            how = f"answers for {load.target}" if there else "is not loaded any more: the next message loads it again"
            found.append(Finding("adapter", there, f"{load.version} of {load.model} {how}, as {load.name}"))
    return found


def served_data(store: Store, remote: Remote) -> list[dict[str, Any]]:
    """What is served there, and what is loaded for it, for `list --json`."""
    loads = store.loads(remote.name)
    return [
        {
            "target": serving.target,
            "model": serving.model,
            "folder": serving.folder,
            "there": serving.there,
            "loads": [
                {"name": x.name, "version": x.version, "state": x.state, "text": x.text}
                for x in loads
                if x.target == serving.target
            ],
        }
        for serving in store.servings()
        if serving.remote == remote.name
    ]


def served_words(store: Store, remote: Remote) -> str:
    """The same in words: `heron-8b: v12 of smollm2-135m; v11 is to be unloaded`."""
    loads, parts = store.loads(remote.name), []
    for serving in (x for x in store.servings() if x.remote == remote.name):
        answers = [x.version for x in loads if x.target == serving.target and x.state is LoadState.LOADED]
        version = ", ".join(answers) or "nothing yet"
        parts.append(f"{serving.target}: {version} of {serving.model}")
    parts += [f"{x.version} of {x.model} is to be unloaded" for x in loads if x.state is LoadState.LEAVING]
    return "; ".join(parts)


COMMANDS = (serve, unserve)
