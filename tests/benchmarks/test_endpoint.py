"""A user played by a language model, at a server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from random import Random
from typing import Any

import pytest

from benchmarks.personalize.endpoint import Endpoint, EndpointError
from benchmarks.personalize.feedback import Spoken, feedback
from benchmarks.personalize.plan import Plan
from benchmarks.personas import PERSONAS
from clawlocal.errors import ClawlocalError


@contextmanager
def _served(body: bytes, status: int = 200) -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """The address of a server that always answers so, and what it was asked."""
    asked: list[tuple[str, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: it is a test."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1", asked
        finally:
            server.shutdown()
            thread.join()


def _message(content: Any) -> bytes:
    return json.dumps({"choices": [{"message": {"content": content}}]}).encode()


def test_it_is_told_the_wish_the_question_and_the_reply() -> None:
    with _served(_message('"too long for me"\n')) as (url, asked):
        user = Endpoint(url, "qwen", "Be brief.")
        assert user.says("What is rain?", "Rain is…", False) == "too long for me"
        user.says("What is rain?", "Rain is…", True)
    (path, first), (_, second) = asked
    assert (path, first["model"]) == ("/v1/chat/completions", "qwen")
    system, told = (message["content"] for message in first["messages"])
    assert "Be brief." in system
    assert "What is rain?" in told
    assert "Rain is…" in told
    assert "not as you wish" in told
    assert "not as you wish" not in second["messages"][1]["content"]


def test_the_whole_address_may_be_given() -> None:
    with _served(_message("thanks")) as (url, asked):
        assert Endpoint(f"{url}/chat/completions", "m", "w").says("q", "r", True) == "thanks"
    assert asked[0][0] == "/v1/chat/completions"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"no json", 200),
        (b"{}", 200),
        (b"[]", 200),
        (_message(None), 200),
        (_message(" "), 200),
        (b"", 500),
    ],
)
def test_an_endpoint_that_is_broken_is_said(body: bytes, status: int) -> None:
    with _served(body, status) as (url, _), pytest.raises(EndpointError, match=f"{url}.* does not answer"):
        Endpoint(url, "m", "w").says("q", "r", False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "nonsense", "file:///etc/hostname", "http://[", "http://127.0.0.1:port"]
)
def test_an_address_where_nothing_is_is_said(url: str) -> None:
    with pytest.raises(ClawlocalError, match="Check --user"):
        Endpoint(url, "m", "w").says("q", "r", False)


def test_it_speaks_in_place_of_the_script() -> None:
    plan = Plan("tiny", 2, "ours", user="http://127.0.0.1:1", user_model="m")
    spoken = feedback(PERSONAS["terse"], plan, Random(0))
    assert isinstance(spoken, Spoken)
    assert isinstance(spoken._voice, Endpoint)
