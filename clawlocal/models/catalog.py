"""The entries of `models.toml`: ours, then the user's own. Knows no files but these two, and no network."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from clawlocal.errors import ConfigError, ModelError
from clawlocal.paths import Paths


class Source(StrEnum):
    """Where a model's file comes from."""

    PACKAGE = "package"
    """Inside an installed Python package."""
    HUB = "hub"
    """A file below a URL, pulled into the models folder."""
    FILE = "file"
    """A path on this machine."""


@dataclass(frozen=True)
class ModelEntry:
    """One model: where its file is, what it should be, what it needs."""

    name: str
    source: Source
    file: str
    """The file's name; for `file`, its path."""
    package: str = ""
    """For `package`: the import name."""
    url: str = ""
    """For `hub`: the address of the folder that holds the file."""
    sha256: str = ""
    """In lower-case hexadecimal; empty is not checked."""
    size: int = 0
    """In bytes; 0 is not checked."""
    context: int = 4096
    """Tokens that the model was made for."""
    licence: str = ""
    template: str = "gguf"
    """`gguf`: the chat template in the file."""
    memory_mb: int = 0
    """What chatting takes, at the full context."""
    repeat_after: int = 0
    """Phrases of so many tokens are kept from coming again within a reply; 0 leaves them."""
    description: str = ""


@dataclass(frozen=True)
class Catalog:
    """The known models, by name."""

    entries: Mapping[str, ModelEntry]

    @classmethod
    def load(cls, paths: Paths) -> Catalog:
        """Ours and the user's; theirs goes first. Raises `ConfigError` in words."""
        return cls({**read(built_in()), **read(paths.catalog)})

    def entry(self, name: str) -> ModelEntry:
        """The model of that name. Raises `ModelError`, which lists the known ones."""
        if name not in self.entries:
            known = ", ".join(sorted(self.entries)) or "none"
            raise ModelError(
                f"There is no model {name!r}. Known: {known}. "
                "One of your own goes into models.toml; `clawlocal paths` says where that is."
            )
        return self.entries[name]


def built_in() -> Path:
    """Our entries: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "models.toml"
    return installed if installed.exists() else package.parent / "models.toml"


def read(path: Path) -> dict[str, ModelEntry]:
    """The entries of one file; none when it does not exist. Raises `ConfigError`."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path} is not valid TOML ({e}). Mend or remove it.") from e
    except OSError as e:
        raise ConfigError(f"Cannot read {path}: {e.strerror}. Change its permissions.") from e
    models = tables.pop("models", {})
    if tables or not isinstance(models, dict):
        raise ConfigError(f"{path}: only tables named [models.NAME] belong there.")
    return {name: parse(name, values, path) for name, values in models.items()}


def parse(name: str, values: Any, path: Path) -> ModelEntry:
    """One table as an entry. Raises `ConfigError` that names the file, the model and the key."""
    where = f"{path}: model {name!r}"
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: write it as a table, [models.{name}].")
    known = {f.name: str if f.default is MISSING else type(f.default) for f in fields(ModelEntry)[1:]}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(f"{where}: unknown {', '.join(unknown)}. Known: {', '.join(known)}.")
    for key, value in values.items():
        if type(value) is not known[key]:
            kind = "a whole number" if known[key] is int else "a text"
            raise ConfigError(f"{where}: {key} must be {kind}, not {value!r}.")
    _check(where, values)
    sha256 = values.get("sha256", "").lower()
    return ModelEntry(**{**values, "name": name, "source": Source(values["source"]), "sha256": sha256})


def _check(where: str, values: dict[str, Any]) -> None:
    source, file, sha256 = values.get("source"), values.get("file", ""), values.get("sha256", "")
    if source not in list(Source):
        raise ConfigError(f"{where}: source must be one of {', '.join(Source)}.")
    if not file:
        raise ConfigError(f"{where}: file is missing.")
    if source != Source.FILE and (file in ("..", ".") or "/" in file or "\\" in file):
        raise ConfigError(f"{where}: file must be a plain name, not {file!r}.")
    if source == Source.PACKAGE and not values.get("package", "").isidentifier():
        raise ConfigError(f"{where}: package must be the import name of a package.")
    if source == Source.HUB and not values.get("url", "").startswith("https://"):
        raise ConfigError(f"{where}: url must begin with https://.")
    if sha256 and (len(sha256) != 64 or set(sha256.lower()) - set("0123456789abcdef")):
        raise ConfigError(f"{where}: sha256 must be 64 hexadecimal digits.")
    if any(values.get(key, 0) < 0 for key in ("size", "context", "memory_mb", "repeat_after")):
        raise ConfigError(f"{where}: size, context, memory_mb and repeat_after cannot be negative.")
