"""Adapters in and out on the command line, with the real model: as another program would leave and find them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.loras import gguf_tensors, random_lora
from trainers import adapter_mlx, linears

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_in_and_out_again(clawlocal: Run, model_path: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    adapter_mlx.write(random_lora(linears.read(model_path), rank=2), theirs)
    came = clawlocal("adapters", "import", str(theirs), "--json")
    assert (came.returncode, json.loads(came.stdout)["version"]) == (0, "v1"), came.stderr
    listed = clawlocal("adapters", "list")
    assert [line.split()[:2] for line in listed.stdout.splitlines()[1:]] == [["v1", "kept"]]
    assert listed.stdout.splitlines()[1].endswith("?"), "nobody has measured it"
    left = clawlocal("adapters", "export", "v1", "--format", "gguf", "--out", str(tmp_path / "out.gguf"))
    assert left.stdout == f"{tmp_path / 'out.gguf'}\n"
    again = clawlocal("adapters", "import", str(tmp_path / "out.gguf"))
    assert again.stdout.startswith("v2 of smollm2-135m is here, and not live: `clawlocal adapters use v2`")
    for version in ("v1", "v2"):
        out = tmp_path / version
        clawlocal("adapters", "export", version, "--format", "ollama", "--out", str(out))
        assert gguf_tensors(out / "adapter.gguf") == gguf_tensors(tmp_path / "out.gguf")
    used = clawlocal("adapters", "use", "v2", "--json")
    assert json.loads(used.stdout)["live"] == "v2"


def test_what_cannot_come_in_is_said(clawlocal: Run, tmp_path: Path) -> None:
    (tmp_path / "adapter_model.bin").write_bytes(b"\x80\x02.")
    for path, words in ((tmp_path, "may hold code"), (tmp_path / "none", "nothing at")):
        came = clawlocal("adapters", "import", str(path))
        assert (came.returncode, came.stdout) == (1, "")
        assert words in came.stderr and came.stderr.count("\n") == 1
    assert clawlocal("adapters", "export", "--format", "onnx", "--out", "x").returncode == 2


def test_two_replies_are_compared_and_the_better_one_is_learned_from(clawlocal: Run) -> None:
    asked = clawlocal("adapters", "compare", "Tell me about herons.", "--json")
    replies = json.loads(asked.stdout)["replies"]
    assert [reply["adapter"] for reply in replies] == ["base", "base"], asked.stderr
    first, second = (reply["turn"] for reply in replies)
    voted = clawlocal("adapters", "vote", second, first)
    assert voted.stdout == "The better reply is kept. It is learned from when the machine is idle.\n"
    assert "1 that you preferred to another" in clawlocal("learn", "why").stdout
    shown = clawlocal("adapters", "compare", "Name a bird.")
    assert "base (" in shown.stdout and "adapters vote BETTER OTHER" in shown.stderr
    other = clawlocal("adapters", "vote", second, second)
    assert (other.returncode, other.stdout) == (1, "") and "same message" in other.stderr
    missing = clawlocal("adapters", "compare", "Name a bird.", "--second", "v7")
    assert (missing.returncode, missing.stdout) == (1, "") and "v7" in missing.stderr
