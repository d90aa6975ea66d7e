# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of every command, and the target that they stand for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ..lock import FILE_NAME
from ..model import NAME, VERSION, Link, Target
from ..protocols import mcp_versions
from ..reports import FORMATS
from ..target import DEFAULTS, ISOLATED_DEADLINE_S, TargetError, make_target
from ..text import one_line
from .manual import EXITS, FIX_ABOUT, FIX_EXITS, LOCK_ABOUT, LOCK_EXITS, UNDO_EXITS
from .terminal import say

WRONG_USAGE = 2
COMMANDS = ("run", "fix", "undo", "lock", "apps", "explain", "self-test")


_SELF_TEST_ABOUT = (
    "Has the diagnosis look at add-ons, servers, web servers and configurations that are made for it, healthy and "
    "hostile, and shows that it names each. It takes some seconds, needs no network, starts nothing but Python, and "
    "leaves nothing behind."
)
_SELF_TEST_EXITS = """exit status:
  0    it named all of them
  3    it named all that could be tried here, and some could not
  4    it did not; those are listed
  130  interrupted"""


def with_command(argv: Sequence[str]) -> list[str]:
    """`run` is what is meant where no command is named."""
    words = list(argv)
    named = words and words[0] in {*COMMANDS, "-h", "--help", "--version"}
    return words if named else ["run", *words]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line that names the argument, as for every other wrong value."""
        raise SystemExit(say(f"{self.prog.split()[0]}: {message}", WRONG_USAGE))


def parser(prog: str) -> argparse.ArgumentParser:
    """The parser; `action` of what it parses is the name of the command."""
    about = "Finds the broken link between an AI app, its MCP server and Blender, and says how to repair it."
    formatter = argparse.RawDescriptionHelpFormatter
    parser = _Parser(prog, description=about, epilog=EXITS, formatter_class=formatter, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    commands = parser.add_subparsers(title="commands", metavar=" | ".join(COMMANDS))
    run = commands.add_parser(
        "run",
        help="diagnose the chain (this is what happens without a command)",
        description=about,
        epilog=EXITS,
        formatter_class=formatter,
        allow_abbrev=False,
    )
    _add_target(run)
    _add_report(run)
    run.set_defaults(action="run")
    _add_repairs(commands)
    lock = commands.add_parser(
        "lock",
        help="record what a working chain consists of, or compare with that",
        description=LOCK_ABOUT,
        epilog=LOCK_EXITS,
        formatter_class=formatter,
        allow_abbrev=False,
    )
    lock.add_argument("what", choices=("write", "verify"), help="record it, or compare with what is recorded")
    _add_target(lock, lock=True)
    lock.add_argument("--format", choices=("text", "json"), default="text", help="of verify (default: text)")
    lock.set_defaults(action="lock")
    explain = commands.add_parser("explain", help="say what a cause means, or list all causes", allow_abbrev=False)
    explain.add_argument("cause", nargs="?", metavar="CAUSE", help="such as network.refused")
    explain.add_argument(
        "--html", nargs="?", const="-", metavar="FILE", help="write a page about all causes (without FILE: print it)"
    )
    explain.set_defaults(action="explain")
    listed = commands.add_parser(
        "apps", help="list the AI apps of this machine and their Blender servers", allow_abbrev=False
    )
    _add_app(listed)
    listed.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    listed.set_defaults(action="apps")
    tried = commands.add_parser(
        "self-test",
        help="show that the diagnosis works here, on add-ons, servers and files of its own",
        description=_SELF_TEST_ABOUT,
        epilog=_SELF_TEST_EXITS,
        formatter_class=formatter,
        allow_abbrev=False,
    )
    tried.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    tried.add_argument("--verbose", action="store_true", help="with what was named, and how long it took")
    tried.set_defaults(action="self-test")
    return parser


def _add_repairs(commands: argparse._SubParsersAction[_Parser]) -> None:
    """The commands that change something."""
    formatter = argparse.RawDescriptionHelpFormatter
    fix = commands.add_parser(
        "fix",
        help="make the repair of a cause that the diagnosis finds",
        description=FIX_ABOUT,
        epilog=FIX_EXITS,
        formatter_class=formatter,
        allow_abbrev=False,
    )
    fix.add_argument("cause", metavar="CAUSE", help="such as launcher.not-found")
    fix.add_argument(
        "--choose", metavar="N", help="which of its repairs, where it has several; without it they are listed"
    )
    _add_consent(fix)
    _add_target(fix, once=True)
    fix.set_defaults(action="fix")
    undo = commands.add_parser(
        "undo",
        help="take back the last change that was made",
        epilog=UNDO_EXITS,
        formatter_class=formatter,
        allow_abbrev=False,
    )
    _add_consent(undo)
    undo.set_defaults(action="undo")


def _add_consent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; needed where there is no terminal")


def _add_target(parser: argparse.ArgumentParser, *, lock: bool = False, once: bool = False) -> None:
    """The options that say what to diagnose.

    `lock` leaves out those of runs in which nothing can be recorded, `once` those of many endpoints and of waiting.
    """
    group = parser.add_argument_group("what to diagnose")
    default = f"{DEFAULTS.host}:{DEFAULTS.port}"
    group.add_argument(
        "--host", metavar="H", help=f"host of the add-on, or host:port (default: the AI app's, or {default})"
    )
    group.add_argument("--port", metavar="P", help=f"its port (default: the AI app's, or {DEFAULTS.port})")
    if not (lock or once):
        _add_many(group)
    _add_connection(group)
    _add_expectations(group, lock=lock)
    if not (lock or once):
        group.add_argument(
            "--wait",
            metavar="SECONDS",
            help="try the host and port again until a session can begin there, at most so long; exit 0 as soon as it "
            "can",
        )
    group.add_argument(
        "--deadline",
        metavar="SECONDS",
        help=f"for the whole run (default: {DEFAULTS.deadline_s:g}; with --isolate {ISOLATED_DEADLINE_S:g})",
    )


def _add_many(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--endpoint",
        metavar="H[:P]",
        action="append",
        default=[],
        help="test this host and port, a line for each; may be given several times",
    )
    group.add_argument("--endpoints", metavar="FILE", help="test all in this file: one host[:port] a line, # comments")


def _add_connection(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--kind",
        metavar="K",
        help="what should answer there: bridge, an add-on; mcp-http, an MCP server over HTTP; mcp-sse, one over the "
        f"older HTTP+SSE; auto, whatever does (default: {DEFAULTS.kind})",
    )
    group.add_argument(
        "--path", metavar="PATH", help="where the MCP server is on its web server (default: /mcp; with mcp-sse /sse)"
    )
    group.add_argument("--tls", action="store_true", help="connect with TLS; the certificate is always verified")
    group.add_argument("--ca-file", metavar="FILE", help="trust the authorities in this file instead of the system's")
    group.add_argument(
        "--server-name", metavar="N", help="the name that the certificate must carry (default: the host)"
    )
    group.add_argument(
        "--client-cert", metavar="FILE", help="show this certificate to a server that asks for one (PEM, with its key)"
    )


def _add_expectations(group: argparse._ArgumentGroup, *, lock: bool) -> None:
    group.add_argument(
        "--expect-protocol",
        metavar="V",
        action="append",
        default=[],
        help="protocol_version that the add-on must have (15), or version of MCP that the server must agree on "
        "(2025-11-25)",
    )
    group.add_argument(
        "--offer",
        metavar="V",
        action="append",
        default=[],
        help=f"version of MCP to offer a server: one of {', '.join(mcp_versions.KNOWN)}; may be given several times "
        f"(default: {', '.join(DEFAULTS.offers)}, and what comes before it)",
    )
    group.add_argument(
        "--header-env",
        metavar="NAME=VARIABLE",
        action="append",
        default=[],
        help="send this header to an MCP server over HTTP, with the value of this environment variable, such as "
        "Authorization=MY_TOKEN",
    )
    group.add_argument(
        "--pin", metavar="REQUIREMENT", action="append", default=[], help="what must be installed, such as 'mcp<2'"
    )
    group.add_argument("--requirements", metavar="FILE", help="pin all that this file requires (requirements.txt)")
    _add_app(group)
    group.add_argument("--app-config", metavar="FILE", help="read this configuration instead of the AI app's own")
    group.add_argument(
        "--server-config",
        metavar="FILE",
        help="compare the server's own configuration (JSON, TOML, INI, .env) with host, port and versions",
    )
    group.add_argument(
        "--lock",
        metavar="FILE",
        help=f"the lock file (default: {FILE_NAME})" if lock else "compare with what this lock file has recorded",
    )
    if not lock:
        group.add_argument("--locked", action="store_true", help="a difference from the lock file is a failure")
    group.add_argument("--only", metavar="LINK,LINK", default="", help=f"test only these links: {', '.join(Link)}")
    group.add_argument("--launch", action="store_true", help="allow the configured commands to be started")
    group.add_argument(
        "--isolate",
        action="store_true",
        help="try each server that may be started in a clean environment too, which is made for that, with your pins, "
        "and removed (with --launch)",
    )
    group.add_argument(
        "--ignore", metavar="CAUSE", action="append", default=[], help="show this cause, decide nothing by it"
    )


def _add_app(group: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    named = "look at this AI app only, such as claude-desktop (“mcp-diagnostics apps” lists those that are here)"
    group.add_argument("--app", metavar="NAME", action="append", default=[], help=named)


def _add_report(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the report")
    group.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="json for programs, markdown for an issue, runbook for a checklist of what to do, junit for a build"
        " server, html for a browser (default: text)",
    )
    group.add_argument("--output", metavar="FILE", help="write it to this file; nothing is printed then")
    group.add_argument("--verbose", action="store_true", help="with evidence and what was said on each connection")
    group.add_argument(
        "--fail-on", choices=("fail", "warn"), default="fail", help="the verdict from which the exit status is 1"
    )


def target_of(options: argparse.Namespace, endpoint: str | None = None, lock: str | Path | None = None) -> Target:
    """The target that the options stand for. Raises TargetError that names the option with the first bad value."""
    only = [word for word in options.only.replace(" ", "").split(",") if word]
    if options.only and not only:
        raise TargetError("only", f"“{one_line(options.only, 40)}” names no link; the links are {', '.join(Link)}")
    return make_target(
        host=endpoint or options.host,
        port=options.port,
        kind=options.kind,
        path=options.path,
        tls=options.tls,
        ca_file=options.ca_file,
        server_name=options.server_name,
        client_cert=options.client_cert,
        expect_protocol=options.expect_protocol,
        offers=options.offer,
        headers=options.header_env,
        pins=options.pin,
        requirements=options.requirements,
        apps=options.app,
        app_config=options.app_config,
        project=project_folder(),
        server_config=options.server_config,
        lock=lock,
        locked=getattr(options, "locked", False),
        only=only,
        launch=options.launch,
        ignore=options.ignore,
        deadline=options.deadline,
        own_folder=options.own_folder,
        isolate=options.isolate,
    )


def project_folder() -> Path | None:
    """The folder from which the program was called, which may be that of a project with servers of its own."""
    try:
        return Path.cwd()
    except OSError:  # it has been deleted
        return None
