"""A folder that `ollama create` makes a model of: the served file, the adapter, and a Modelfile. Knows no Ollama."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from clawlocal.engine.gguf_file import DamagedFile, read_gguf
from clawlocal.engine.protocol import ChatMessage
from clawlocal.engine.template import ChatTemplate
from clawlocal.errors import AdapterError, ModelError, PromptError

MODEL, ADAPTER, MODELFILE = "model.gguf", "adapter.gguf", "Modelfile"

CHATML = '''\
TEMPLATE """{{ range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""
PARAMETER stop "<|im_start|>"
PARAMETER stop "<|im_end|>"'''
"""ChatML as Ollama's templates, which are Go's, say it."""

_TALK = (("system", "Be brief."), ("user", "Why?"), ("assistant", "So."), ("user", "  How\n?"))


def write(model: Path, adapter: Path, folder: Path, name: str) -> None:
    """Fill `folder`, which exists; `name` is proposed for the new model. Raises `AdapterError`, `OSError`."""
    try:
        source = read_gguf(model).metadata.get("tokenizer.chat_template")
    except DamagedFile as e:
        raise AdapterError(f"The model file {model} is damaged: {e}.") from e
    text = modelfile(source if isinstance(source, str) else None, name)
    _link(model, folder / MODEL)
    shutil.copy2(adapter, folder / ADAPTER)
    (folder / MODELFILE).write_text(text, "utf-8", newline="\n")


def modelfile(template: str | None, name: str) -> str:
    """The Modelfile for a model with that chat template."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._") or "clawlocal"
    return "\n".join(_lines(default_system(template), plain)) + "\n"


def _lines(system: str | None, name: str) -> Iterator[str]:
    yield "# Made by clawlocal. In this folder:"
    yield f"#   ollama create {name} -f {MODELFILE}"
    yield f"FROM ./{MODEL}"
    yield f"ADAPTER ./{ADAPTER}"
    if system is None:
        yield f"# No TEMPLATE: Ollama takes the one in {MODEL}."
        return
    yield CHATML
    if system:
        yield f'SYSTEM """{system}"""'


def default_system(source: str | None) -> str | None:
    """What a ChatML template says when nobody gives a system prompt, often nothing; None for another template."""
    try:
        # Nothing that Ollama would not put there by itself may be in it.
        template = ChatTemplate(source, bos="<bos>", eos="<eos>")
        if _rendered(template, _TALK) != _chatml(_TALK) or "strftime_now" in template.source:
            return None
        alone = _rendered(template, _TALK[1:2])
    except (ModelError, PromptError):
        return None
    end = _chatml(_TALK[1:2])
    before = alone.removesuffix(end)
    found = re.fullmatch(r"<\|im_start\|>system\n(.*)<\|im_end\|>\n", before, re.DOTALL)
    if not alone.endswith(end) or (before and found is None):
        return None
    system = found[1] if found else ""
    return None if '"""' in system or system.endswith('"') else system


def _rendered(template: ChatTemplate, talk: tuple[tuple[str, str], ...]) -> str:
    return "".join(piece.text for piece in template.pieces([ChatMessage(role, text) for role, text in talk]))


def _chatml(talk: tuple[tuple[str, str], ...]) -> str:
    said = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in talk)
    return f"{said}<|im_start|>assistant\n"


def _link(source: Path, target: Path) -> None:
    """The same file under another name where the disk can, else a copy."""
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)
