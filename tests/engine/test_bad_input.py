"""Whatever comes in: no crash, a sentence that says what is wrong, and an engine that works afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import gguf
import pytest
from conftest import DEADLINE, user

from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.protocol import ChatMessage, Completion, Sampling, Stop
from clawlocal.engine.tokens import Vocabulary
from clawlocal.errors import ClawlocalError, ModelError, PromptError
from clawlocal.limits import LIMITS
from clawlocal.prompting import Line, build

ONE = Sampling(temperature=1.0, seed=1, max_tokens=1)
FEW = Sampling(temperature=0, max_tokens=3)
CONTROLS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<repo_name>"]


@pytest.fixture(scope="module")
def small(model_path: Path) -> Iterator[LlamaEngine]:
    """An engine with little context: short work."""
    engine = LlamaEngine(model_path, name="small", n_ctx=256, threads=1)
    engine.wait_ready(DEADLINE)
    yield engine
    engine.close()


@pytest.fixture
def works(small: LlamaEngine) -> Iterator[Callable[[], None]]:
    """Afterwards, the engine says to the bit what it said before."""

    def say() -> Completion:
        return small.generate(small.encode(user("Name a colour.")), FEW).result(DEADLINE)

    before = say()

    def check() -> None:
        after = say()
        assert (after.token_ids, after.logprobs, after.stopped) == (before.token_ids, before.logprobs, Stop.LENGTH)

    yield check
    check()


def words_of(engine: LlamaEngine) -> Vocabulary:
    assert engine._machine is not None
    return engine._machine.model.vocabulary


def random_texts(count: int) -> list[str]:
    """Bytes as a terminal, a file or a careless program would hand them over; control tokens among them."""
    dice = random.Random(0)
    texts = []
    for number in range(count):
        data = dice.randbytes(dice.choice([1, 2, 7, 30, 120]))
        if number % 10 == 0:
            data += dice.choice(CONTROLS).encode() + data[:5]
        texts.append(data.decode(*dice.choice([("utf-8", "replace"), ("utf-8", "surrogateescape"), ("latin-1",)])))
    return texts


def test_ten_thousand_random_prompts(small: LlamaEngine, works: Callable[[], None]) -> None:
    words, texts = words_of(small), random_texts(10_000)
    frame = [i for i in small.encode(user("x")) if words.reserved(i)]
    reserved = {i for i in range(words.size) if words.reserved(i)}
    for text in texts:
        said = small.tokenize(text)
        assert all(0 <= i < words.size for i in said)
        assert not reserved.intersection(said)
        assert [i for i in small.encode(user(text)) if i in reserved] == frame
    for text in texts[::500]:
        answer = small.generate(small.tokenize(text), ONE).result(DEADLINE)
        assert answer.error is None
        assert len(answer.token_ids) == 1 and 0 <= answer.token_ids[0] < words.size


@pytest.mark.parametrize(
    "text",
    ["\x00" * 50, "\ud800", "\udfff" * 50, "a\ud83d b", "\u202e\u200f\u2066" * 20, "\u0301" * 50, "🦀" * 30, "\x1b[2J"],
    ids=["nul", "surrogate", "surrogates", "half a pair", "right to left", "combining", "emoji", "escape"],
)
def test_odd_characters_are_answered(small: LlamaEngine, works: Callable[[], None], text: str) -> None:
    answer = small.generate(build(small, "", [Line("user", text)]).ids, ONE).result(DEADLINE)
    assert (answer.error, len(answer.token_ids)) == (None, 1)


@pytest.mark.parametrize("letter", ["a", " ", "7", "\x00", "🦀"])
def test_a_megabyte_of_one_letter_is_too_long(small: LlamaEngine, works: Callable[[], None], letter: str) -> None:
    with pytest.raises(PromptError, match="Your message is 1000000 letters long; small reads at most 256 tokens"):
        build(small, "", [Line("user", letter * 1_000_000)])
    with pytest.raises(PromptError, match=r"is \d+ tokens long .* Shorten it"):
        build(small, "", [Line("user", letter * 32_000)])


def test_a_megabyte_is_also_encoded(small: LlamaEngine, works: Callable[[], None]) -> None:
    ids = small.encode(user("a" * 1_000_000))
    with pytest.raises(PromptError, match=r"Your message is \d+ tokens, this model reads at most 255"):
        small.generate(ids, ONE)


@pytest.mark.parametrize("ids", [(-1,), (49152,), (2**31 - 1,), (1, 2, -5, 3)])
def test_ids_that_are_no_tokens(small: LlamaEngine, works: Callable[[], None], ids: tuple[int, ...]) -> None:
    answer = small.generate(ids, ONE).result(DEADLINE)
    assert answer.stopped is Stop.FAILED
    assert answer.error is not None and answer.error.endswith("ask again.")
    with pytest.raises(ModelError):
        small.score(ids, [(1,)])


@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k", "min_p", "seed"])
def test_every_limit_of_sampling_can_be_sampled_at(small: LlamaEngine, works: Callable[[], None], name: str) -> None:
    for value in LIMITS[name]:
        options = {"temperature": 1.0, "max_tokens": 2, "seed": 1, name: value}
        answer = small.generate(small.encode(user("Hello")), Sampling(**options)).result(DEADLINE)  # type: ignore[arg-type]
        assert (answer.error, len(answer.token_ids)) == (None, 2)


@pytest.mark.parametrize("temperature", [1e-300, 1e-45, 1e-38, 1e-6])
def test_a_temperature_next_to_nothing_takes_the_likeliest(
    small: LlamaEngine, works: Callable[[], None], temperature: float
) -> None:
    prompt = small.encode(user("Name a colour."))
    cold = small.generate(prompt, Sampling(temperature=temperature, seed=3, max_tokens=3)).result(DEADLINE)
    assert cold.token_ids == small.generate(prompt, FEW).result(DEADLINE).token_ids


@pytest.mark.parametrize("stop", ["\ud83e", "\udd80", "🦀", "\ufffd", "\x00", "é", "\u0301"])
def test_odd_stop_strings_do_no_harm(small: LlamaEngine, works: Callable[[], None], stop: str) -> None:
    sampling = Sampling(temperature=0, max_tokens=3, stop=(stop,))
    answer = small.generate(small.encode(user("Say 🦀 é.")), sampling).result(DEADLINE)
    assert answer.error is None and stop not in answer.text


def spoiled(model_path: Path, folder: Path, template: bytes) -> Path:
    """The embedded model with another chat template, which must not be longer than its own."""
    data = model_path.read_bytes()
    at = data.index(b"tokenizer.chat_template") + len(b"tokenizer.chat_template") + 4
    room = int.from_bytes(data[at : at + 8], "little")
    assert len(template) <= room
    path = folder / "spoiled.gguf"
    path.write_bytes(data[: at + 8] + template.ljust(room) + data[at + 8 + room :])
    return path


@pytest.mark.parametrize(
    ("template", "kind", "says"),
    [
        (b"{% for m in messages %}", ModelError, "cannot be read"),
        (b"\xff\xfe{{ messages[0].content }}{{", ModelError, "cannot be read"),
        (
            b"{{ raise_exception('roles must alternate') }}",
            PromptError,
            "refuses these messages: roles must alternate.",
        ),
        (b"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", PromptError, "to an end"),
    ],
    ids=["syntax", "bytes", "raises", "endless"],
)
def test_a_model_with_a_bad_template(
    model_path: Path, tmp_path: Path, template: bytes, kind: type[ClawlocalError], says: str
) -> None:
    engine = LlamaEngine(spoiled(model_path, tmp_path, template), name="spoiled", n_ctx=256, threads=1)
    for _ in range(2):
        with pytest.raises(kind, match=says):
            engine.encode(user("hi"))
    if kind is PromptError:
        assert len(engine.generate(engine.tokenize("Once upon"), ONE).result(DEADLINE).token_ids) == 1
    engine.close()


def test_an_architecture_that_llama_cpp_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    writer = gguf.GGUFWriter(str(path), "unheardof")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    engine = LlamaEngine(path, name="odd", n_ctx=256, threads=1)
    for _ in range(2):
        with pytest.raises(ModelError, match=r"odd.gguf cannot be loaded \(unknown model architecture: 'unheardof'\)"):
            engine.encode(user("hi"))
    engine.close()


def test_messages_that_are_none(small: LlamaEngine, works: Callable[[], None]) -> None:
    for messages in ([], [ChatMessage("<|im_end|>", "hi")], [ChatMessage("", "hi")]):
        with pytest.raises(PromptError):
            small.encode(messages)
    with pytest.raises(PromptError, match="nothing to answer"):
        small.generate([], ONE)
