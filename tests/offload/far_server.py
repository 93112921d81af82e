"""A server on the loopback that speaks vLLM's dialect, with faults to switch on. Standard library alone.

Keeps what it was asked. `fault` is one of: `stall` (silent after the first word), `cut` (the link closes there),
`unfinished` (the stream ends there), `malformed`, `deep`, `error` (an event that says so), `status` (500), `redirect`,
`html`, `bare` (neither ids nor log-probabilities), `unsure` (ids alone), `odd` (ids that are none), `deaf` (an adapter
that is loaded changes nothing), `stuck` (nothing is unloaded).
Adapters are loaded as vLLM 0.32 does it: from their files, with its words for what is wrong.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WORDS = ("A ", "heron ", "stands ", "in ", "the ", "reeds.")
MODEL = "heron-8b"
KEY = "the-key-of-the-test"
Piece = tuple[str, list[int], list[float]]
"""Of a reply: text, its token ids, and their log-probabilities."""


class Mind:
    """What the server's model makes of tokens. Made up: as `FakeEngine` has them, with numbers out of the tokens."""

    shift = 0.0
    """How far another base's scores are off, every second one upwards."""

    def tokenize(self, text: str) -> list[int]:
        return list(text.encode())

    def encode(self, text: str) -> list[int]:
        """A chat of one message."""
        return [256, *self.tokenize(f"user\n{text}"), 257, 256, *self.tokenize("assistant\n")]

    def prompt(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """The ids that it tells of a chat that is streamed."""
        return [1, 2, 3]

    def reply(self, messages: Sequence[dict[str, str]], words: Sequence[str]) -> list[Piece]:
        """What it says to a chat that is streamed."""
        return [(word, [100 + number], [-0.5]) for number, word in enumerate(words)]

    def score(self, ids: Sequence[int], at: int, adapter: Path | None) -> float:
        """The log-probability of the token at a place."""
        found = -1 - (ids[at] * 7 + ids[at - 1] * 3) % 11 / 4
        if adapter is not None:
            found += ((ids[at] * 5 + ids[at - 1]) % 7 - 3) / 5
        return found + self.shift * (at % 2)


class FarServer(ThreadingHTTPServer):
    """Made with `serving`."""

    daemon_threads = True

    def __init__(self, key: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.key = key
        self.fault = ""
        self.lora = True
        self.asked: list[tuple[str, Any]] = []
        """Paths and bodies."""
        self.bodies: list[bytes] = []
        self.loras: dict[str, Path] = {}
        """What is loaded, by name. A server that is started anew has none."""
        self.max_rank = 16
        self.mind = Mind()
        self.words: tuple[str, ...] = WORDS
        self.thought = ""
        self.gate = threading.Event()
        """A stalled reply goes on when it is set: at the end of the test."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: FarServer

    def log_message(self, format: str, *args: Any) -> None:
        """Not on the terminal of the tests."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, None))
        if self._refused():
            return
        if self.path == "/v1/models":
            cards = [{"id": MODEL, "object": "model", "max_model_len": 4096}]
            cards += [{"id": n, "root": str(p), "parent": MODEL} for n, p in self.server.loras.items()]
            self._json({"object": "list", "data": cards})
        else:
            self._json({"detail": "Not Found"}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        payload = json.loads(body or b"{}")
        self.server.asked.append((self.path, payload))
        if self._refused():
            return
        match self.path:
            case "/v1/chat/completions" | "/v1/completions" if payload.get("model") not in (MODEL, *self.server.loras):
                self._error(404, f"The model `{payload.get('model')}` does not exist.")
            case "/v1/chat/completions" if payload.get("stream"):
                self._chat(payload)
            case "/v1/chat/completions":
                ids = self.server.mind.encode(payload["messages"][0]["content"])
                self._json({"choices": [{"index": 0}], "prompt_token_ids": ids})
            case "/v1/completions":
                self._json({"choices": list(self._completions(payload))})
            case "/v1/load_lora_adapter" if self.server.lora:
                self._load(payload.get("lora_name"), payload.get("lora_path"))
            case "/v1/unload_lora_adapter" if self.server.lora:
                self._unload(payload.get("lora_name"))
            case _:
                self._json({"detail": "Not Found"}, 404)

    def _completions(self, payload: Any) -> Iterator[dict[str, Any]]:
        mind, prompt = self.server.mind, payload["prompt"]
        if isinstance(prompt, str):
            ids = mind.tokenize(prompt)
            yield {"index": 0, "text": "x", "prompt_logprobs": [None, {"7": {"logprob": -1}}], "prompt_token_ids": ids}
            return
        adapter = None if self.server.fault == "deaf" else self.server.loras.get(payload["model"])
        told = [{str(prompt[at]): {"logprob": mind.score(prompt, at, adapter)}} for at in range(1, len(prompt))]
        yield {"index": 0, "text": "x", "prompt_logprobs": [None, *told]}

    def _load(self, name: Any, path: Any) -> None:
        if not (name and path):
            self._error(400, "Both 'lora_name' and 'lora_path' must be provided.")
        elif name in self.server.loras:
            self._error(
                400, f"The lora adapter '{name}' has already been loaded. If you want to load the adapter in place"
            )
        elif not (Path(path) / "adapter_config.json").is_file():
            self._error(404, f"Loading lora {name} failed: No adapter found for <path>")
        elif (rank := json.loads((Path(path) / "adapter_config.json").read_text())["r"]) > self.server.max_rank:
            self._failed(f"LoRA rank {rank} is greater than max_lora_rank {self.server.max_rank}.")
        elif not _is_whole(Path(path) / "adapter_model.safetensors"):
            self._failed("Error while deserializing header: incomplete metadata, file not fully covered")
        else:
            self.server.loras[name] = Path(path)
            self._send(f"Success: LoRA adapter '{name}' added successfully.".encode(), 200, "text/plain")

    def _failed(self, why: str) -> None:
        where = "please check the stack trace above for the root cause"
        self._error(500, f"Call to add_lora method failed: Worker failed with error '{why}', {where}")

    def _unload(self, name: Any) -> None:
        if self.server.fault == "stuck":
            self._error(500, "The engine is busy")
        elif self.server.loras.pop(name, None) is None:
            self._error(404, f"The lora adapter '{name}' cannot be found.")
        else:
            self._send(f"Success: LoRA adapter '{name}' removed successfully.".encode(), 200, "text/plain")

    def _refused(self) -> bool:
        if self.server.key and self.headers["Authorization"] != f"Bearer {self.server.key}":
            self._json({"error": "Unauthorized"}, 401)
            return True
        if self.server.fault == "status":
            self._error(500, "CUDA out of memory\x1b[31m")
            return True
        if self.server.fault == "redirect":
            self.send_response(307)
            self.send_header("Location", "http://192.0.2.1/v1/chat/completions")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return True
        return False

    def _chat(self, payload: Any) -> None:
        if self.server.fault == "html":
            self._send(b"<html>Welcome</html>", 200, "text/html")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in self._events(payload):
            self.wfile.write(b"data: " + event + b"\n\n")
            self.wfile.flush()

    def _events(self, payload: Any) -> Iterator[bytes]:
        fault, ids = self.server.fault, payload.get("return_token_ids") and self.server.fault != "bare"
        messages, mind = payload["messages"], self.server.mind
        prompt = {"prompt_token_ids": mind.prompt(messages)} if ids else {}
        yield _event({"role": "assistant", "content": ""}, more=prompt)
        if self.server.thought:
            yield _event({"reasoning_content": self.server.thought})
        for number, (word, tokens, logprobs) in enumerate(mind.reply(messages, self.server.words)):
            if number == 1 and fault:
                yield from self._faulty(fault)
                if fault in ("stall", "cut", "unfinished", "malformed", "deep", "error"):
                    return
            choice: dict[str, Any] = {}
            if payload.get("logprobs") and fault not in ("bare", "unsure"):
                told = [{"token": word, "logprob": p, "top_logprobs": []} for p in logprobs]
                choice["logprobs"] = {"content": told}
            if ids:
                choice["token_ids"] = [-7] if fault == "odd" else tokens
            yield _event({"content": word}, choice)
        yield _event({}, {"finish_reason": "stop"})
        if payload.get("stream_options", {}).get("include_usage"):
            usage = {"prompt_tokens": 3, "completion_tokens": len(self.server.words)}
            yield json.dumps({"id": "chat-1", "choices": [], "usage": usage}).encode()
        yield b"[DONE]"

    def _faulty(self, fault: str) -> Iterator[bytes]:
        match fault:
            case "stall":
                self.server.gate.wait(60)
            case "cut":
                # A reset, as when the machine behind it is gone.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                self.connection.close()
            case "malformed":
                yield b'{"choices": [{"delta": '
            case "deep":
                yield b'{"choices": ' + b"[" * 100_000
            case "error":
                yield json.dumps({"error": {"message": "Engine died", "code": 500}}).encode()

    def _error(self, status: int, message: str) -> None:
        self._json({"error": {"message": message, "type": "Error", "code": status}}, status)

    def _json(self, value: Any, status: int = 200) -> None:
        self._send(json.dumps(value).encode(), status, "application/json")

    def _send(self, body: bytes, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _is_whole(path: Path) -> bool:
    """A safetensors file that is as long as its header says."""
    content = path.read_bytes()
    try:
        size = 8 + int.from_bytes(content[:8], "little")
        tensors = {k: v for k, v in json.loads(content[8:size]).items() if k != "__metadata__"}
    except ValueError:
        return False
    return len(content) == size + max(tensor["data_offsets"][1] for tensor in tensors.values())


def _event(delta: dict[str, Any], choice: dict[str, Any] | None = None, more: dict[str, Any] | None = None) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": None, **(choice or {})}]
    return json.dumps({"id": "chat-1", "object": "chat.completion.chunk", "choices": choices, **(more or {})}).encode()


@contextmanager
def serving(key: str = "", certificate: Path | None = None) -> Iterator[FarServer]:
    """Runs in a thread; with a `certificate` (and its key in the same file) it speaks TLS."""
    server = FarServer(key)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
