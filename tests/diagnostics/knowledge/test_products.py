# SPDX-License-Identifier: GPL-3.0-or-later
"""Which product a command starts, in which version, and where it looks for Blender."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from diagnostics.knowledge.products import (
    by_id,
    configured_endpoint,
    expected_protocol,
    mentions_blender,
    named_version,
    of_command,
    of_dialect,
    of_server_name,
    products,
)
from diagnostics.model import Command
from diagnostics.protocols.dialect import Dialect

MCP_FOR_BLENDER = by_id("mcp-for-blender")


def command(line: str, **env: str) -> Command:
    program, *args = line.split()
    return Command(program, tuple(args), env)


@pytest.mark.parametrize(
    ("line", "product"),
    [
        ("uvx mcp-for-blender", "mcp-for-blender"),
        ("uvx blender-mcp", "mcp-for-blender"),
        ("uvx blender-mcp==1.5.6", "mcp-for-blender"),
        ("uvx mcp-for-blender@latest", "mcp-for-blender"),
        ("uvx --from mcp-for-blender[all]>=2 mcp-for-blender", "mcp-for-blender"),
        ("C:\\Users\\ada\\.local\\bin\\uvx.exe Mcp-For-Blender", "mcp-for-blender"),
        ("C:\\tools\\blender-mcp.exe", "mcp-for-blender"),
        ("/opt/venv/bin/mcp-for-blender", "mcp-for-blender"),
        ("cmd /c uvx blender-mcp", "mcp-for-blender"),
        ("python -m blender_mcp.server", "mcp-for-blender"),
        ("python -m blmcp", "blender-lab"),
        ("uvx blender-mcp-server", "djeada"),
        # Two products install a console script of this name.
        ("uv run blender-mcp", None),
        ("uv run --directory /x blender-mcp", None),
        ("npx blender-something", None),
        ("python server.py", None),
    ],
)
def test_what_a_command_starts(line: str, product: str | None) -> None:
    found = of_command(command(line))
    assert (found.id if found else None) == product


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("uvx blender-mcp==1.5.6", "1.5.6"),
        ("uvx blender-mcp@1.5.6", "1.5.6"),
        ("uvx Blender_MCP[cli]==1.5.6", "1.5.6"),
        ("uvx blender-mcp@latest", None),
        ("uvx blender-mcp>=1.5", None),
        ("uvx blender-mcp==nonsense", None),
        ("uvx other==1.5.6", None),
        ("uvx --with mcp==1.9.0 blender-mcp==1.6", "1.6"),
    ],
)
def test_the_version_that_a_command_names(line: str, version: str | None) -> None:
    assert named_version(command(line), "blender-mcp") == (Version(version) if version else None)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("uvx mcp-for-blender", 15),
        ("uvx mcp-for-blender==2.2.4", 15),
        ("uvx mcp-for-blender==2.2.0", 13),
        ("uvx mcp-for-blender==2.0.0", 7),
        ("uvx blender-mcp==1.8.8", 4),
        ("uvx blender-mcp==1.5.6", 0),
        ("uvx mcp-for-blender==99", 15),
    ],
)
def test_what_a_server_expects_of_the_addon(line: str, expected: int) -> None:
    assert expected_protocol(MCP_FOR_BLENDER, command(line)) == expected


def test_other_products_expect_nothing() -> None:
    assert expected_protocol(by_id("blender-lab"), command("python -m blmcp")) == 0


@pytest.mark.parametrize(
    ("line", "env", "endpoint"),
    [
        ("uvx x", {}, (None, None)),
        ("uvx x", {"BLENDER_HOST": "box", "BLENDER_PORT": "1234"}, ("box", 1234)),
        ("uvx x --host h --port 5", {"BLENDER_HOST": "box", "BLENDER_PORT": "1234"}, ("h", 5)),
        ("uvx x --host=h --port=5", {}, ("h", 5)),
        ("uvx x --port", {}, (None, None)),
        ("uvx x", {"BLENDER_PORT": "70000"}, (None, None)),
        ("uvx x", {"BLENDER_PORT": "0"}, (None, None)),
        ("uvx x", {"BLENDER_PORT": "98x"}, (None, None)),
        ("uvx x", {"BLENDER_PORT": "", "BLENDER_HOST": ""}, (None, None)),
        ("uvx x", {"BLENDER_MCP_PORT": "5"}, (None, None)),
    ],
)
def test_where_a_server_looks_for_blender(
    line: str, env: dict[str, str], endpoint: tuple[str | None, int | None]
) -> None:
    assert configured_endpoint(command(line, **env), MCP_FOR_BLENDER) == endpoint


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_words_of_an_entry(word: str, value: str) -> None:
    entry = Command(word, (value, "--port", value), {"BLENDER_PORT": value, "BLENDER_HOST": word})
    of_command(entry)
    mentions_blender(word, entry)
    for product in products():
        named_version(entry, word)
        expected_protocol(product, entry)
        _host, port = configured_endpoint(entry, product)
        assert port is None or 0 < port < 65536


def test_what_is_about_blender() -> None:
    assert mentions_blender("x", command("uvx mcp-for-blender"))
    assert mentions_blender("My Blender", command("node x.js"))
    assert mentions_blender("x", command("node Blender/x.js"))
    assert mentions_blender("x", command("python -m blmcp"))
    assert not mentions_blender("weather", command("npx weather"))


def test_servers_name_themselves() -> None:
    assert of_server_name("MCP for Blender") == MCP_FOR_BLENDER
    assert of_server_name("blender-mcp") == by_id("blender-lab")
    assert of_server_name("something") is None
    assert of_server_name(None) is None


def test_every_dialect_of_a_bridge_has_its_product() -> None:
    for dialect in set(Dialect) - {Dialect.FOREIGN, Dialect.BROKEN, Dialect.UNKNOWN}:
        assert of_dialect(str(dialect)) is not None
    assert of_dialect("foreign") is None


def test_the_table_is_sound() -> None:
    ids = [product.id for product in products()]
    assert len(set(ids)) == len(ids)
    for product in products():
        assert product.name
        assert product.start
        assert set(product.dialects) <= set(Dialect)
        releases = [Version(first) for first, _expected in product.expected_protocols]
        assert releases == sorted(releases)
        assert 0 < product.default_port < 65536


@pytest.mark.parametrize(
    ("argv", "known"),
    [
        ("uv tool run blender-mcp", True),
        ("uv tool run --from blender-mcp blender-mcp", True),
        ("pipx run blender-mcp", True),
        ("uvx blender-mcp", True),
        ("uv run blender-mcp", False),
        ("uv --directory /p run blender-mcp", False),
        ("uv --directory /home/me/tool run blender-mcp", False),
        ("uv --directory /a --project /b --offline run blender-mcp", False),
        ("uv --directory /a --project /b --offline tool run blender-mcp", True),
        ("uv tool --offline run blender-mcp", True),
        ("python -m pipx run blender-mcp", True),
        ("python -m uv run blender-mcp", False),
    ],
)
def test_a_script_of_a_project_may_be_of_either_product(argv: str, *, known: bool) -> None:
    program, *args = argv.split()
    assert (of_command(Command(program, tuple(args))) is not None) == known


def test_a_server_that_is_not_known_is_told_where_blender_is() -> None:
    env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": "29876"}
    assert configured_endpoint(Command("/home/me/run.sh", env=env), None) == ("127.0.0.1", 29876)
    container = ("run", "-i", "--rm", "-e", "BLENDER_PORT=29876", "some/image")
    assert configured_endpoint(Command("docker", container), None) == (None, 29876)
    assert configured_endpoint(Command("/home/me/run.sh", ("--port", "1"), {"PORT": "2"}), None) == (None, None)
