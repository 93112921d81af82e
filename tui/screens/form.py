"""What the modal screens share: a box in the middle, a footer, save and cancel."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import BindingType
from textual.screen import ModalScreen

from tui.actions import Place, bindings

T = TypeVar("T")


class Modal(ModalScreen[T]):
    """A box over the chat. Its body is a container with the class `box`."""

    DEFAULT_CSS = """
    Modal {
        align: center middle;
        .box {
            width: 76;
            max-width: 95%;
            height: auto;
            max-height: 90%;
            padding: 0 1;
            border: round $primary;
            background: $panel;
        }
        Input, TextArea { background: $surface; }
        .title { text-style: bold; margin-bottom: 1; }
        .label { margin-top: 1; }
        .quiet { color: $text-muted; }
        .buttons { height: auto; align-horizontal: right; margin-top: 1; }
        Button { margin-left: 2; }
    }
    """


class Form(Modal[T]):
    """A modal with fields: ctrl+s saves, esc cancels."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.FORM)]

    def action_save(self) -> None:
        """To be defined by the form: dismiss with what was entered."""
        raise NotImplementedError

    def action_cancel(self) -> None:
        self.dismiss(None)
