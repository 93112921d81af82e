"""An S3 server on the loopback: moto's, with faults to switch on. It takes any key until `only_known_keys` was called.

`fault` is one of: `full` (507, as MinIO says it), `redirect` (307 to `elsewhere`), `region` (301, the bucket is in
another one), `busy` (503), `cut` (the second half of a second block never comes), `silent` (no answer), `kept` (nothing
is deleted).
"""

from __future__ import annotations

import logging
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "a-secret-of-the-test"
_FULL = b"<Error><Code>XMinioStorageFull</Code><Message>Storage backend has reached its threshold</Message></Error>"
_REGION = b"<Error><Code>PermanentRedirect</Code><Message>Use the endpoint of the region</Message></Error>"

Start = Callable[..., Any]


class FarBucket:
    """Made with `serving`."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.fault = ""
        self.elsewhere = ""
        self.asked: list[tuple[str, str]] = []
        """Methods and paths."""
        self.ended = threading.Event()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        # As somebody else sees it; made here, where no test has changed the environment yet.
        self.buckets, self.users = self._client("s3"), self._client("iam")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def names(self, bucket: str) -> list[str]:
        """Of all objects."""
        return [each["Key"] for each in self.buckets.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def uploads(self, bucket: str) -> list[Any]:
        """Those that were begun and not ended."""
        return list(self.buckets.list_multipart_uploads(Bucket=bucket).get("Uploads", []))

    @contextmanager
    def only_known_keys(self) -> Iterator[None]:
        """Meanwhile keys and what they may do are looked at."""
        self._check_keys_after("0")
        try:
            yield
        finally:
            self._check_keys_after("inf")

    def _check_keys_after(self, requests: str) -> None:
        asked = urllib.request.Request(
            f"{self.url}/moto-api/reset-auth", requests.encode(), {"Content-Type": "text/plain"}
        )
        urllib.request.urlopen(asked, timeout=60).close()

    def _client(self, service: str) -> Any:
        keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", config=Config(proxies={}), **keys)

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __call__(self, environment: dict[str, Any], start: Start) -> Iterable[bytes]:
        method, path = environment["REQUEST_METHOD"], environment["PATH_INFO"]
        self.asked.append((method, path))
        match self.fault:
            case "full" if method == "PUT":
                return _answer(start, "507 Insufficient Storage", _FULL)
            case "redirect":
                return _answer(start, "307 Temporary Redirect", b"", ("Location", self.elsewhere + path))
            case "region":
                return _answer(start, "301 Moved Permanently", _REGION, ("x-amz-bucket-region", "eu-central-1"))
            case "silent":
                self.ended.wait()
            case "busy":
                return _answer(start, "503 Slow Down", b"<Error><Code>SlowDown</Code></Error>")
            case "kept" if method == "POST" and "delete" in environment["QUERY_STRING"]:
                return _answer(start, "200 OK", b"<DeleteResult></DeleteResult>")
        found = self._moto(environment, start)
        later = not environment.get("HTTP_RANGE", "bytes=0-").startswith("bytes=0-")
        return _half(found) if self.fault == "cut" and method == "GET" and later else found


def _answer(start: Start, status: str, body: bytes, *headers: tuple[str, str]) -> list[bytes]:
    start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body))), *headers])
    return [body]


def _half(content: Iterable[bytes]) -> Iterator[bytes]:
    whole = b"".join(content)
    yield whole[: len(whole) // 2]


@contextmanager
def serving() -> Iterator[FarBucket]:
    """Runs in a thread."""
    server = FarBucket()
    try:
        yield server
    finally:
        server.close()
