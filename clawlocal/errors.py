"""Every error that a person may meet, each with a title and one sentence that says what to do.

ClawlocalError
├── ConfigError          (ValueError)          a setting that cannot be read
├── PromptError          (ValueError)          empty, longer than the context, or with impossible options
├── NotFound             (LookupError)         no session, turn, version of that name
├── ModelError           (RuntimeError)        no file, wrong hash, cut short, unknown
├── AdapterError         (RuntimeError)        damaged on disk, of another base, not known
├── StoreError           (OSError)             disk full, read-only folder, damaged database
│   └── FolderBusy                             another instance holds the data folder
├── TrainerError         (RuntimeError)        the worker failed or was killed
├── OffloadError         (OSError)             a remote that is not there, refuses, breaks off, or talks nonsense
├── ConsentError         (PermissionError)     nothing may be sent: no grant, or one that has ended
└── EngineClosed         (RuntimeError)        asked for a reply after the engine stopped
"""

from __future__ import annotations


class ClawlocalError(Exception):
    """Base of all errors that are shown to the user as one sentence."""

    title = "Something went wrong"


class ConfigError(ClawlocalError, ValueError):
    title = "Settings"


class PromptError(ClawlocalError, ValueError):
    title = "Prompt"


class NotFound(ClawlocalError, LookupError):
    title = "Not found"


class ModelError(ClawlocalError, RuntimeError):
    title = "Model"


class AdapterError(ClawlocalError, RuntimeError):
    title = "Adapter"


class StoreError(ClawlocalError, OSError):
    title = "Data folder"


class FolderBusy(StoreError):
    """Another instance holds the data folder; `holder` says which, in words."""

    def __init__(self, holder: str) -> None:
        super().__init__(
            f"The data folder is held by {holder}. Chat goes on here without learning; "
            "close the other one to learn here."
        )
        self.holder = holder


class TrainerError(ClawlocalError, RuntimeError):
    title = "Training"


class OffloadError(ClawlocalError, OSError):
    """`outcome` is what the log of what left says of it, in a few words and without content."""

    title = "Remote"

    def __init__(self, text: str, outcome: str = "failed") -> None:
        super().__init__(text)
        self.outcome = outcome


class ConsentError(ClawlocalError, PermissionError):
    title = "Consent"


class EngineClosed(ClawlocalError, RuntimeError):
    title = "Engine"
