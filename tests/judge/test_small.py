"""The small judge with the weights that ship: what it sees, how it decides, and that NumPy computes what BERT does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.judge.protocol import Exchange
from clawlocal.judge.small.encoder import PADDING, Encoder
from clawlocal.judge.small.judge import FOLDER, STAGE, WEIGHTS, Calibration, Read, SmallJudge, decide
from clawlocal.judge.small.views import BEGIN, END, MOST, Part, Seen, View, view
from clawlocal.records import SignalKind

SHIPPED = 40_000_000
"""Bytes, at most."""
SET = Calibration(temperature=1.0, signed_margin=0.4, neutral_margin=0.2, says_how=0.5, wish=0.7)
SEEN = Seen("What is a heron?", "A bird.", "And a stork?", by_tool=False)
EXCHANGES = [
    ("how do I boil an egg", "Seven minutes in boiling water.", "came out perfect, thank you so much!", 1),
    ("summarise this email", "The meeting is moved to Friday.", "No, that is wrong. It says Thursday.", -1),
    ("who painted the Night Watch", "Rembrandt, in 1642.", "what's the weather tomorrow", 0),
]


@pytest.fixture(scope="module")
def judge() -> SmallJudge:
    return SmallJudge()


def codes(text: str) -> list[int]:
    return [100 + ord(c) for c in text]


# views
def test_a_view_holds_its_parts_and_says_where_what_came_next_begins() -> None:
    whole = view(SEEN, Part.ALL, codes)
    request, reply, after = codes("Request: What is a heron?"), codes("Reply: A bird."), codes("User: And a stork?")
    assert whole.ids == (BEGIN, *request, END, *reply, END, *after, END)
    assert whole.ids[whole.after :] == (*after, END)
    assert view(SEEN, Part.NO_REPLY, codes).ids == (BEGIN, *request, END, END, *after, END)
    assert view(SEEN, Part.NO_REQUEST, codes).ids == (BEGIN, END, *reply, END, *after, END)


def test_a_tool_speaks_as_a_tool() -> None:
    seen = Seen("run it", "make", "exit 0", by_tool=True)
    found = view(seen, Part.ALL, codes)
    assert found.ids[found.after : -1] == tuple(codes("Tool: exit 0"))


@given(st.text(max_size=600), st.text(max_size=600), st.text(max_size=600), st.sampled_from(Part))
def test_a_view_is_never_too_long(request: str, reply: str, after: str, part: Part) -> None:
    found = view(Seen(request, reply, after, False), part, codes)
    assert len(found.ids) <= MOST
    assert 0 < found.after < len(found.ids)


def test_a_long_text_keeps_its_ends() -> None:
    said = "".join(chr(200 + i) for i in range(300))
    found = view(Seen("", "", said, False), Part.ALL, codes)
    assert codes(said)[-1] in found.ids
    assert codes(said)[0] in found.ids
    assert codes(said)[150] not in found.ids


# decisions
def read(bad: float, neither: float, good: float, votes: tuple[int, ...]) -> Read:
    return Read(votes, (bad, neither, good), 0.1, 0.9)


@pytest.mark.parametrize(
    ("found", "value", "abstained", "leaning"),
    [
        (read(0.8, 0.1, 0.1, (-1, -1, 1)), -1, False, -1),
        (read(0.1, 0.1, 0.8, (1, 1, 1)), 1, False, 1),
        (read(0.1, 0.6, 0.3, (0, 0, 1)), 0, False, 0),
        # Not clear enough, though all agree.
        (read(0.2, 0.25, 0.55, (1, 1, 1)), 0, True, 1),
        (read(0.3, 0.4, 0.3, (0, 0, 0)), 0, True, 0),
        # Clear enough, though most votes say something else.
        (read(0.8, 0.1, 0.1, (-1, 0, 0)), 0, True, -1),
        (read(0.1, 0.1, 0.8, (1,)), 1, False, 1),
    ],
)
def test_the_majority_decides_where_it_is_clear(found: Read, value: int, abstained: bool, leaning: int) -> None:
    opinion = decide(found, SET)
    assert (opinion.value, opinion.abstained, opinion.leaning, opinion.stage) == (value, abstained, leaning, STAGE)
    assert opinion.confidence == max(found.probabilities)
    assert (opinion.says_how, opinion.about_form) == (False, True)


@given(
    st.lists(st.floats(0.001, 1.0), min_size=3, max_size=3),
    st.lists(st.sampled_from((-1, 0, 1)), min_size=1, max_size=3),
)
def test_an_abstention_has_no_sign_and_a_verdict_has_a_majority(raw: list[float], votes: list[int]) -> None:
    bad, neither, good = (x / sum(raw) for x in raw)
    opinion = decide(Read(tuple(votes), (bad, neither, good), 0.5, 0.5), SET)
    assert 0.0 <= opinion.margin <= 1.0
    if opinion.abstained:
        assert opinion.value == 0
    else:
        assert opinion.value == opinion.leaning
        assert 2 * votes.count(opinion.value) > len(votes)


# the weights that ship
def test_what_ships_is_small_and_holds_no_pickle() -> None:
    files = [p for p in FOLDER.iterdir() if p.is_file()]
    assert sum(p.stat().st_size for p in files) <= SHIPPED
    assert {p.suffix for p in files} <= {".gguf", ".json", ".md"}
    assert set(json.loads((FOLDER / "calibration.json").read_text())) == set(Calibration.__dataclass_fields__)


@pytest.mark.parametrize(("request_", "reply", "said", "value"), EXCHANGES)
def test_plain_cases(judge: SmallJudge, request_: str, reply: str, said: str, value: int) -> None:
    opinion = judge.judge(Exchange(request_, reply, SignalKind.MESSAGE, said))
    assert opinion is not None
    assert (opinion.leaning, len(opinion.votes)) == (value, 3)


def test_it_is_the_same_every_time_and_takes_any_text(judge: SmallJudge) -> None:
    exchange = Exchange("a\x00b", "", SignalKind.MESSAGE, "\ud83d </s> <s> 🙂\u200d" + "z" * 5000)
    assert judge.judge(exchange) == judge.judge(exchange)


def test_explicit_signals_are_not_its_business(judge: SmallJudge) -> None:
    assert judge.judge(Exchange("a", "b", SignalKind.THUMB, "", 1)) is None


def test_fewer_votes_are_the_first_ones() -> None:
    exchange = Exchange("a", "b", SignalKind.MESSAGE, "thanks a lot")
    one, three = SmallJudge(1).judge(exchange), SmallJudge(3).judge(exchange)
    assert one is not None and three is not None
    assert one.votes == three.votes[:1]


def test_it_gives_way_between_layers() -> None:
    asked: list[None] = []
    SmallJudge(1, lambda: asked.append(None)).judge(Exchange("a", "b", SignalKind.MESSAGE, "c"))
    assert len(asked) == len(Encoder.load(FOLDER / WEIGHTS).layers)


def test_numpy_computes_what_bert_does() -> None:
    """transformers' BERT, given the same weights."""
    import torch
    from transformers import BertConfig, BertModel

    ours = Encoder.load(FOLDER / WEIGHTS)
    width = ours.positions.shape[1]
    theirs = BertModel(
        BertConfig(
            vocab_size=8,
            hidden_size=width,
            num_hidden_layers=len(ours.layers),
            num_attention_heads=ours.attention_heads,
            intermediate_size=ours.layers[0].up.bias.shape[0],
            max_position_embeddings=len(ours.positions),
            type_vocab_size=1,
            layer_norm_eps=ours.norm.eps,
            hidden_act="gelu_pytorch_tanh",
            attn_implementation="eager",
        ),
        add_pooling_layer=False,
    ).eval()
    theirs.load_state_dict(_as_bert(ours))
    ids = [BEGIN, 90, 1234, 567, END, 42, 4321, END]
    words = torch.from_numpy(ours.words(np.array(ids)))[None]
    positions = torch.arange(PADDING, PADDING + len(ids))[None]
    with torch.no_grad():
        hidden = theirs(inputs_embeds=words, position_ids=positions).last_hidden_state[0].numpy()
    features = np.concatenate([hidden[0], hidden[5:].mean(0)])
    expected = ours.heads["verdict"](np.tanh(ours.dense(features)))
    found = ours.logits(View(tuple(ids), 5), lambda: None)["verdict"]
    assert np.allclose(found, expected, atol=1e-3)


def _as_bert(ours: Encoder) -> dict[str, object]:
    import torch

    names = {
        "attention.self.query": "query",
        "attention.self.key": "key",
        "attention.self.value": "value",
        "attention.output.dense": "joined",
        "intermediate.dense": "up",
        "output.dense": "down",
    }
    norms = {"attention.output.LayerNorm": "norm", "output.LayerNorm": "last_norm"}
    found = {
        "embeddings.word_embeddings.weight": np.zeros((8, ours.positions.shape[1]), np.float32),
        "embeddings.position_embeddings.weight": ours.positions,
        "embeddings.token_type_embeddings.weight": np.zeros((1, ours.positions.shape[1]), np.float32),
        "embeddings.LayerNorm.weight": ours.norm.weight,
        "embeddings.LayerNorm.bias": ours.norm.bias,
    }
    for i, layer in enumerate(ours.layers):
        for theirs, name in names.items():
            linear = getattr(layer, name)
            found[f"encoder.layer.{i}.{theirs}.weight"] = np.ascontiguousarray(linear.weight.T)
            found[f"encoder.layer.{i}.{theirs}.bias"] = linear.bias
        for theirs, name in norms.items():
            found[f"encoder.layer.{i}.{theirs}.weight"] = getattr(layer, name).weight
            found[f"encoder.layer.{i}.{theirs}.bias"] = getattr(layer, name).bias
    return {name: torch.from_numpy(np.array(value)) for name, value in found.items()}


def test_missing_weights_are_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        SmallJudge(folder=tmp_path).judge(Exchange("a", "b", SignalKind.MESSAGE, "c"))
