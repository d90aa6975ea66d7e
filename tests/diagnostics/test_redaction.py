# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret of a configuration reaches a report, an event or a view; what is needed for help does."""

from __future__ import annotations

import base64
import re
import tempfile
import urllib.parse
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.model import CheckEnded, Command, Consent, Finding, Link, Machine, Remedy, Verdict
from diagnostics.redaction import MASKED, NOT_MASKED, Redactor, setting
from diagnostics.reports import FORMATS, render
from diagnostics.secret_patterns import MASK

from .runs import Doctor

HOME = Path("/home/ada")

words = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=12, max_size=30).filter(
    lambda word: not word.isdigit()
)
odd_words = st.text("abcXYZ0123456789!@#%^*+-_=./:,;&?~()[]{}<>|$ ", min_size=12, max_size=30).map(
    lambda word: f"q{word.strip()}Z"
)


def redactor(*secrets: str, **environ: str) -> Redactor:
    return Redactor(Machine("linux", HOME, environ), secrets)


def kept(secret: str, text: str) -> bool:
    return secret in redactor().text(text)


NAMES = (
    *("apikey", "access-key", "private_key", "token", "secret", "passwd", "password", "passphrase", "credential"),
    *("licence", "license", "auth", "bearer", "cookie", "session_id", "sessionid"),
)


@pytest.mark.parametrize(
    "form",
    [
        "uvx --token {} mcp-for-blender",
        "uvx --api-key={} x",
        "uvx --api-key = {} x",
        "run -secret '{}' x",
        'args: ["--auth-token", "{}"]',
        "['--password', '{}']",
        "API_KEY={}",
        "export OPENAI_API_KEY='{}'",
        '"token": "{}"',
        '{{"client_secret":"{}"}}',
        "password: {}",
        "Authorization: Bearer {}",
        "authorization: basic {}",
        "Bearer {}",
        "Cookie: {}",
        "https://ada:{}@example.org/x",
        "http://{}@example.org",
        "https://example.org/mcp?key={}&b=2",
        "https://example.org/?{}",
        "it says sk-{0}{0} somewhere",
        "ghp_{}1234",
        "github_pat_{}1234",
        "hf_{}1234567",
        "AKIA{}1234",
        "eyJhbGciOiJI.{}.{}",
        *(f"--{name} {{}}" for name in NAMES),
        *(f"the {name.upper()} = {{}}" for name in NAMES),
        # Letters that count as s, i and k where case does not matter.
        *("my_\u017fecret={}", "bas\u0131c {}", "private_\u212aey: {}"),
    ],
)
@given(secret=words)
def test_what_looks_like_a_secret(form: str, secret: str) -> None:
    assert not kept(secret, form.format(secret, secret))


@given(st.text(max_size=300))
def test_any_text_can_be_redacted(text: str) -> None:
    once = redactor("hunter2hunter2").text(text)
    assert redactor("hunter2hunter2").text(once).count(MASK) >= once.count(MASK)


@given(before=st.text(max_size=30), secret=odd_words, after=st.text(max_size=30))
def test_a_known_value_is_found_anywhere(before: str, secret: str, after: str) -> None:
    shown = redactor(secret).text(before + secret + after)
    assert secret not in shown or secret in before + MASK + after


@pytest.mark.parametrize(
    "text",
    [
        "mcp-for-blender 2.2.4",
        "Connecting to localhost:9876",
        "http://localhost:8000/mcp",
        "ECONNREFUSED at 127.0.0.1:9876",
        "3D View > Sidebar (N) > MCP for Blender",
        "ModuleNotFoundError: No module named 'mcp.server.fastmcp'",
        'uvx --with "mcp<2" mcp-for-blender',
        "protocol_version 15, process 4711, user bob",
    ],
)
def test_what_helps_is_shown(text: str) -> None:
    assert redactor().text(text) == text


@pytest.mark.parametrize("value", ["true", "1", "9876", "localhost", "127.0.0.1", "abc", "utf-8", "INFO"])
def test_a_value_that_everybody_has_is_not_masked(value: str) -> None:
    assert redactor(value).text(f"a {value} b") == f"a {value} b"


def test_the_session_of_the_user_is_not_shown_either() -> None:
    assert "hunter2hunter2" not in redactor(OPENAI_API_KEY="hunter2hunter2").text("it printed hunter2hunter2")
    assert redactor(SSH_AUTH_SOCK="/run/ssh").text("in /run/ssh") == "in /run/ssh"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/ada/x", "~/x"),
        ("/home/ada", "~"),
        ("“/home/ada”, /home/ada: no", "“~”, ~: no"),
        ("It is in /home/ada.", "It is in ~."),
        ("/home/adam/x /home/ada-2 /home/ada.old", "/home/adam/x /home/ada-2 /home/ada.old"),
        ('{"a": "/home/ada/x"}', '{"a": "~/x"}'),
    ],
)
def test_the_home_folder(text: str, shown: str) -> None:
    assert redactor().text(text) == shown


def test_a_home_folder_of_windows() -> None:
    windows = Redactor(Machine("win32", Path("C:\\Users\\ada"), {}))
    for written in ("C:\\Users\\ada\\x", "C:\\\\Users\\\\ada\\\\x", "C:/Users/ada/x"):
        assert "ada" not in windows.text(written)


def test_only_the_exact_text_of_a_remedy_has_the_home_folder() -> None:
    remedy = redactor("hunter2hunter2").all(Remedy("a", "copy", '"/home/ada/x hunter2hunter2"'))
    assert remedy.text == f'"~/x {MASK}"'
    assert remedy.exact == f'"/home/ada/x {MASK}"'


def test_events_and_nested_data_are_masked() -> None:
    event = CheckEnded("a", Link.CLIENT, Verdict.PASS, "in /home/ada", 1.0, 1, 1)
    assert redactor().all(event).summary == "in ~"
    command = redactor().all(Command("x", ("--token", "a b c"), {"A": "API_KEY=hunter2hunter2"}))
    assert command.args == ("--token", MASK)
    assert command.env == {"A": f"API_KEY={MASK}"}


def test_what_holds_no_secret_is_not_copied() -> None:
    command = Command("x", ("--port", "9876"), {})
    consent = Consent("d", "App", "x --port 9876", "/bin/x", ("A",))
    assert redactor("hunter2hunter2").all((command.args, consent)) == (command.args, consent)
    assert redactor("hunter2hunter2").all(consent) is consent


@pytest.mark.parametrize("text", [*MASKED, *NOT_MASKED])
def test_what_is_said_about_masking_survives_it(text: str) -> None:
    assert redactor().text(text) == text


chunks = st.text("kwxzKWXZ", min_size=8, max_size=12)
planted_words = st.lists(chunks, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" ", "!", "'", '"', ",", "=", ":", "/", "\\", ";", "-", "&", "}", "--"]).map(
        lambda between: between.join(parts)
    )
)
"""Secrets made of chunks of letters that no other text has, with what separates words between them."""


def leaked(secret: str, shown: str) -> list[str]:
    """The pieces of a secret that can be read."""
    return [chunk for chunk in re.findall("[kwxzKWXZ]{8,}", secret) if chunk in shown]


@pytest.mark.usefixtures("alone")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(planted_words, min_size=8, max_size=8))
def test_no_secret_of_a_configuration_is_shown(planted: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        doctor = Doctor(Path(folder))
        doctor.environ["SESSION_TOKEN"] = "-".join(leaked(planted[0], planted[0]))
        in_url = "-".join(leaked(planted[1], planted[1]))
        env = {"SOME_VALUE": planted[2], "X_API_KEY": planted[3]}
        args = ["blender", "--token", planted[4], f"--api-key={planted[5]}", f"API_SECRET={planted[6]}"]
        args += ["--header", f"Authorization: Bearer {in_url}", f"https://ada:{in_url}@example.org/?k={in_url}"]
        # One that is found and waits for consent, one that is not found, and one that cannot be used.
        doctor.configure(
            {"command": "/bin/sh", "args": args, "env": env},
            second={"command": "/nowhere/blender", "args": args, "env": env},
            third={"command": "blender", "env": {"A_TOKEN": [planted[7]]}},
        )
        report = doctor.run(only=["client", "launcher", "server"])
        shown = repr(doctor.events) + repr(report) + "".join(render(report, form) for form in FORMATS)
        shown += render(report, "text", verbose=True, exact=True)
        assert [piece for secret in planted for piece in leaked(secret, shown)] == []


@pytest.mark.parametrize("text", ["-" * 200_000, "--a" * 50_000, "a." * 100_000, "x=" * 100_000, "http" * 50_000])
def test_a_text_of_any_length_is_masked_in_linear_time(text: str) -> None:
    """A quadratic pattern took minutes for these, with the lock of the interpreter held; the time limit is the test."""
    assert len(redactor().text(text)) < 10_000


def test_our_own_names_are_never_masked() -> None:
    found = Finding("launcher.not-found", Link.LAUNCHER, Verdict.FAIL, "no launcher here", "")
    masked = redactor("launcher").all(found)
    assert (masked.id, masked.title) == ("launcher.not-found", f"no {MASK} here")


def test_each_line_of_a_secret_and_its_beginning_are_masked() -> None:
    secret = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n-----END KEY-----"
    masks = redactor(secret, "LONGSECRETLONGSECRET")
    assert "MIIEvQ" not in masks.text("line: MIIEvQIBADANBgkq")
    assert "LONGSECRET" not in masks.text("was cut: LONGSECRETLONG …")


def test_what_steers_a_terminal_reaches_no_report() -> None:
    shown = redactor().all(Consent("d", "App", "run \x1b]52;c;x\x07 \u202egnp.exe"))
    assert not {"\x1b", "\x07", "\u202e"} & set(shown.command_line)


def test_settings_that_everybody_has_are_no_secrets() -> None:
    assert redactor("3.11", "only-system", "blender").text("blender runs on 3.11.9") == "blender runs on 3.11.9"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CODE=q7Z", f"CODE={MASK}"),
        ('"CODE": "q7Z"', f'"CODE": "{MASK}"'),
        ("CODE = q7Z;", f"CODE = {MASK};"),
        ("printed:\n  q7Z\nend", f"printed:\n  {MASK}\nend"),
        ("PIN=4711", f"PIN={MASK}"),
        ("process 4711 of XCODE=q7Z and q7Z", "process 4711 of XCODE=q7Z and q7Z"),
        ("PIN=47110", "PIN=47110"),
        ("4711", "4711"),
    ],
)
def test_a_value_that_tells_nothing_is_masked_behind_its_name(text: str, shown: str) -> None:
    assert redactor(setting("CODE", "q7Z"), setting("PIN", "4711")).text(text) == shown


@pytest.mark.parametrize("form", ["quoted", "plus", "base64"])
def test_other_spellings_of_a_secret(form: str) -> None:
    secret = "geheim/Wort mit+Rand"
    quoted = urllib.parse.quote(secret, safe="")
    plus = urllib.parse.quote_plus(secret)
    spelled = {"quoted": quoted, "plus": plus, "base64": base64.b64encode(secret.encode()).decode()}[form]
    assert redactor(secret).text(f"a {spelled} b").startswith(f"a {MASK}")


def named(user: str, computer: str) -> Redactor:
    return Redactor(Machine("linux", Path("/home", user), {"USER": user}, computer))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("owned by zephyrine on wombatbox", "owned by ‹user› on ‹computer›"),
        ("zephyrine@wombatbox.local:22", "‹user›@‹computer›.local:22"),
        ("WOMBATBOX", "‹computer›"),
        ("/mnt/zephyrine/x and file:///home/zephyrine/y", "/mnt/‹user›/x and file:///home/‹user›/y"),
        ("zephyrines zephyrine-2 wombatbox2 azephyrine", "zephyrines zephyrine-2 wombatbox2 azephyrine"),
        ("/home/zephyrine/x", "~/x"),
    ],
)
def test_the_names_of_the_user_and_of_the_computer(text: str, shown: str) -> None:
    assert named("zephyrine", "wombatbox").text(text) == shown


@pytest.mark.parametrize("name", ["root", "admin", "Blender", "localhost", "python", "claude", "server", "pi", "42"])
def test_an_ordinary_word_is_no_name(name: str) -> None:
    text = f"it is {name} at 42 in the server of Blender, and pi"
    assert named(name, name).text(text) == text


def test_a_name_with_a_blank() -> None:
    assert named("Ada Lovelace", "").text("x/Ada%20Lovelace/y Ada Lovelace") == "x/‹user›/y ‹user›"


def test_a_name_stays_in_what_this_user_pastes() -> None:
    remedy = named("zephyrine", "").all(Remedy("a", "copy", "/mnt/zephyrine/x"))
    assert (remedy.text, remedy.exact) == ("/mnt/‹user›/x", "/mnt/zephyrine/x")
