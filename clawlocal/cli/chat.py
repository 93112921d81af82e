"""`clawlocal chat`: one message, one reply."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import click

from clawlocal.assistant import Answer, Assistant, Reply
from clawlocal.cli.opening import reading, serving
from clawlocal.cli.output import as_data, json_option, plain, print_json
from clawlocal.cli.worded import Worded
from clawlocal.engine.speech import Said, Thought
from clawlocal.errors import NotFound, PromptError
from clawlocal.limits import LIMITS
from clawlocal.tools import read


@click.command(cls=Worded)
@click.argument("text", required=False)
@click.option(
    "-c", "latest", is_flag=False, flag_value="", metavar="[ID]", help="Go on in session ID, or where you were."
)
@click.option("--session", metavar="ID", help="Go on in this session.")
@click.option("--temp", is_flag=True, help="Neither kept nor learned from.")
@click.option("-m", "--model", help="The model to ask; REMOTE/MODEL asks one on a remote.")
@click.option("--system", help="The system prompt of a new session.")
@click.option("--max-tokens", type=click.IntRange(*LIMITS["max_tokens"]), help="The longest reply, in tokens.")
@click.option(
    "--temperature", type=click.FloatRange(*LIMITS["temperature"]), help="Randomness; 0 takes the likeliest token."
)
@click.option("--seed", type=click.IntRange(*LIMITS["seed"]), help="The same seed gives the same reply.")
@click.option("--adapter", default="live", metavar="live|none|VERSION", help="Which adapter speaks.")
@click.option("--no-lessons", is_flag=True, help="Leave active lessons out of the prompt: only the weights speak.")
@click.option("--no-stream", is_flag=True, help="Print the reply when it is complete.")
@click.option("--no-thinking", is_flag=True, help="Answer without a thought, where the model can be told.")
@click.option("--show-thinking", is_flag=True, help="Thoughts on stderr, also when it is no terminal.")
@click.option("--tools", metavar="FILE", type=click.Path(path_type=Path), help="Tools to offer, a JSON list.")
@json_option
def chat(
    text: str | None,
    latest: str | None,
    session: str | None,
    temp: bool,
    model: str | None,
    system: str | None,
    max_tokens: int | None,
    temperature: float | None,
    seed: int | None,
    adapter: str,
    no_lessons: bool,
    no_stream: bool,
    no_thinking: bool,
    show_thinking: bool,
    tools: Path | None,
    as_json: bool,
) -> None:
    """Send TEXT (or `-`: standard input) and print the reply.

    A tool that the model asks for is printed as one line of JSON, behind the text if there is any; none is run.
    """
    if temp and (session or latest is not None):
        raise click.UsageError("A temporary chat starts anew: leave out --session and -c.")
    if latest and text is None and not _names_session(latest):
        # `-c TEXT`: what follows is the message, and the session is the latest.
        text, latest = latest, ""
    offered = () if tools is None else read(tools)
    message = _message(text)
    with serving(model) as assistant:
        _say_who_holds(assistant)
        reply = assistant.chat(
            message,
            session=session or latest or (_latest(assistant) if latest == "" else None),
            temporary=temp,
            system=system,
            adapter=adapter,
            lessons=not no_lessons,
            overrides={"max_tokens": max_tokens, "temperature": temperature, "seed": seed},
            tools=offered,
            thinking=False if no_thinking else None,
        )
        stream = not (no_stream or as_json)
        answer = _follow(reply, stream, show_thinking or (sys.stderr.isatty() and not as_json))
        _print(answer, as_json, stream)


def _names_session(word: str) -> bool:
    """Whether `-c WORD` names a session, with the message on standard input; else it is the message."""
    if word == "-" or sys.stdin.isatty():
        return False
    with reading() as assistant, suppress(NotFound):
        return bool(assistant.session(word))
    return False


def _message(text: str | None) -> str:
    if text is None and sys.stdin.isatty():
        raise click.UsageError("Say what to send: clawlocal chat TEXT.")
    if text in (None, "-"):
        try:
            # Bytes: in some locales Python lets through what is no text.
            return sys.stdin.buffer.read().decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as e:
            raise PromptError("Standard input is not text in UTF-8. Convert it first.") from e
    assert text is not None
    return text


def _latest(assistant: Assistant) -> str:
    session = assistant.latest_session()
    if session is None:
        raise NotFound("There is no session to go on with yet. Leave out -c.")
    return session.id


def _say_who_holds(assistant: Assistant) -> None:
    holder = assistant.status().holder
    if holder:
        click.echo(f"The data folder is held by {holder}: this chat is kept, and not learned from.", err=True)


def _follow(reply: Reply, stream: bool, thoughts: bool) -> Answer:
    """The answer on stdout and the thoughts on stderr, as they come."""
    last = ""
    try:
        for part in reply.parts():
            match part:
                case Thought() if thoughts:
                    # The line break behind the mark is no part of the thought.
                    text = plain(part.text if last else part.text.lstrip())
                    last = text[-1:] or last
                    click.secho(text, nl=False, err=True, dim=True)
                case Said() if stream:
                    last = _end_line(last)
                    click.echo(plain(part.text), nl=False)
    except KeyboardInterrupt:
        # What there is of the reply is kept and marked before we go.
        reply.cancel()
        reply.result()
        raise
    _end_line(last)
    return reply.result()


def _end_line(last: str) -> str:
    """`last` is the last character that was written to stderr."""
    if last not in ("", "\n"):
        click.echo(err=True)
    return ""


def _print(answer: Answer, as_json: bool, streamed: bool) -> None:
    for notice in answer.notices:
        click.echo(plain(notice), err=True)
    if as_json:
        print_json(_as_data(answer))
        return
    if answer.text or not answer.tool_calls:
        click.echo("" if streamed else plain(answer.text))
    for call in answer.tool_calls:
        print_json(call, indent=None)
    if answer.turn:
        where = f" · on {answer.remote}" if answer.remote else ""
        click.echo(f"session {answer.session} · turn {answer.turn} · {answer.adapter}{where}", err=True)


def _as_data(answer: Answer) -> dict[str, object]:
    return {
        "session": answer.session,
        "turn": answer.turn,
        "text": answer.text,
        "model": answer.model,
        "adapter": answer.adapter,
        "tokens": {"prompt": answer.prompt_tokens, "completion": answer.completion_tokens},
        "seconds": {"first_token": round(answer.first_token_seconds, 4), "total": round(answer.total_seconds, 4)},
        "stopped": answer.stopped,
        "thought": answer.thought,
        "tool_calls": as_data(answer.tool_calls),
        "remote": answer.remote,
    }
