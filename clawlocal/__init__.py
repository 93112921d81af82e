"""The core of clawlocal: serving, environment, reward and training, without a terminal."""

__version__ = "0.1.0"
