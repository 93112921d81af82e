"""A server on the loopback that speaks Ray's Jobs API, with faults to switch on. Runs nothing. Standard library alone.

`fault` is one of: `open` (it answers without a key), `lost` (a job is taken, and the answer is a cut link), `status`
(500 to an order), `html`. A job stays `PENDING` until a test says otherwise.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "the-token-of-the-test"


class FarCluster(ThreadingHTTPServer):
    """Made with `clustering`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.fault = ""
        self.asked: list[tuple[str, str]] = []
        """Methods and paths."""
        self.packages: dict[str, bytes] = {}
        self.orders: list[dict[str, Any]] = []
        self.status: dict[str, str] = {}
        """By submission id."""
        self.hidden = 0
        """So many questions after a job are answered as if it were not there."""
        self.message = ""
        self.logs = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: FarCluster

    def log_message(self, format: str, *args: Any) -> None:
        """Not on the terminal of the tests."""

    def do_GET(self) -> None:
        if self._refused():
            return
        match self.path.strip("/").split("/"):
            case ["api", "version"]:
                self._json({"version": "4", "ray_version": "2.60.0", "ray_commit": "x", "session_name": "s"})
            case ["api", "packages", "gcs", name]:
                self._text("", 200 if name in self.server.packages else 404)
            case ["api", "jobs"]:
                self._json([{"submission_id": job, "status": status} for job, status in self.server.status.items()])
            case ["api", "jobs", job, *rest] if job in self.server.status and not self._hides():
                about = {"submission_id": job, "status": self.server.status[job], "message": self.server.message}
                self._json({"logs": self.server.logs} if rest == ["logs"] else about)
            case _:
                self._text(f"{self.path} does not exist", 404)

    def do_PUT(self) -> None:
        content = self._content()
        if not self._refused():
            self.server.packages[self.path.rpartition("/")[2]] = content
            self._text("", 200)

    def do_POST(self) -> None:
        content = json.loads(self._content())
        if self._refused():
            return
        if self.path.endswith("/stop"):
            self.server.status[self.path.split("/")[-2]] = "STOPPED"
            self._json({"stopped": True})
        elif self.server.fault == "status":
            self._text("Traceback (most recent call last): no agent", 500)
        elif content["submission_id"] in self.server.status:
            self._text("Traceback (most recent call last): job with submission_id exists", 500)
        else:
            self.server.orders.append(content)
            self.server.status[content["submission_id"]] = "PENDING"
            if self.server.fault == "lost":
                self.server.fault = ""
                self.connection.close()
            else:
                self._json({"job_id": content["submission_id"], "submission_id": content["submission_id"]})

    def _hides(self) -> bool:
        hides = self.server.hidden > 0
        self.server.hidden -= hides
        return hides

    def _content(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def _refused(self) -> bool:
        self.server.asked.append((self.command, self.path))
        given = self.headers["Authorization"]
        if self.server.fault != "open" and given != f"Bearer {TOKEN}":
            missing = "Unauthorized: Missing authentication token"
            self._text(missing if given is None else "Forbidden: Invalid authentication token", 403 if given else 401)
            return True
        if self.server.fault == "html":
            self._text("<html>Welcome</html>", 200)
            return True
        return False

    def _json(self, value: Any, status: int = 200) -> None:
        self._text(json.dumps(value), status)

    def _text(self, text: str, status: int) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def clustering() -> Iterator[FarCluster]:
    """Runs in a thread."""
    server = FarCluster()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
