"""Settings: the nearest pyproject.toml, flags over it, and errors that name what is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from migrator.config import Settings, check_codes, find_pyproject, load
from migrator.errors import ConfigError, UsageError


def write(folder: Path, text: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_every_key_of_the_table_becomes_a_setting(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [tool.migrate]
        target = "accelerate"
        select = ["mig1", "MIG301"]
        ignore = ["MIG103"]
        unsafe = true
        exclude = ["old/*.py"]
        force-exclude = true
        follow = true
        strict = true

        [tool.migrate.makes]
        "zoo.build" = "model"
        "feed.loaders.*" = "loader"
        """,
    )
    assert load(str(tmp_path), {}) == Settings(
        target="accelerate",
        select=("MIG1", "MIG301"),
        ignore=("MIG103",),
        unsafe=True,
        exclude=("old/*.py",),
        force_exclude=True,
        follow=True,
        strict=True,
        makes=(("zoo.build", "model"), ("feed.loaders.*", "loader")),
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="an empty file"),
        pytest.param("[tool.black]\nline-length = 3\n", id="tables of others"),
        pytest.param("[project]\nname = 'migrate'\n", id="a project that is called migrate"),
        pytest.param("[tool.migrate]\n", id="an empty table"),
        pytest.param("this is not TOML", id="not TOML, but not about us either"),
    ],
)
def test_without_settings_in_the_file_the_defaults_hold(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    assert load(str(tmp_path), {}) == Settings()


def test_the_nearest_file_decides_even_where_it_has_no_table(tmp_path: Path) -> None:
    write(tmp_path, "[tool.migrate]\nunsafe = true\n")
    inner = write(tmp_path / "a", "[project]\n")
    script = tmp_path / "a" / "b" / "train.py"
    assert find_pyproject(str(script)) == inner
    assert load(str(script), {}) == Settings()
    assert load(str(tmp_path / "c.py"), {}).unsafe


def test_a_table_may_be_spelt_in_any_way_that_toml_knows(tmp_path: Path) -> None:
    write(tmp_path, 'tool = { "migrate" = { strict = true } }\n')
    assert load(str(tmp_path), {}).strict


def test_a_flag_overrides_its_key_and_no_other(tmp_path: Path) -> None:
    write(tmp_path, "[tool.migrate]\nselect = ['MIG1']\nunsafe = true\nstrict = true\n")
    flags = {"select": ("MIG2",), "unsafe": False, "strict": None, "target": None}
    assert load(str(tmp_path), flags) == Settings(select=("MIG2",), unsafe=False, strict=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "[tool.migrate]\nselekt = []\n",
            "[tool.migrate] has no key `selekt`; did you mean `select`?",
            id="a typing error",
        ),
        pytest.param(
            "[tool.migrate]\nforce_exclude = true\n",
            "[tool.migrate] has no key `force_exclude`; did you mean `force-exclude`?",
            id="an underscore for a hyphen",
        ),
        pytest.param(
            "[tool.migrate]\nzzz = 1\n",
            "[tool.migrate] has no key `zzz`; the keys are target, select, ignore, unsafe, exclude, "
            "force-exclude, follow, strict, makes",
            id="nothing like a key",
        ),
        pytest.param(
            "[tool.migrate]\nroles = true\n", "[tool.migrate] has no key `roles`", id="a mode of one run is no key"
        ),
        pytest.param(
            "[tool.migrate]\nselect = 'MIG1'\n",
            '[tool.migrate] `select` must be a list of strings, not "MIG1"',
            id="a string for a list",
        ),
        pytest.param(
            "[tool.migrate]\nignore = [1]\n",
            "[tool.migrate] `ignore` must be a list of strings, not this list",
            id="a list of numbers",
        ),
        pytest.param(
            "[tool.migrate]\nunsafe = 1\n",
            "[tool.migrate] `unsafe` must be true or false, not 1",
            id="a number for a flag",
        ),
        pytest.param(
            "[tool.migrate]\nstrict = 'yes'\n",
            '[tool.migrate] `strict` must be true or false, not "yes"',
            id="a string for a flag",
        ),
        pytest.param(
            "[tool.migrate]\ntarget = 'fabric'\n",
            '[tool.migrate] `target` must be "runtime" or "accelerate", not "fabric"',
            id="an unknown target",
        ),
        pytest.param(
            "[tool.migrate]\ntarget = true\n",
            '[tool.migrate] `target` must be "runtime" or "accelerate", not true',
            id="a flag for a target",
        ),
        pytest.param(
            "[tool.migrate.select]\nx = 1\n",
            "[tool.migrate] `select` must be a list of strings, not a table",
            id="a table for a list",
        ),
        pytest.param(
            "[tool.migrate]\nmakes = ['zoo.build']\n",
            "[tool.migrate] `makes` must be a table of dotted names, each with the kind of object that it makes, not this list",
            id="a list of what makes something",
        ),
        pytest.param(
            "[tool.migrate.makes]\n'zoo.build' = 'modell'\n",
            "[tool.migrate.makes] `zoo.build` must be model, optimizer, scheduler, loader, sampler, dataset or loss, "
            'not "modell"; did you mean `model`?',
            id="something that nothing can make",
        ),
        pytest.param(
            "[tool.migrate.makes]\n'zoo build' = 'model'\n",
            '[tool.migrate.makes] `zoo build` must be a dotted name such as "package.module.build"',
            id="no dotted name",
        ),
        pytest.param("tool.migrate = 3\n", "`tool.migrate` must be a table, not 3", id="a number for the table"),
        pytest.param("[tool.migrate]\nselect = [\n", "is not valid TOML", id="broken TOML"),
    ],
)
def test_an_unusable_table_is_an_error_that_names_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        load(str(tmp_path), {})
    assert str(error.value).startswith(f"{path}: {message}")


def test_a_file_in_another_encoding_is_an_error_only_where_it_is_about_us(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"# \xfc\n")
    assert load(str(tmp_path), {}) == Settings()
    (tmp_path / "pyproject.toml").write_bytes(b"# \xfc\n[tool.migrate]\n")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load(str(tmp_path), {})


@pytest.mark.parametrize(
    ("select", "ignore", "wanted", "unwanted"),
    [
        pytest.param((), (), ["MIG001", "MIG999"], [], id="every rule by default"),
        pytest.param(("MIG3",), (), ["MIG301", "MIG312"], ["MIG103"], id="a family"),
        pytest.param((), ("MIG3",), ["MIG103"], ["MIG301"], id="all but a family"),
        pytest.param(("MIG3",), ("MIG301",), ["MIG302"], ["MIG301", "MIG101"], id="a family but for one"),
        pytest.param(("MIG301",), ("MIG3",), ["MIG301"], ["MIG302", "MIG101"], id="one of an ignored family"),
        pytest.param(("MIG301",), ("MIG301",), [], ["MIG301"], id="ignoring wins a tie"),
        pytest.param(("MIG",), ("MIG1",), ["MIG301"], ["MIG101"], id="the prefix of all"),
    ],
)
def test_the_longest_prefix_decides(
    select: tuple[str, ...], ignore: tuple[str, ...], wanted: list[str], unwanted: list[str]
) -> None:
    settings = Settings(select=select, ignore=ignore)
    assert [code for code in wanted + unwanted if settings.wants(code)] == wanted


CODES = ("MIG101", "MIG103", "MIG301")


@pytest.mark.parametrize("prefix", ["MIG101", "MIG1", "MIG", "M"])
def test_codes_and_their_beginnings_are_known(prefix: str) -> None:
    check_codes(Settings(select=(prefix,), ignore=(prefix,)), CODES)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(select=("MIG13",)), "select: no rule is called `MIG13`; did you mean `MIG103`?"),
        (Settings(ignore=("MIG1", "MGI301")), "ignore: no rule is called `MGI301`; did you mean `MIG301`?"),
        (Settings(select=("E501",)), "select: no rule is called `E501`"),
        (Settings(select=("",)), "select: no rule is called ``"),
    ],
)
def test_an_unknown_code_is_an_error_that_names_the_closest(settings: Settings, message: str) -> None:
    with pytest.raises(UsageError) as error:
        check_codes(settings, CODES)
    assert str(error.value) == message


def test_the_toml_parser_is_imported_only_for_a_table_of_ours(tmp_path: Path) -> None:
    code = (
        "import sys; from migrator.config import load; load(sys.argv[1], {}); "
        "print('tomllib' in sys.modules or 'tomli' in sys.modules)"
    )

    def imported(text: str) -> str:
        write(tmp_path, text)
        command = [sys.executable, "-c", code, str(tmp_path)]
        root = Path(__file__).parents[1]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout.strip()

    assert imported("[tool.black]\n") == "False"
    assert imported("[tool.migrate]\n") == "True"
