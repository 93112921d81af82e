"""A user played by a language model behind an OpenAI-compatible address. Decides nothing: it only finds the words."""

from __future__ import annotations

import http.client
import json
import urllib.request
from typing import Any

from clawlocal.errors import ClawlocalError

SECONDS = 120.0
"""How long it may take for one message."""

_ROLE = (
    "You play a person who chats with an assistant. You wish for this: {wish} You have just read its reply. "
    "Write the one short message that this person sends next, in their own everyday words, without quotation marks."
)
_PLEASED = "The reply is as you wish. Say thanks or praise it; ask for nothing."
_NOT_PLEASED = "The reply is not as you wish. Say so; do not write the reply yourself."


class EndpointError(ClawlocalError, OSError):
    """The endpoint cannot be reached, or does not answer as one of this kind."""

    title = "User endpoint"


class Endpoint:
    """Speaks for a user with one wish."""

    def __init__(self, url: str, model: str, wish: str) -> None:
        """`url` is where `chat/completions` is, such as `http://127.0.0.1:8000/v1`. Raises `EndpointError`."""
        self._url = url.rstrip("/").removesuffix("/chat/completions") + "/chat/completions"
        self._model = model
        self._wish = wish
        if not url.startswith(("http://", "https://")):
            raise self._error("it does not begin with http:// or https://")

    def says(self, question: str, reply: str, pleased: bool) -> str:
        """Raises `EndpointError`."""
        told = f"You asked: {question}\n\nThe assistant replied: {reply}\n\n{_PLEASED if pleased else _NOT_PLEASED}"
        messages = [
            {"role": "system", "content": _ROLE.format(wish=self._wish)},
            {"role": "user", "content": told},
        ]
        answer = self._ask({"model": self._model, "messages": messages, "max_tokens": 80, "temperature": 0.8})
        try:
            said = answer["choices"][0]["message"]["content"].strip().strip('"')
        except (KeyError, IndexError, TypeError, AttributeError) as e:
            raise self._error("its answer holds no message") from e
        if not said:
            raise self._error("its message is empty")
        return str(said)

    def _ask(self, body: dict[str, Any]) -> Any:
        try:
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)
            with urllib.request.urlopen(request, timeout=SECONDS) as response:
                return json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as e:
            raise self._error(str(e) or type(e).__name__) from e

    def _error(self, what: str) -> EndpointError:
        return EndpointError(f"The user's endpoint {self._url} does not answer: {what}. Check --user and --user-model.")
