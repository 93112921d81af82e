"""The tokenizer that leaves the house says the same ids as llama.cpp, for everything that can be written."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from nasty import texts
from test_gguf_base import tiny
from vocabularies import Theirs, sentence_piece, theirs, with_pre

from trainers import tokenizer, vocabulary
from trainers.errors import BaseError, UnsupportedTokenizer
from trainers.vocabulary import Vocabulary
from trainers.word_splits import SPLITS

FOLDER = os.environ.get("CLAWLOCAL_DEV_MODELS", "")
QWEN = sorted(Path(FOLDER).glob("qwen2*.gguf")) if FOLDER else []
TEXTS = texts(2600)
FEWER = texts(900, seed=1)


def differing(ours: Any, other: Theirs, strings: Sequence[str]) -> list[tuple[str, bool]]:
    """The strings for which the ids are not llama.cpp's, with `parse_special`; decoded, they are its bytes too."""
    found = []
    for special in (False, True):
        ours.encode_special_tokens = not special
        for text in strings:
            ids = ours.encode(text, add_special_tokens=False).ids
            same = ids == other.ids(text, special)
            if not same or ours.decode(ids, skip_special_tokens=False) != other.bytes(ids).decode(errors="replace"):
                found.append((text, special))
    ours.encode_special_tokens = False
    return found


@pytest.fixture(scope="module")
def words(gguf: Path) -> Vocabulary:
    return vocabulary.read(gguf)


@pytest.fixture(scope="module")
def served(gguf: Path) -> Iterator[Theirs]:
    with theirs(gguf) as found:
        yield found


@pytest.fixture(scope="module")
def ours(gguf: Path) -> Any:
    return tokenizer.build(gguf)


def test_the_texts_are_many_and_the_same_each_time() -> None:
    assert len(set(TEXTS)) >= 2500
    assert texts(2600) == TEXTS


def test_the_embedded_model(ours: Any, served: Theirs) -> None:
    assert differing(ours, served, TEXTS) == []


def test_every_character_there_is(ours: Any, served: Theirs) -> None:
    planes = [range(first, first + 256) for first in range(0, 0x110000, 256) if not 0xD800 <= first < 0xE000]
    ours.encode_special_tokens = True
    for block in planes:
        text = "".join(f"x{chr(c)}1" for c in block)
        assert ours.encode(text, add_special_tokens=False).ids == served.ids(text, False), f"{block.start:x}"
    ours.encode_special_tokens = False


@pytest.mark.skipif(not QWEN, reason="CLAWLOCAL_DEV_MODELS names no models")
@pytest.mark.parametrize("path", QWEN, ids=lambda path: path.stem)
def test_qwen(path: Path) -> None:
    with theirs(path) as other:
        assert differing(tokenizer.build(path), other, TEXTS) == []


# One of each way to cut, and each way to write its name that tells how merges are taken.
@pytest.mark.parametrize("pre", ["default", "gpt-2", "starcoder", "qwen2", "llama-bpe", "dbrx"])
def test_other_pre_tokenisers(words: Vocabulary, tmp_path: Path, pre: str) -> None:
    path = with_pre(words, pre, tmp_path / "other.gguf")
    with theirs(path) as other:
        assert differing(tokenizer.build(path), other, FEWER) == []


@pytest.mark.parametrize("pre", SPLITS)
def test_each_name_is_known_to_llama_cpp(words: Vocabulary, tmp_path: Path, pre: str) -> None:
    text = "I'LL say'll 1234567, 12'ſ (x)  \r\n\n\tfoo.bar—²³ ١٢٣ \u00e9\u0301"
    path = with_pre(words, pre, tmp_path / "other.gguf")
    with theirs(path) as other:
        assert differing(tokenizer.build(path), other, [text]) == []


@pytest.mark.parametrize("prefix", [False, True], ids=["as Gemma", "as Llama 2"])
def test_sentence_piece(tmp_path: Path, prefix: bool) -> None:
    path = sentence_piece(tmp_path / "pieces.gguf", prefix=prefix)
    ours = tokenizer.build(path)
    with theirs(path) as other:
        different = []
        for special in (False, True):
            ours.encode_special_tokens = not special
            different += [
                (text, special)
                for text in TEXTS
                if ours.encode(text, add_special_tokens=False).ids != other.ids(text, special)
            ]
        assert different == []


@pytest.mark.parametrize("prefix", [False, True])
def test_sentence_pieces_come_back_as_text(tmp_path: Path, prefix: bool) -> None:
    ours = tokenizer.build(sentence_piece(tmp_path / "pieces.gguf", prefix=prefix))
    ours.encode_special_tokens = True
    ids = {t: ours.encode(t, add_special_tokens=False).ids for t in TEXTS if tokenizer.SPACE not in t}
    # With a space put before every piece of text, one after a mark does not come back: not in llama.cpp either.
    marks = {i for i, token in ours.get_added_tokens_decoder().items() if not token.special} if prefix else set()
    plain = [t for t in ids if not marks & set(ids[t])]
    assert len(plain) > 1000
    assert [t for t in plain if ours.decode(ids[t]) != t] == []


def test_written_it_is_the_same_for_transformers(gguf: Path, served: Theirs, ours: Any, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer.write(gguf, tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert (loaded.bos_token, loaded.eos_token, loaded.pad_token) == ("<|im_start|>", "<|im_end|>", "<|im_end|>")
    assert [t for t in FEWER if loaded(t).input_ids != served.ids(t, True)] == []
    assert [t for t in FEWER if loaded.decode(loaded(t).input_ids) != ours.decode(loaded(t).input_ids, False)] == []
    rendered = loaded.apply_chat_template([{"role": "user", "content": "Hello"}], tokenize=False)
    assert rendered.endswith("<|im_start|>user\nHello<|im_end|>\n")


def test_what_stands_around_a_text_is_what_the_file_asks_for(words: Vocabulary, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    path = sentence_piece(tmp_path / "pieces.gguf", prefix=False)
    ours = tokenizer.build(path)
    assert ours.encode("a").ids[0] == 1
    assert ours.encode("a", add_special_tokens=False).ids[0] != 1
    (tmp_path / "there").mkdir()
    tokenizer.write(path, tmp_path / "there")
    loaded = AutoTokenizer.from_pretrained(tmp_path / "there", local_files_only=True)
    assert loaded("Größe").input_ids == ours.encode("Größe").ids
    around = {"ggml.add_bos_token": True, "ggml.add_eos_token": True}
    both = tokenizer._build(Vocabulary(**{**vars(words), "settings": words.settings | around}))
    assert (both.encode("a").ids[0], both.encode("a").ids[-1]) == (1, 2)
    assert both.encode("a", "b").ids.count(1) == 2


def test_what_cannot_be_done_is_said(words: Vocabulary, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedTokenizer, match="'gpt2' with 'poro-chat'"):
        tokenizer.build(with_pre(words, "poro-chat", tmp_path / "pre.gguf"))
    with pytest.raises(UnsupportedTokenizer, match="no vocabulary"):
        tokenizer.build(tiny(tmp_path / "none.gguf", "llama"))
    (tmp_path / "text.gguf").write_text("not a model")
    for missing in ("text.gguf", "nowhere.gguf"):
        with pytest.raises(BaseError, match="cannot be read"):
            tokenizer.build(tmp_path / missing)
    odd = Vocabulary(**{**vars(words), "merges": [("no", "such tokens")]})
    with pytest.raises(UnsupportedTokenizer, match="do not go together"):
        tokenizer._build(odd)
    with pytest.raises(UnsupportedTokenizer, match="its tokenizer, 'bert'"):
        tokenizer._build(Vocabulary(**{**vars(words), "model": "bert"}))


def test_scores_that_say_no_order_are_refused(tmp_path: Path) -> None:
    pieces = vocabulary.read(sentence_piece(tmp_path / "pieces.gguf", prefix=False))
    with pytest.raises(UnsupportedTokenizer, match="which of two tokens"):
        tokenizer._build(Vocabulary(**{**vars(pieces), "scores": [0.0] * len(pieces.tokens)}))
