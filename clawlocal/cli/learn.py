"""`clawlocal learn`: what is learned, when, and why not."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import Future, wait
from threading import Thread

import click

from clawlocal.assistant import MOST_MINUTES, Assistant
from clawlocal.cli.opening import reading, serving
from clawlocal.cli.output import json_option, plain, print_json, table, when
from clawlocal.errors import TrainerError
from clawlocal.records import Receipt, UpdateStatus

TELL_SECONDS = 1.0
"""How often somebody who waits may be told how far it is."""
_OWN = {"edited": "rewritten", "preferred": "by a retry that was kept"}
"""What is told of a receipt where there is any."""


@click.group()
def learn() -> None:
    """See and steer learning."""


@learn.command()
@json_option
def status(as_json: bool) -> None:
    """What learning does at this moment, and why nothing happens, if nothing happens."""
    with reading() as assistant:
        found = assistant.status()
    if as_json:
        print_json(found)
        return
    queue = found.queue
    click.echo(f"learning {'on' if found.learning else 'off'} · {found.state}: {plain(found.why)}")
    click.echo(
        f"{queue['queued']} waiting to be learned ({queue['hints']} with a correction) · "
        f"{queue['open']} not answered yet · {queue['used']} learned from · {queue['skipped']} skipped"
    )
    if queue["others"]:
        click.echo(f"{queue['others']} more can only be learned by the model that made the reply")
    if found.foreign not in found.why:
        click.echo(plain(found.foreign))
    replies = "reply" if found.judged == 1 else "replies"
    if queue["hints_dropped"]:
        click.echo(f"{queue['hints_dropped']} corrections said too little to learn from: say what to do instead")
    click.echo(f"live: {found.live_version or 'the base'} · {found.judged} {replies} judged")
    if found.last_update:
        click.echo(f"last update: {_summary(found.last_update)}")


@learn.command()
def on() -> None:
    """Learn from chats, from now on."""
    _switch(True)


@learn.command()
def off() -> None:
    """Learn nothing. Chats made meanwhile are never learned from."""
    _switch(False)


def _switch(on: bool) -> None:
    with reading() as assistant:
        assistant.set_learning(on)
    click.echo("Learning is on." if on else "Learning is off. What waits stays, and is learned when it is on again.")


@learn.command()
@click.argument("minutes", type=click.IntRange(1, MOST_MINUTES), required=False)
def pause(minutes: int | None) -> None:
    """Start no update until `resume`, or for so many minutes. Chats are judged, and learned from later."""
    with reading() as assistant:
        click.echo(assistant.pause(minutes))


@learn.command()
def resume() -> None:
    """Let updates start again, and one that was paused go on."""
    with reading() as assistant:
        click.echo(assistant.resume())


@learn.command()
@click.option("--wait", "stay", is_flag=True, help="Stay until it has ended, and print the receipt.")
@json_option
def now(stay: bool, as_json: bool) -> None:
    """Update the adapter without waiting for an idle moment."""
    if not stay:
        _in_background(as_json)
        return
    with serving() as assistant:
        _warn(assistant)
        known = {r.update for r in assistant.history()}
        receipt = _wait(assistant)
        before = [r for r in assistant.history() if r.update not in known and r.update != receipt.update]
    if as_json:
        print_json(receipt)
    else:
        for each in reversed(before):
            click.echo(_summary(each))
        print_receipt(receipt)
    if receipt.status is UpdateStatus.FAILED:
        raise TrainerError(receipt.reason)


def _wait(assistant: Assistant) -> Receipt:
    """Until it has ended; meanwhile how far it is, on stderr."""
    asked: Future[Receipt | None] = Future()

    def ask() -> None:
        try:
            asked.set_result(assistant.learn_now(wait=True))
        except BaseException as e:
            asked.set_exception(e)

    # Not a pool's thread, which would be waited for when the user interrupts.
    Thread(target=ask, name="learn-now", daemon=True).start()
    told = ""
    while not wait([asked], TELL_SECONDS).done:
        found = assistant.status()
        tenth = f"{found.state} {10 * (found.progress or 0):.0f}"
        if found.state in ("training", "paused") and tenth != told:
            told = tenth
            click.echo(f"… {plain(found.why)}", err=True)
    receipt = asked.result()
    assert receipt is not None
    return receipt


def _warn(assistant: Assistant) -> None:
    """Who asks for an update gets it, though a cluster would do better."""
    if words := assistant.too_much():
        click.echo(plain(f"{words} It is tried here all the same."), err=True)


def _in_background(as_json: bool) -> None:
    with reading() as assistant:
        _warn(assistant)
        holder = assistant.status().holder
        if holder is not None:
            assistant.learn_now()
    if holder is None:
        # Nobody is there to do it, so a process of its own does; it outlives this one.
        subprocess.Popen(
            [sys.executable, "-m", "clawlocal", "learn", "now", "--wait"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    if as_json:
        print_json({"status": "started", "by": holder or "a process in the background"})
    else:
        click.echo("Started. `clawlocal learn status` says how it goes.")


@learn.command()
@json_option
def history(as_json: bool) -> None:
    """The receipts of all updates, the latest first."""
    with reading() as assistant:
        found = assistant.history()
    if as_json:
        print_json(found)
        return
    rows = [(r.update, when(r.created), r.status, r.version or "", f"{r.seconds:.0f} s", _what(r)) for r in found]
    table(
        ("UPDATE", "WHEN", "STATUS", "VERSION", "TOOK", "WHAT"),
        rows,
        "Nothing was learned yet. `clawlocal learn why` says why.",
    )


@learn.command()
@json_option
def why(as_json: bool) -> None:
    """Each condition for training, its reading, and whether it holds."""
    with reading() as assistant:
        found = assistant.why()
    if as_json:
        print_json([{"condition": name, "reading": text, "holds": holds} for name, text, holds in found])
        return
    for name, text, holds in found:
        click.echo(f"{'yes' if holds else 'no ':3}  {name}: {text}")


def print_receipt(receipt: Receipt) -> None:
    """What became of an update, line by line."""
    click.echo(_summary(receipt))
    for lesson in receipt.lessons:
        far = f" ({lesson['share']:.0%} in the weights)" if "share" in lesson else ""
        click.echo(f"  lesson: {plain(str(lesson['text']))}{far}")
    for check in receipt.gate["checks"]:
        mark = "passed" if check["passed"] else "FAILED"
        click.echo(f"  {mark}: {check['text']}: {check['value']:.3g} (limit {check['limit']:.3g})")
    for reason, n in receipt.samples.get("skipped", {}).items():
        click.echo(f"  skipped: {n} ({plain(reason)})")


def _summary(receipt: Receipt) -> str:
    head = f"{receipt.status} {receipt.version}" if receipt.version else str(receipt.status)
    return f"{head} · {_what(receipt)} · {receipt.seconds:.0f} s"


def _what(receipt: Receipt) -> str:
    if receipt.reason and receipt.status is not UpdateStatus.PUBLISHED:
        return plain(receipt.reason)
    why = f"{plain(receipt.reason)} · " if receipt.reason else ""
    samples = receipt.samples
    practised = samples["rehearsed"] + samples.get("demonstrated", 0) - samples.get("edited", 0)
    parts = [f"{samples['rl']} by verdict", f"{samples['opd']} by correction"]
    parts += [f"{n} {how}" for name, how in _OWN.items() if (n := samples.get(name, 0))]
    return f"{why}{', '.join([*parts, f'{practised} practised'])}"
