"""Which version speaks: verified, rolled back, and what happens when its file is damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clawlocal.adapters.shelf import Shelf
from clawlocal.errors import AdapterError, NotFound
from clawlocal.records import AdapterVersion, LessonState
from clawlocal.store import Store

Made = Callable[..., AdapterVersion]


@pytest.fixture
def shelf(store: Store) -> Shelf:
    return Shelf(store, "tiny")


@pytest.fixture
def publish(store: Store, version: Made) -> Callable[..., AdapterVersion]:
    """Publishes the next version, which is taught `lessons`."""

    def one(*lessons: str) -> AdapterVersion:
        live = store.live("tiny")
        parent = live.version if live else None
        made = version(store.next_version("tiny"), parent)
        taught = [store.add_lesson(text, state=LessonState.ACTIVE).id for text in lessons]
        update = store.start_update("tiny", parent)
        store.publish(update, made, [], taught, samples={}, metrics={}, gate={}, seconds=1.0)
        return made

    return one


def damage(version: AdapterVersion) -> None:
    (Path(version.path) / "adapter.gguf").write_text("other")


def test_without_a_version_the_base_speaks(shelf: Shelf) -> None:
    for name in ("live", "none", "base"):
        assert shelf.file(name) == (None, "")
    with pytest.raises(NotFound, match="no adapter version v9"):
        shelf.file("v9")


def test_the_live_version_speaks_and_any_other_by_name(shelf: Shelf, publish: Made) -> None:
    publish(), publish()
    served = {name: shelf.file(name)[0] for name in ("live", "v1", "v2", "none")}
    assert {name: file and file.version for name, file in served.items()} == {
        "live": "v2",
        "v1": "v1",
        "v2": "v2",
        "none": None,
    }


def test_a_damaged_live_version_gives_way_to_its_parent_for_good(shelf: Shelf, store: Store, publish: Made) -> None:
    publish("one")
    damage(publish("two"))
    file, notice = shelf.file("live")
    assert file is not None
    assert file.version == "v1"
    assert notice.startswith("Adapter v2 is damaged on disk, so v1 answers from now on. 1 lesson was set aside;")
    live = store.live("tiny")
    assert live is not None
    assert live.version == "v1"
    assert (store.events()[-1].kind, store.events()[-1].text) == ("damaged", notice)
    assert shelf.file("live")[1] == ""


def test_when_all_are_damaged_the_base_speaks(shelf: Shelf, store: Store, publish: Made) -> None:
    made = [publish(), publish(), publish()]
    for each in made:
        damage(each)
    file, notice = shelf.file("live")
    assert (file, notice) == (None, "Adapter v3 is damaged on disk, so the base answers from now on.")
    assert store.live("tiny") is None


def test_damaged_after_it_was_served_it_is_noticed(shelf: Shelf, publish: Made) -> None:
    made = publish()
    assert shelf.file("live")[1] == ""
    damage(made)
    assert "damaged" in shelf.file("live")[1]


def test_a_damaged_version_that_was_named_is_an_error(shelf: Shelf, store: Store, publish: Made) -> None:
    damage(publish())
    publish()
    for ask in (shelf.file, shelf.rollback):
        with pytest.raises(AdapterError, match="v1 is damaged"):
            ask("v1")
    live = store.live("tiny")
    assert live is not None
    assert live.version == "v2"


def test_a_rollback_says_what_is_live_and_what_was_set_aside(shelf: Shelf, store: Store, publish: Made) -> None:
    with pytest.raises(AdapterError, match="The base is live already"):
        shelf.rollback(None)
    publish("one")
    publish("two", "three")
    assert shelf.rollback("v2") == "v2 is live already."
    assert shelf.rollback(None) == (
        "v1 is live. v2 is kept and can be brought back. "
        "2 lessons were set aside; `clawlocal lessons restore 2` puts one back."
    )
    assert [x.state for x in store.lessons()] == [LessonState.LEARNED, LessonState.NEW, LessonState.NEW]
    assert shelf.rollback("base") == (
        "The base is live. v1 is kept and can be brought back. "
        "1 lesson was set aside; `clawlocal lessons restore 1` puts it back."
    )
    assert shelf.rollback("none") == "The base is live already."
    assert shelf.rollback("v2") == "v2 is live."
    assert {x.state for x in store.lessons()} == {LessonState.LEARNED}
    with pytest.raises(NotFound):
        shelf.rollback("v9")
