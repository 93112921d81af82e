"""What can go wrong in training, in sentences that a user can read.

TrainingError
├── BaseError (OSError)           the served model cannot be turned into a trainable base
│   ├── UnsupportedArchitecture
│   └── UnsupportedTokenizer
├── JobError (ValueError)         the job asks for something that cannot be done
├── AdapterError (ValueError)     an adapter's files are not what they should be
├── Diverged                      the loss became infinite
├── TooLittleMemory (MemoryError) the base would not fit beside what runs already
├── TooLittleDisk (OSError)       the base would not fit on the disk
└── Orphaned                      the process that asked for the training is gone
"""

from __future__ import annotations


class TrainingError(Exception):
    """The message is one sentence that says what happened, and where possible what to do."""


class BaseError(TrainingError, OSError):
    """The GGUF file cannot be read as a base for training."""


class UnsupportedArchitecture(BaseError):
    """Chat works with this model, learning does not."""


class UnsupportedTokenizer(BaseError):
    """Its text cannot be turned into the ids that llama.cpp would use."""


class JobError(TrainingError, ValueError):
    """The job is unreadable or empty."""


class AdapterError(TrainingError, ValueError):
    """Unexpected, missing or misshapen tensors in an adapter."""


class Diverged(TrainingError):
    """The adapter is worth nothing."""


class TooLittleMemory(TrainingError, MemoryError):
    """Refused before anything was loaded. `needs` is what the most frugal way takes, in bytes."""

    def __init__(self, text: str, needs: int = 0) -> None:
        super().__init__(text)
        self.needs = needs


class TooLittleDisk(TrainingError, OSError):
    """Refused before the base was made."""


class Orphaned(TrainingError):
    """Nobody is left to take the result."""
