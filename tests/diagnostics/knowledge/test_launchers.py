# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that start another one: what is inside, with which variables, and what cannot be read is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.knowledge.launchers import inside
from diagnostics.knowledge.products import by_id, configured_endpoint, named_version, of_command
from diagnostics.model import Command

UVX = ("uvx", "blender-mcp==1.5.6")


@pytest.mark.parametrize(
    ("argv", "inner", "through"),
    [
        (["uvx", *UVX[1:]], UVX, ()),
        (["cmd", "/c", *UVX], UVX, ("cmd",)),
        (["C:\\Windows\\System32\\cmd.exe", "/d", "/s", "/C", "uvx blender-mcp==1.5.6"], UVX, ("cmd",)),
        (
            ["cmd.exe", "/c", '"C:\\Program Files\\uv\\uvx.exe" x'],
            ("C:\\Program Files\\uv\\uvx.exe", "x"),
            ("cmd",),
        ),
        (["/bin/bash", "-lc", "uvx blender-mcp==1.5.6"], UVX, ("bash",)),
        (["bash", "-l", "-c", "cd /x && exec uvx 'blender-mcp==1.5.6' 2>/dev/null"], UVX, ("bash", "exec")),
        (["sh", "-c", "A=1 B=2 uvx blender-mcp==1.5.6"], UVX, ("sh",)),
        (["zsh", "-ic", "source ~/.zshrc; uvx blender-mcp==1.5.6"], UVX, ("zsh",)),
        (["env", "-u", "X", "A=1", *UVX], UVX, ("env",)),
        (["wsl", "-d", "Ubuntu", "--", *UVX], UVX, ("wsl",)),
        (["wsl.exe", "bash", "-lc", "uvx blender-mcp==1.5.6"], UVX, ("wsl", "bash")),
        (["powershell", "-NoProfile", "-Command", "& uvx blender-mcp==1.5.6"], UVX, ("powershell",)),
        (["docker", "run", "-i", "--rm", "-e", "A=1", "uv:1", *UVX], UVX, ("docker",)),
        (["docker", "run", "-i", "blender-mcp", "--port", "1"], ("blender-mcp", "--port", "1"), ("docker",)),
        (["conda", "run", "-n", "mcp", *UVX], UVX, ("conda",)),
        (["mise", "exec", "python@3.12", "--", *UVX], UVX, ("mise",)),
        (["timeout", "-k", "5", "60", *UVX], UVX, ("timeout",)),
        (["arch", "-arm64", *UVX], UVX, ("arch",)),
        # What is more than a row of commands is not read.
        (["bash", "-c", "for x in 1; do (uvx blender-mcp); done"], None, ()),
        (["bash", "-c", "uvx 'blender-mcp"], None, ()),
        (["bash", "-c", ""], None, ()),
        (["bash", "start-blender.sh", "-c", "uvx x"], None, ()),
        (["docker", "ps"], None, ()),
        (["conda", "activate", "x"], None, ()),
        (["wsl"], None, ()),
        (["cmd", "/c"], None, ()),
    ],
)
def test_what_is_inside(argv: list[str], inner: tuple[str, ...] | None, through: tuple[str, ...]) -> None:
    command = Command(argv[0], tuple(argv[1:]))
    seen = inside(command)
    assert seen.command.argv == (inner or command.argv)
    assert seen.through == through


@pytest.mark.parametrize(
    ("argv", "port"),
    [
        (["cmd", "/c", "uvx", "mcp-for-blender"], 9999),
        (["bash", "-c", "uvx mcp-for-blender"], 9999),
        (["bash", "-c", "BLENDER_PORT=7 uvx mcp-for-blender"], 7),
        (["bash", "-c", "export BLENDER_PORT=7 && uvx mcp-for-blender"], 7),
        (["env", "BLENDER_PORT=7", "uvx", "mcp-for-blender"], 7),
        (["env", "BLENDER_PORT=7", "uvx", "mcp-for-blender", "--port", "8"], 8),
        (["cmd", "/c", "uvx mcp-for-blender --port 8"], 8),
        # Another system has its own variables, but for those that it is told to take.
        (["wsl", "uvx", "mcp-for-blender"], None),
        (["docker", "run", "-e", "BLENDER_PORT=7", "image", "uvx", "mcp-for-blender"], 7),
        (["docker", "run", "-e", "BLENDER_PORT", "image", "uvx", "mcp-for-blender"], 9999),
        (["docker", "run", "--env=BLENDER_PORT=7", "image", "uvx", "mcp-for-blender"], 7),
        (["docker", "run", "image", "uvx", "mcp-for-blender"], None),
    ],
)
def test_the_port_that_the_server_inside_uses(argv: list[str], port: int | None) -> None:
    command = Command(argv[0], tuple(argv[1:]), {"BLENDER_PORT": "9999"})
    product = of_command(command)
    assert product is by_id("mcp-for-blender")
    assert configured_endpoint(command, product)[1] == port


def test_variables_that_wsl_hands_over() -> None:
    env = {"BLENDER_PORT": "9999", "WSLENV": "X/p:BLENDER_PORT/u"}
    command = Command("wsl", ("uvx", "mcp-for-blender"), env)
    assert configured_endpoint(command, by_id("mcp-for-blender"))[1] == 9999


def test_product_and_version_are_seen_through_a_line() -> None:
    command = Command("bash", ("-lc", "uvx blender-mcp==1.5.6 --port 9999"))
    assert str(named_version(command, "blender-mcp")) == "1.5.6"
    assert of_command(command) is by_id("mcp-for-blender")


def test_the_name_of_an_image_is_no_product() -> None:
    assert of_command(Command("docker", ("run", "-i", "someone/blender-mcp"))) is None


@pytest.mark.parametrize(
    ("argv", "before", "same_path"),
    [
        (["cmd", "/c", "uvx", "x"], 2, True),
        (["env", "A=1", "uvx", "x"], 2, True),
        (["env", "cmd", "/c", "uvx", "x"], 3, True),
        (["wsl", "uvx", "x"], 1, False),
        (["bash", "-c", "uvx x"], None, True),
        (["bash", "-lc", "uvx x"], None, False),
        (["bash", "--login", "-c", "uvx x"], None, False),
        (["bash", "-c", ". ~/.profile; uvx x"], None, False),
    ],
)
def test_where_it_stands_and_where_it_is_searched(argv: list[str], before: int | None, same_path: bool) -> None:
    seen = inside(Command(argv[0], tuple(argv[1:])))
    assert (seen.before, seen.same_path) == (before, same_path)
    if before is not None:
        assert (*argv[before:],) == seen.command.argv


@given(
    st.lists(st.sampled_from(["cmd", "/c", "bash", "-lc", "env", "A=1", "wsl", "docker", "run", "-e", "--", "uvx x"]))
)
def test_no_row_of_words_is_too_odd(words: list[str]) -> None:
    inside(Command("bash", tuple(words)))
    inside(Command("docker", ("run", *words)))


@given(st.text(max_size=60))
def test_no_line_is_too_odd(line: str) -> None:
    for program, option in (("bash", "-c"), ("cmd", "/c"), ("powershell", "-Command")):
        inside(Command(program, (option, line)))
