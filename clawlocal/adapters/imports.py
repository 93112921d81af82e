"""An adapter from elsewhere becomes a version: checked, converted, loaded once, kept, and not live."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from clawlocal.adapters import files
from clawlocal.engine.gguf_file import DamagedFile, read_gguf
from clawlocal.engine.protocol import AdapterFile
from clawlocal.errors import AdapterError, StoreError
from clawlocal.paths import Paths
from clawlocal.records import AdapterState, AdapterVersion
from clawlocal.store import Store
from trainers import adapter_import, linears
from trainers.adapter_import import Imported
from trainers.errors import TrainingError

Check = Callable[[AdapterFile], None]


def import_adapter(path: Path, model: str, gguf: Path, check: Check, where: Paths, store: Store) -> tuple[str, str]:
    """Add the adapter at `path` as a version of `model`, whose file is `gguf`. Returns its name and a sentence.

    `check` loads it into the engine. Raises `AdapterError`; `StoreError` when it cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="import-", dir=where.ensure(where.jobs)) as folder:
            made = _convert(path.expanduser(), gguf, Path(folder))
            check(AdapterFile(f"in {path}", Path(folder) / files.GGUF))
            version = store.next_version(model)
            home = files.install(Path(folder), where.adapters / model / version)
            digest = files.sha256(home / files.GGUF)
    except TrainingError as e:
        raise AdapterError(str(e)) from e
    except OSError as e:
        raise StoreError(f"The adapter cannot be written ({e.strerror}). Free some space.") from e
    store.add_adapter(AdapterVersion(version, model, AdapterState.KEPT, "", made.rank, digest, None, str(home)))
    return version, _sentence(version, model, made)


def _convert(path: Path, gguf: Path, folder: Path) -> Imported:
    if path.is_file() and path.suffix.lower() not in adapter_import.NOT_GGUF:
        try:
            # What a GGUF says of its own lengths is not to be trusted.
            read_gguf(path)
        except DamagedFile as e:
            raise AdapterError(f"{path} is damaged: {e}.") from e
        except OSError as e:
            raise AdapterError(f"{path} cannot be read: {e.strerror}.") from e
    return adapter_import.convert(path, linears.read(gguf), folder)


def _sentence(version: str, model: str, made: Imported) -> str:
    part = ""
    if made.covered < made.linears:
        part = f" It covers {made.covered} of {made.linears} linear layers; the others stay as they are."
    return f"{version} of {model} is here, and not live: `clawlocal adapters use {version}` makes it live.{part}"
