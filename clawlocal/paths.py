"""Where everything lives. One override, `CLAWLOCAL_HOME`, puts it all under one folder."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from clawlocal.errors import StoreError

_ROOTS = ("config", "data", "cache", "state")
_BELOW = ("settings", "catalog", "database", "lock", "adapters", "models", "bases", "prefixes", "jobs", "log")


@dataclass(frozen=True)
class Paths:
    """The four roots. Folders are made with mode 0700, when first asked for."""

    config: Path
    data: Path
    cache: Path
    state: Path

    @property
    def settings(self) -> Path:
        return self.config / "config.toml"

    @property
    def catalog(self) -> Path:
        """The user's own models; need not exist."""
        return self.config / "models.toml"

    @property
    def database(self) -> Path:
        return self.data / "clawlocal.db"

    @property
    def lock(self) -> Path:
        return self.data / "lock"

    @property
    def adapters(self) -> Path:
        """One folder per adapter version, each with the PEFT and the GGUF files."""
        return self.data / "adapters"

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def bases(self) -> Path:
        """Dequantised models for the trainer; may be deleted, is made again."""
        return self.cache / "bases"

    @property
    def prefixes(self) -> Path:
        """What was evaluated of long sessions; may be deleted, is made again."""
        return self.cache / "prefixes"

    @property
    def jobs(self) -> Path:
        """One folder per trainer run."""
        return self.state / "jobs"

    @property
    def log(self) -> Path:
        return self.state / "clawlocal.log"

    def ensure(self, folder: Path) -> Path:
        """Make `folder` and the parents that it lacks, for the owner alone. Raises `StoreError`."""
        try:
            missing = [folder, *folder.parents]
            for path in reversed([p for p in missing if not p.exists()]):
                path.mkdir(mode=0o700, exist_ok=True)
            if not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            return folder
        except OSError as e:
            raise StoreError(
                f"Cannot make the folder {folder}: {e.strerror}. "
                "Free some space, change its permissions, or set CLAWLOCAL_HOME to a folder you can write."
            ) from e

    def as_dict(self) -> dict[str, str]:
        """Every location by name: what `clawlocal paths` prints."""
        return {name: str(getattr(self, name)) for name in (*_ROOTS, *_BELOW)}


def find() -> Paths:
    """The locations for this process."""
    home = os.environ.get("CLAWLOCAL_HOME")
    if home:
        root = Path(home).expanduser().absolute()
        return Paths(root / "config", root / "data", root / "cache", root / "state")
    dirs = platformdirs.PlatformDirs("clawlocal", appauthor=False)
    return Paths(dirs.user_config_path, dirs.user_data_path, dirs.user_cache_path, dirs.user_state_path)
