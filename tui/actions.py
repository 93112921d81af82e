"""Every action there is, once. Keys, palette, slash commands and the help screen are made from this list.

An action of the chat has a handler, `run(screen, argument)`; the others name a method of their place
(`panel.rollback` is `action_rollback` of the learning panel). The first key of several is the one to show: most
terminals send alt+b and alt+f as ctrl+left and ctrl+right, so that a rating needs another letter beside alt+b.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from textual.binding import Binding

from tui.commands import chat, feedback, forgetting, here, learning, offload

if TYPE_CHECKING:
    from tui.screens.chat import ChatScreen

Handler = Callable[["ChatScreen", str], None]


class Place(StrEnum):
    """Where an action works; the value is its heading in the help."""

    CHAT = "Chat"
    """The main screen."""
    PROMPT = "While you write"
    """The prompt itself."""
    THOUGHT = "On a thought (shift+tab goes there)"
    """The line above an answer that unfolds what the model thought."""
    PANEL = "Learning panel"
    """What was learned, and the versions."""
    SESSIONS = "List of chats"
    """Open, rename, delete."""
    FORM = "Forms"
    """Every dialogue with fields."""
    APP = "Everywhere"
    """On every screen."""


@dataclass(frozen=True)
class Action:
    """One thing that a person can do, with all the ways to it."""

    id: str
    title: str
    help: str
    key: str = ""
    slash: str = ""
    usage: str = ""
    """What may follow the slash command."""
    place: Place = Place.CHAT
    run: Handler | None = None
    label: str = ""
    """The word in the footer; without one it is not shown there."""
    priority: bool = False

    @property
    def method(self) -> str:
        return self.id.partition(".")[2]

    @property
    def does(self) -> str:
        """The action as Textual writes it."""
        return f"do('{self.id}')" if self.place is Place.CHAT else self.method

    @property
    def entry(self) -> str:
        """What the palette says below the title."""
        ways = ", ".join(way for way in (self.key.split(",")[0], self.command) if way)
        return f"{self.help} ({ways})" if ways else self.help

    @property
    def command(self) -> str:
        """`/export FORMAT PATH`, or nothing."""
        return f"/{self.slash} {self.usage}".rstrip() if self.slash else ""


# fmt: off
ACTIONS: tuple[Action, ...] = (
    Action("reply.stop", "Stop the reply", "Stop the reply; what is written so far is kept and marked.",
           "escape", "stop", run=chat.stop, label="stop"),
    Action("chat.new", "New chat", "Start a new chat.", "ctrl+n", "new", run=chat.new),
    Action("chat.temporary", "Temporary chat", "Start a chat that is neither kept nor learned from.",
           "alt+t", "temp", run=chat.temporary),
    Action("chat.sessions", "Chats", "Find, open, rename or delete a chat.",
           "ctrl+o", "sessions", run=chat.sessions, label="chats"),
    Action("chat.rename", "Rename this chat", "Give this chat another title.",
           slash="rename", usage="[TITLE]", run=chat.rename),
    Action("chat.earlier", "Load earlier turns", "Show twenty turns more from the start of this chat.",
           "alt+pageup", "earlier", run=chat.earlier),
    Action("reply.retry", "Retry", "Ask for another reply; the old one stays as a branch and counts as bad.",
           "ctrl+r", "retry", run=chat.retry),
    Action("reply.here", "Go on with the local model",
           "Leave the remote and go on in this chat with the model of this machine; what broke off is made anew.",
           "alt+l", "local", run=here.go_on),
    Action("reply.compare", "Compare with another version",
           "Let another version (or the base) reply to the same message, and say which is better: it is learned from.",
           slash="compare", usage="[VERSION]", run=chat.compare),
    Action("reply.copy", "Copy the reply", "Copy the reply as Markdown source.",
           "alt+c", "copy", run=chat.copy),
    Action("reply.thinking", "Thinking on or off",
           "Let the model think before it answers, or not; where it cannot be told, fold or unfold its thoughts.",
           "ctrl+t", "think", run=chat.thinking),
    Action("reply.thoughts", "Fold or unfold thoughts", "Show what the model thought before its answers, or hide it.",
           "alt+o", "thoughts", run=chat.thoughts),
    Action("turn.previous", "Select the turn above",
           "Select the turn above, to rate, correct, copy or retry it.", "alt+up", run=chat.previous),
    Action("turn.next", "Select the turn below",
           "Select the turn below; past the last one, none is selected.", "alt+down", run=chat.following),
    Action("rate.good", "Good reply", "Rate the selected reply (or the last one) as good.",
           "alt+g", "good", run=feedback.good, label="good"),
    Action("rate.bad", "Bad reply", "Rate the selected reply (or the last one) as bad.",
           "alt+x,alt+b", "bad", run=feedback.bad, label="bad"),
    Action("rate.correct", "Correct the reply",
           "Say what it should do differently, or edit the reply itself.",
           "alt+e", "correct", "[TEXT]", run=feedback.correct, label="correct"),
    Action("learning.panel", "Learning panel",
           "What was learned, what waits, the versions; roll back, export.",
           "ctrl+s", "panel", run=learning.panel, label="learning"),
    Action("learning.toggle", "Learning on or off", "Turn learning on or off for all chats.",
           "ctrl+l", "learn", run=learning.toggle),
    Action("learning.on", "Learning on", "Learn from the chats while the machine is idle.",
           slash="learn on", run=learning.on),
    Action("learning.off", "Learning off", "Learn from no chat.", slash="learn off", run=learning.off),
    Action("learning.now", "Learn now", "Start an update without waiting for an idle moment.",
           slash="learn now", run=learning.now),
    Action("learning.pause", "Pause learning", "Start no update until you resume, or for some minutes; chat goes on.",
           slash="learn pause", usage="[MINUTES]", run=learning.pause),
    Action("learning.resume", "Resume learning", "Let updates start again, and one that was paused go on.",
           slash="learn resume", run=learning.resume),
    Action("learning.offload", "Learn on a cluster",
           "Show what a Ray cluster of yours would be sent to do the next update; it is sent when you say so.",
           slash="offload", run=offload.propose),
    Action("learning.here", "Learn from this chat, or not",
           "Leave this chat out of learning, or take it in again.", slash="learn here", run=learning.here),
    Action("learning.rollback", "Roll back", "Bring back the version before, a version by its name, or base.",
           slash="rollback", usage="[VERSION]", run=learning.rollback),
    Action("learning.export", "Export what was learned", "Write the live adapter for other tools.",
           slash="export", usage="[peft|gguf|mlx|merged-gguf|ollama PATH]", run=learning.export),
    Action("learning.forget", "Forget this chat, or a turn",
           "Delete this chat (or the selected turn) and what the weights learned from it, after asking.",
           slash="forget", usage="[turn]", run=forgetting.forget),
    Action("prompt.send", "Send", "Send the message, or carry out the slash command.",
           "enter", place=Place.PROMPT),
    Action("prompt.newline", "New line", "Break the line without sending.",
           "ctrl+j,shift+enter", place=Place.PROMPT, label="newline"),
    Action("prompt.complete", "Complete", "Complete the slash command.", "tab", place=Place.PROMPT),
    Action("prompt.page_up", "Scroll up", "Scroll the chat up by a page.", "pageup", place=Place.PROMPT),
    Action("prompt.page_down", "Scroll down", "Scroll the chat down by a page; at the end it follows again.",
           "pagedown", place=Place.PROMPT),
    Action("thought.unfold", "Fold or unfold", "Show this thought, or hide it; a click does so too.",
           "enter", place=Place.THOUGHT),
    Action("panel.now", "Learn now", "Start an update without waiting for an idle moment.",
           "n", place=Place.PANEL, label="learn now"),
    Action("panel.learning", "Learning on or off", "Turn learning on or off for all chats.",
           "l", place=Place.PANEL, label="on/off"),
    Action("panel.rollback", "Bring back", "Make the marked version the live one.",
           "r", place=Place.PANEL, label="bring back"),
    Action("panel.export", "Export", "Write the marked version for other tools.",
           "x", place=Place.PANEL, label="export"),
    Action("panel.veto", "Veto or restore a lesson", "Take the marked lesson out of use, or put it back.",
           "v", place=Place.PANEL, label="veto"),
    Action("panel.page_up", "Scroll up", "Scroll the panel up by a page.",
           "pageup", place=Place.PANEL, priority=True),
    Action("panel.page_down", "Scroll down", "Scroll the panel down by a page.",
           "pagedown", place=Place.PANEL, priority=True),
    Action("panel.close", "Close", "Back to the chat.", "escape,ctrl+s", place=Place.PANEL, label="close"),
    Action("sessions.open", "Open", "Open the marked chat.", "enter", place=Place.SESSIONS),
    Action("sessions.rename", "Rename", "Give the marked chat another title.",
           "f2", place=Place.SESSIONS, label="rename"),
    Action("sessions.delete", "Delete", "Delete the marked chat, after asking.",
           "f8", place=Place.SESSIONS, label="delete"),
    Action("sessions.up", "Up", "Mark the chat above.", "up", place=Place.SESSIONS),
    Action("sessions.down", "Down", "Mark the chat below.", "down", place=Place.SESSIONS),
    Action("sessions.close", "Close", "Back to the chat.",
           "escape,ctrl+o", place=Place.SESSIONS, label="close"),
    Action("form.save", "Save", "Save the form.", "ctrl+s", place=Place.FORM, label="save"),
    Action("form.cancel", "Cancel", "Close without saving.", "escape", place=Place.FORM, label="cancel"),
    Action("app.command_palette", "Palette", "Find any action by its name.",
           "ctrl+p", place=Place.APP, priority=True),
    Action("app.help", "Help", "All keys and commands.", "f1", "help", run=chat.show_help,
           place=Place.APP, label="help"),
    Action("app.change_theme", "Theme", "Choose other colours, light or dark.", slash="theme",
           run=chat.theme, place=Place.APP),
    Action("app.quit", "Quit", "Leave; what was said is kept.", "ctrl+q", "quit", run=chat.leave,
           place=Place.APP, priority=True),
)
# fmt: on


def find(identity: str) -> Action:
    """The action with this id."""
    return next(action for action in ACTIONS if action.id == identity)


def bindings(place: Place) -> list[Binding]:
    """The key bindings of a place."""
    return [_binding(action) for action in ACTIONS if action.place is place and action.key]


def _binding(action: Action) -> Binding:
    return Binding(
        action.key,
        action.does,
        action.label or action.title,
        show=bool(action.label),
        priority=action.priority,
        tooltip=action.help,
        id=action.id,
    )
