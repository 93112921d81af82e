"""Where an adapter is to be written, and in which format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Footer, Input, RadioButton, RadioSet, Static

from tui.screens.form import Form

FORMATS = {
    "peft": "peft: a folder that transformers and other trainers load",
    "gguf": "gguf: a file that llama.cpp loads beside the model",
    "mlx": "mlx: a folder that mlx-lm loads, on Apple silicon",
    "merged-gguf": "merged-gguf: a whole model with what it learned inside",
    "ollama": "ollama: a folder with a Modelfile, for `ollama create`",
}

FILES = {"gguf": ".gguf", "merged-gguf": "-merged.gguf"}
"""Formats that are one file, and how its name ends; the others are folders."""


@dataclass(frozen=True)
class Export:
    """What the user chose."""

    format: str
    path: Path


def default_path(version: str, format: str) -> str:
    """`~/clawlocal-v2-peft`, `~/clawlocal-v2.gguf`, `~/clawlocal-v2-merged.gguf`."""
    if format in FILES:
        return f"~/clawlocal-{version}{FILES[format]}"
    return f"~/clawlocal-{version}-{format}"


class ExportScreen(Form[Export]):
    """Asks for the format and the path; proposes a path until the user writes one."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self.version = version

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(f"Export {self.version}", classes="title", markup=False)
            with RadioSet(compact=True):
                for name, words in FORMATS.items():
                    yield RadioButton(words, value=name == "peft", name=name)
            yield Static("Write it to  (enter saves)", classes="label", markup=False)
            yield Input(default_path(self.version, "peft"), compact=True)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @property
    def format(self) -> str:
        pressed = self.query_one(RadioSet).pressed_button
        return (pressed.name if pressed else None) or "peft"

    @on(RadioSet.Changed)
    def propose(self) -> None:
        field = self.query_one(Input)
        if field.value in {default_path(self.version, name) for name in FORMATS}:
            field.value = default_path(self.version, self.format)

    def on_input_submitted(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        path = self.query_one(Input).value.strip()
        if path:
            self.dismiss(Export(self.format, Path(path).expanduser()))
