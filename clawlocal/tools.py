"""Descriptions of tools, as a caller brings them: checked, in one form. Knows no template and runs no tool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clawlocal.errors import PromptError
from clawlocal.records import Tool

FORM = '[{"name": …, "description": …, "parameters": {…}}, …]'


def read(path: Path) -> tuple[Tool, ...]:
    """The descriptions in a JSON file. Raises `PromptError`, which names the file."""
    try:
        return described(json.loads(path.read_text("utf-8")))
    except OSError as e:
        raise PromptError(f"Cannot read {path}: {e.strerror}. Name a JSON file with a list of tools.") from e
    except PromptError as e:
        raise PromptError(f"{path}: {e}") from e
    except (ValueError, RecursionError) as e:
        raise PromptError(f"{path} is not JSON ({e}). It must hold a list of tools: {FORM}.") from e


def described(value: Any) -> tuple[Tool, ...]:
    """A list of functions, bare or as OpenAI wraps them. Raises `PromptError`."""
    if not isinstance(value, (list, tuple)):
        raise PromptError(f"Tools must be a list of functions: {FORM}.")
    return tuple(_function(tool, number) for number, tool in enumerate(value, 1))


def name_of(tool: Tool) -> str:
    """The name by which the model asks for it."""
    name: str = tool["function"]["name"]
    return name


def _function(tool: Any, number: int) -> Tool:
    function = tool.get("function", tool) if isinstance(tool, dict) else None
    if not isinstance(function, dict):
        raise PromptError(f"Tool {number} is no function: it must look like {FORM}.")
    name = function.get("name")
    if not (isinstance(name, str) and name.strip()):
        raise PromptError(f"Tool {number} has no name: it must look like {FORM}.")
    if not isinstance(function.get("parameters", {}), dict):
        raise PromptError(f"The parameters of the tool {name} must be a JSON schema, an object.")
    return {"type": "function", "function": function}
