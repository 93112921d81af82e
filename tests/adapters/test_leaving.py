"""How a version leaves: copied, converted, merged, with a Modelfile; whole or not at all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from clawlocal.adapters import ollama
from clawlocal.adapters.exports import Format, export
from clawlocal.adapters.files import sha256
from clawlocal.cli.adapters import FORMATS
from clawlocal.engine.gguf_file import read_gguf
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.protocol import AdapterFile, ChatMessage, Sampling
from clawlocal.engine.template import ChatTemplate
from clawlocal.errors import AdapterError, ModelError
from clawlocal.records import AdapterState, AdapterVersion
from tests.loras import random_lora
from tests.waiting import DEADLINE
from trainers import adapter_gguf, adapter_peft, linears

Made = Callable[..., AdapterVersion]


def no_model() -> Path:
    raise ModelError("The model is gone.")


@pytest.fixture(scope="module")
def real(model_path: Path, tmp_path_factory: pytest.TempPathFactory) -> AdapterVersion:
    """A version of the embedded model."""
    home, model = tmp_path_factory.mktemp("real"), linears.read(model_path)
    adapter_peft.write(random_lora(model, rank=2), home / "adapter")
    adapter_gguf.convert(home / "adapter", model.base, home / "adapter.gguf")
    digest = sha256(home / "adapter.gguf")
    return AdapterVersion("v3", "smollm2-135m", AdapterState.LIVE, "", 2, digest, None, str(home))


def test_the_command_line_offers_every_format() -> None:
    assert tuple(Format) == FORMATS


def test_exported_as_gguf_to_a_file_or_into_a_folder(version: Made, tmp_path: Path) -> None:
    made = version("v1")
    there = tmp_path / "new" / "mine.gguf"
    assert export(made, "gguf", there, no_model) == there
    assert sha256(there) == made.sha256
    assert export(made, "gguf", there.parent, no_model) == there.parent / "v1.gguf"
    assert sorted(p.name for p in there.parent.iterdir()) == ["mine.gguf", "v1.gguf"]


def test_exported_as_peft_to_a_new_or_an_empty_folder(version: Made, tmp_path: Path) -> None:
    made = version("v1")
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "new" / "peft", tmp_path / "empty"):
        assert export(made, "peft", out, no_model) == out
        assert sorted(p.name for p in out.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]


def test_what_exists_is_refused_in_one_sentence(version: Made, tmp_path: Path) -> None:
    made = version("v1")
    taken = tmp_path / "taken"
    taken.write_text("mine")
    for format in Format:
        with pytest.raises(AdapterError, match=r"taken exists .*Name another"):
            export(made, format, taken, no_model)
    assert taken.read_text() == "mine"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    with pytest.raises(AdapterError, match="not an empty folder"):
        export(made, "peft", tmp_path / "full", no_model)


@pytest.mark.parametrize("format", Format)
def test_where_nothing_can_be_written_it_says_so(version: Made, tmp_path: Path, format: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AdapterError, match=r"Cannot write to .*(Not a directory|File exists).* name another place"):
        export(version("v1"), format, tmp_path / "file" / "below" / "out", no_model)


def test_a_full_disk_leaves_no_half_file(version: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    made = version("v1")
    monkeypatch.setattr("shutil.copy2", full)
    with pytest.raises(AdapterError, match="No space left on device"):
        export(made, "gguf", tmp_path / "out" / "mine.gguf", no_model)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_damaged_version_and_an_unknown_format_are_not_exported(version: Made, tmp_path: Path) -> None:
    made = version("v1")
    with pytest.raises(AdapterError, match="Choose one of: peft, gguf"):
        export(made, "onnx", tmp_path / "out", no_model)
    (Path(made.path) / "adapter.gguf").write_bytes(b"")
    for format in Format:
        with pytest.raises(AdapterError, match="damaged"):
            export(made, format, tmp_path / "out", no_model)
    assert not (tmp_path / "out").exists()


def test_without_its_model_what_needs_it_is_not_written(version: Made, tmp_path: Path) -> None:
    for format in (Format.MERGED, Format.OLLAMA):
        with pytest.raises(ModelError, match="is gone"):
            export(version("v1") if format is Format.MERGED else version("v2"), format, tmp_path / "out", no_model)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith("out")]


def test_a_conversion_that_fails_leaves_nothing(version: Made, tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="not a plain LoRA"):
        export(version("v1"), "mlx", tmp_path / "out", no_model)
    damaged = tmp_path / "model.gguf"
    damaged.write_bytes(b"GGUF")
    for format in (Format.MERGED, Format.OLLAMA):
        with pytest.raises(AdapterError, match=r"cannot be read|is damaged"):
            export(version(f"v{len(format)}"), format, tmp_path / "out", lambda: damaged)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith("out")]


def test_exported_for_mlx(real: AdapterVersion, tmp_path: Path) -> None:
    out = export(real, "mlx", tmp_path / "mlx", no_model)
    tensors = load_file(out / "adapters.safetensors")
    ours = adapter_peft.read_any(Path(real.path) / "adapter").tensors
    q = "model.layers.5.self_attn.q_proj"
    assert tensors[f"{q}.lora_a"].shape == (576, 2)
    assert (tensors[f"{q}.lora_b"] == ours[f"{q}.lora_B"].T).all()
    config = json.loads((out / "adapter_config.json").read_text())
    assert (config["fine_tune_type"], config["num_layers"], config["lora_parameters"]["scale"]) == ("lora", 30, 16.0)
    assert "mlp.down_proj" in config["lora_parameters"]["keys"]


def test_exported_merged(real: AdapterVersion, model_path: Path, tmp_path: Path) -> None:
    out = export(real, "merged-gguf", tmp_path, lambda: model_path)
    assert out.name == "v3-merged.gguf"
    head = read_gguf(out)
    assert head.metadata["general.name"] == "smollm2-135m, clawlocal v3 merged in"
    assert len(head.tensors) == len(read_gguf(model_path).tensors)
    out.unlink()


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """A Modelfile by its grammar: comments, and instructions whose argument is a line or stands in three quotes."""
    left = text
    while left:
        if found := re.match(r"#[^\n]*\n|\n", left):
            pass
        elif found := re.match(r'([A-Z]+) """(.*?)"""\n|([A-Z]+) ([^\n]+)\n', left, re.DOTALL):
            yield found[1] or found[3], found[2] if found[1] else found[4]
        else:
            raise AssertionError(f"no instruction: {left[:40]!r}")
        left = left[found.end() :]


def said_by_go(template: str, talk: list[ChatMessage]) -> str:
    """Go's template, as far as ours goes: one range over the messages."""
    found = re.fullmatch(r"\{\{ range \.Messages \}\}(.*)\{\{ end \}\}(.*)", template, re.DOTALL)
    assert found is not None
    assert "{{" not in found[1].replace("{{ .Role }}", "").replace("{{ .Content }}", "") + found[2]
    each = [found[1].replace("{{ .Role }}", m.role).replace("{{ .Content }}", m.content) for m in talk]
    return "".join(each) + found[2]


def test_exported_for_ollama(real: AdapterVersion, model_path: Path, tmp_path: Path) -> None:
    out = export(real, "ollama", tmp_path / "new" / "ollama", lambda: model_path)
    assert sorted(p.name for p in out.iterdir()) == ["Modelfile", "adapter.gguf", "model.gguf"]
    text = (out / "Modelfile").read_text()
    assert "#   ollama create smollm2-135m-v3 -f Modelfile\n" in text
    said = list(instructions(text))
    assert said[:2] == [("FROM", "./model.gguf"), ("ADAPTER", "./adapter.gguf")]
    assert said[3:5] == [("PARAMETER", 'stop "<|im_start|>"'), ("PARAMETER", 'stop "<|im_end|>"')]
    assert said[5:] == [("SYSTEM", "You are a helpful AI assistant named SmolLM, trained by Hugging Face")]
    source = read_gguf(model_path).metadata["tokenizer.chat_template"]
    assert isinstance(source, str)
    ask = [ChatMessage("user", "Why?")]
    rendered = "".join(piece.text for piece in ChatTemplate(source).pieces(ask))
    # Ollama puts the SYSTEM before the first message when there is none.
    assert said_by_go(dict(said)["TEMPLATE"], [ChatMessage("system", said[5][1]), *ask]) == rendered
    assert sha256(out / "model.gguf") == sha256(model_path)
    engine = LlamaEngine(out / "model.gguf", name="out", n_ctx=256, threads=1)
    try:
        engine.wait_ready(DEADLINE)
        adapter = AdapterFile("v3", out / "adapter.gguf")
        reply = engine.generate(engine.encode(ask), Sampling(temperature=0, max_tokens=2), adapter).result(DEADLINE)
        assert len(reply.token_ids) == 2
    finally:
        engine.close()


def test_the_model_is_not_copied_where_a_link_will_do(
    real: AdapterVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "tiny.gguf"
    adapter_gguf._write(model, "llama", 1.0, {})
    first = export(real, "ollama", tmp_path / "linked", lambda: model)
    assert os.path.samefile(first / "model.gguf", model)

    def refuse(source: Path, target: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    second = export(real, "ollama", tmp_path / "copied", lambda: model)
    assert not os.path.samefile(second / "model.gguf", model)
    assert (second / "model.gguf").read_bytes() == model.read_bytes()


OTHERS = {
    "another format": "{% for m in messages %}[INST]{{ m.content }}{% endfor %}",
    "a beginning of text": "{{ bos_token }}" + "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}"
    "<|im_end|>\n{% endfor %}<|im_start|>assistant\n",
    "no template at all": "{% for",
    "quotes": '{% if messages[0].role != "system" %}<|im_start|>system\n"""<|im_end|>\n{% endif %}'
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n",
}


@pytest.mark.parametrize("source", OTHERS.values(), ids=OTHERS.keys())
def test_a_template_that_is_not_chatml_is_left_to_ollama(source: str) -> None:
    text = ollama.modelfile(source, "My Model! v1")
    assert [name for name, _ in instructions(text)] == ["FROM", "ADAPTER"]
    assert "# No TEMPLATE: Ollama takes the one in model.gguf." in text
    assert "ollama create my-model-v1 -f" in text


def test_a_model_without_a_template_speaks_chatml() -> None:
    assert [name for name, _ in instructions(ollama.modelfile(None, "m"))] == [
        "FROM",
        "ADAPTER",
        "TEMPLATE",
        "PARAMETER",
        "PARAMETER",
    ]


def test_numbers_leave_unchanged(real: AdapterVersion, tmp_path: Path) -> None:
    out = export(real, "peft", tmp_path / "peft", no_model)
    ours = load_file(Path(real.path) / "adapter" / "adapter_model.safetensors")
    assert all(np.array_equal(t, ours[n]) for n, t in load_file(out / "adapter_model.safetensors").items())
