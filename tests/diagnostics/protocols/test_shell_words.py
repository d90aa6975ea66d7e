# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands as one types them: the real shells hand over the words, PowerShell's by the rules of its documentation."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.protocols.shell_words import inside_quotes, join

SHELLS = ("sh", "dash", "bash", "zsh", "fish")
WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20) | st.text(
    "'\\\"$`!~=%*?[]{}()<>|&;# \n-a", max_size=12
)
"""Any text that a program can be given, and those of which shells are fond."""


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    program = shutil.which(request.param)
    if program is None:
        pytest.skip(f"there is no {request.param}")
    return program


def ran(shell: str, command: str, home: Path) -> bytes:
    # The user's own settings stay out of it.
    environ = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "PATH": f"{home}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run([shell, "-c", command], env=environ, capture_output=True, check=True, timeout=30).stdout


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORD, min_size=1, max_size=40))
def test_every_unix_shell_hands_over_the_words(shell: str, tmp_path: Path, words: list[str]) -> None:
    printed = ran(shell, join(["/usr/bin/printf", r"%s\0", *words], "linux"), tmp_path)
    assert printed.decode("utf-8", "surrogateescape").split("\0")[:-1] == words


@pytest.mark.parametrize("name", ["my tool", "it's", "a=b", "back\\slash", "=ls", "$HOME"])
def test_the_program_too(shell: str, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("#!/bin/sh\necho started\n", encoding="utf-8")
    (tmp_path / name).chmod(0o755)
    assert ran(shell, join([name], "linux"), tmp_path) == b"started\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["uv", "run", "--with", "mcp<2"], "uv run --with 'mcp<2'"),
        (["chmod", "+x", "/home/a b/run"], "chmod +x '/home/a b/run'"),
        (["uvx", "mcp-for-blender==2.2.4", ""], "uvx mcp-for-blender==2.2.4 ''"),
        (["ssh", "-L", "1:[::1]:2", "box"], "ssh -L '1:[::1]:2' box"),
    ],
)
def test_what_needs_no_quotes_has_none(words: list[str], expected: str) -> None:
    assert join(words, "linux") == expected == join(words, "darwin")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["uv", "pip", "install", "mcp<2"], 'uv pip install "mcp<2"'),
        ([r"C:\Program Files\uv\uvx.exe", "a"], r'& "C:\Program Files\uv\uvx.exe" a'),
        ([r"C:\tools\uvx.exe", "--python", "3.11"], r"C:\tools\uvx.exe --python 3.11"),
        (["uvx", "a b", r"C:\x y\z"], r'uvx "a b" "C:\x y\z"'),
        (["uvx", "$x", "`n", "100%"], "uvx '$x' '`n' '100%'"),
        (["uvx", "it's $5", "l’été%"], "uvx 'it''s $5' 'l’’été%'"),
        (["uvx", "-a.b", "--from", "@splat", ""], 'uvx "-a.b" --from "@splat" \'\''),
        (["uvx", 'say "hi"', "x"], r'uvx --% "say \"hi\"" "x"'),
        (["uvx", "C:\\a b\\", "x"], r'uvx --% "C:\a b\\" "x"'),
        (["uvx", "C:\\a\\"], "uvx C:\\a\\"),
        (["uvx", "a,b", "c;d", "#e", "{f}", "~"], 'uvx "a,b" "c;d" "#e" "{f}" "~"'),
    ],
)
def test_powershell(words: list[str], expected: str) -> None:
    assert join(words, "win32") == expected


def powershell_words(line: str) -> Iterator[str]:
    """The words that PowerShell makes of a line without `--%`, by its language specification 3.0, section 2.3.5.2.

    A quote in quotes is written twice, typographic single quotes are quotes, and in double quotes $ and ` mean more.
    """
    for match in re.finditer(r"""'((?:[^'‘’‚‛]|['‘’‚‛]{2})*)'|"([^"$`“”„]*)"|([^\s'"]+)""", line):
        single, double, plain = match.groups()
        if single is not None:
            yield re.sub("(['‘’‚‛])['‘’‚‛]", r"\1", single)
        elif double is not None:
            yield double
        else:
            assert not re.search(r"[$`{}();,|&<>@#“”„‘’‚‛]", plain)
            yield plain


@given(st.lists(WORD.filter(lambda word: '"' not in word and not word.endswith("\\")), min_size=1, max_size=6))
def test_powershell_hands_over_the_words(words: list[str]) -> None:
    assert list(powershell_words(join(["uvx", *words], "win32"))) == ["uvx", *words]


def c_words(line: str) -> Iterator[str]:
    """The words that the C runtime of Windows makes of a line of quoted words (Microsoft: parsing C command-line)."""
    for quoted in re.findall(r'"((?:\\.|[^"\\])*)"', line, re.DOTALL):
        yield re.sub(r'(\\+)("|\Z)', lambda match: match[1][: len(match[1]) // 2] + match[2], quoted)


@given(st.lists(WORD, max_size=4))
def test_what_powershell_does_not_touch(words: list[str]) -> None:
    line = join(["uvx", *words, '"'], "win32")
    assert line.startswith("uvx --% ")
    assert list(c_words(line.removeprefix("uvx --% "))) == [*words, '"']


def test_what_stands_between_quotes_is_there_in_the_line() -> None:
    for platform, inner in zip(("linux", "win32"), inside_quotes(r"pa's%\w ord"), strict=True):
        assert inner in join(["x", r"pa's%\w ord"], platform)
