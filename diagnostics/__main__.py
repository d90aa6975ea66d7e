# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `mcp-diagnostics`, `python -m diagnostics`, and `blender --command mcp_diagnostics`."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from . import diagnose, exit_code, find_apps, locking, with_written
from .knowledge import catalogue
from .lock import FILE_NAME
from .many import diagnose_many
from .model import NAME, VERSION, CheckStarted, Event, Link, Machine, Report, Snapshot, Target, Verdict
from .protocols import mcp_versions
from .reports import FORMATS, apps_report, render
from .reports.survey_report import Survey
from .target import DEFAULTS, ISOLATED_DEADLINE_S, TargetError, make_target, read_endpoints, seconds
from .text import one_line
from .waiting import is_ready, wait_until_ready

WRONG_USAGE = 2
DOCTOR_FAILED = 4
INTERRUPTED = 130

_EXITS = """exit status:
  0    everything that applies works (with or without warnings)
  1    something is broken (or a warning, with --fail-on warn)
  2    wrong usage
  3    nothing is broken, but something could not be tested
  4    MCP Diagnostics itself failed
  130  interrupted"""

_LOCK_ABOUT = (
    "Records what a working chain consists of in a small file for version control, with the server's packages and "
    "their hashes beside it; or says what is otherwise now."
)
_LOCK_EXITS = """exit status of verify:
  0    everything is as it is recorded
  1    something is otherwise
  2    wrong usage, or no lock file that can be read
  3    not everything could be compared
of write: that of the run, with which nothing is written unless it is 0;
  3    also where no requirements with hashes could be made"""


def main(
    argv: Sequence[str],
    *,
    snapshot: Snapshot | None = None,
    prog: str = "mcp-diagnostics",
    own_folder: Path | None = None,
) -> int:
    """Runs the command line `argv` (without the program's name) and returns the exit status. Never raises.

    `own_folder` is where the last good run is kept, by default where the system's programs keep such things.
    """
    try:
        options = _parser(prog).parse_args(_with_command(argv))
        options.own_folder = own_folder or Machine.current().state_folder
        return int(options.action(options, snapshot))
    except TargetError as error:
        return _say(f"{prog}: argument --{error.argument}: {error.message}", WRONG_USAGE)
    except SystemExit as asked:  # argparse, after --help, --version or a mistake
        return asked.code if isinstance(asked.code, int) else WRONG_USAGE
    except KeyboardInterrupt:
        return _say(f"{prog}: interrupted", INTERRUPTED)
    except BrokenPipeError:  # whoever read our output has gone
        return DOCTOR_FAILED
    except Exception as error:  # noqa: BLE001  # no traceback reaches a user
        return _say(f"{prog}: failed by a mistake of its own: {type(error).__name__}: {error}", DOCTOR_FAILED)


def script() -> NoReturn:
    """Entry point of the installed program."""
    # Whoever ends us gently wants the processes ended that we started; by default these signals would end us at once.
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))


def _with_command(argv: Sequence[str]) -> list[str]:
    """`run` is what is meant where no command is named."""
    words = list(argv)
    named = words[:1] in (["run"], ["lock"], ["apps"], ["explain"], ["-h"], ["--help"], ["--version"])
    return words if named else ["run", *words]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line that names the argument, as for every other wrong value."""
        raise SystemExit(_say(f"{self.prog.split()[0]}: {message}", WRONG_USAGE))


def _parser(prog: str) -> argparse.ArgumentParser:
    about = "Finds the broken link between an AI app, its MCP server and Blender, and says how to repair it."
    formatter = argparse.RawDescriptionHelpFormatter
    parser = _Parser(prog, description=about, epilog=_EXITS, formatter_class=formatter, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    commands = parser.add_subparsers(title="commands", metavar="run | lock | apps | explain")
    run = commands.add_parser(
        "run",
        help="diagnose the chain (this is what happens without a command)",
        description=about,
        epilog=_EXITS,
        formatter_class=formatter,
        allow_abbrev=False,
    )
    _add_target(run)
    _add_report(run)
    run.set_defaults(action=_run)
    lock = commands.add_parser(
        "lock",
        help="record what a working chain consists of, or compare with that",
        description=_LOCK_ABOUT,
        epilog=_LOCK_EXITS,
        formatter_class=formatter,
        allow_abbrev=False,
    )
    lock.add_argument("what", choices=("write", "verify"), help="record it, or compare with what is recorded")
    _add_target(lock, lock=True)
    lock.add_argument("--format", choices=("text", "json"), default="text", help="of verify (default: text)")
    lock.set_defaults(action=_lock)
    explain = commands.add_parser("explain", help="say what a cause means, or list all causes", allow_abbrev=False)
    explain.add_argument("cause", nargs="?", metavar="CAUSE", help="such as network.refused")
    explain.set_defaults(action=_explain)
    listed = commands.add_parser(
        "apps", help="list the AI apps of this machine and their Blender servers", allow_abbrev=False
    )
    _add_app(listed)
    listed.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    listed.set_defaults(action=_apps)
    return parser


def _add_target(parser: argparse.ArgumentParser, *, lock: bool = False) -> None:
    """The options that say what to diagnose. `lock` leaves out those of runs in which nothing can be recorded."""
    group = parser.add_argument_group("what to diagnose")
    default = f"{DEFAULTS.host}:{DEFAULTS.port}"
    group.add_argument(
        "--host", metavar="H", help=f"host of the add-on, or host:port (default: the AI app's, or {default})"
    )
    group.add_argument("--port", metavar="P", help=f"its port (default: the AI app's, or {DEFAULTS.port})")
    if not lock:
        _add_many(group)
    _add_connection(group)
    _add_expectations(group, lock=lock)
    if not lock:
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
    group.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    group.add_argument("--output", metavar="FILE", help="write it to this file; nothing is printed then")
    group.add_argument("--verbose", action="store_true", help="with evidence and what was said on each connection")
    group.add_argument(
        "--fail-on", choices=("fail", "warn"), default="fail", help="the verdict from which the exit status is 1"
    )


def _target(options: argparse.Namespace, endpoint: str | None = None, lock: str | Path | None = None) -> Target:
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
        project=_project(),
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


def _run(options: argparse.Namespace, snapshot: Snapshot | None) -> int:
    target = _target(options, lock=options.lock)
    output = Path(options.output) if options.output else None
    if output is not None and (output.is_dir() or not output.resolve().parent.is_dir()):
        problem = f"“{output}” is a folder" if output.is_dir() else f"there is no folder “{output.parent}”"
        raise TargetError("output", problem)
    if options.endpoint or options.endpoints:
        return _survey(options, snapshot, output)
    if options.wait is not None:
        if options.only or options.lock:
            other = "--only" if options.only else "--lock"
            raise TargetError("wait", f"tests the links network and addon; leave out {other}")
        report = _wait(target, seconds(options.wait, "wait", 86400), snapshot)
        if is_ready(report) and options.format == "text" and output is None:
            answers = " · ".join(row.summary for row in report.chain if row.verdict in {Verdict.PASS, Verdict.WARN})
            _print(f"Ready: {answers}\n")
            return 0
    else:
        with _progress() as tell:
            report = diagnose(target, snapshot, on_event=tell)
    if output is not None:
        report = with_written(report, output)
    return _deliver(report, options, output)


def _survey(options: argparse.Namespace, snapshot: Snapshot | None, output: Path | None) -> int:
    """Tests many endpoints, each with its line, and says at the end what it comes to."""
    for name in ("host", "port", "only", "wait", "lock"):
        if getattr(options, name):
            raise TargetError(name, "does not go together with --endpoint and --endpoints")
    endpoints = read_endpoints(options.endpoint, options.endpoints)
    survey, codes = Survey(options.format), set[int]()

    def tell(report: Report) -> None:
        codes.add(exit_code(report, fail_on=Verdict(options.fail_on)))
        write(survey.line(report))

    with _sink(output) as write:
        diagnose_many((_target(options, endpoint) for endpoint in endpoints), tell, snapshot)
        write(survey.total())
    return next((code for code in (1, DOCTOR_FAILED, 3) if code in codes), 0)


@contextlib.contextmanager
def _sink(output: Path | None) -> Iterator[Callable[[str], object]]:
    """Where the lines go: the file, or what this program prints."""
    if output is None:
        yield _print
        return
    try:
        with output.open("w", encoding="utf-8", newline="\n") as file:
            yield file.write
    except OSError as error:
        raise TargetError("output", f"“{output}” cannot be written: {error.strerror}") from None


def _wait(target: Target, seconds_s: float, snapshot: Snapshot | None) -> Report:
    """Waits, with a line on the terminal that says for what."""
    with _status() as say:
        return wait_until_ready(
            target, seconds_s, snapshot, on_try=lambda report, left: say(f"{report.headline}; {left:.0f} s left")
        )


def _deliver(report: Report, options: argparse.Namespace, output: Path | None) -> int:
    text = render(report, options.format, verbose=options.verbose, exact=output is None and sys.stdout.isatty())
    if output is None:
        _print(text)
    else:
        try:
            output.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise TargetError("output", f"“{output}” cannot be written: {error.strerror}") from None
    return exit_code(report, fail_on=Verdict(options.fail_on))


def _lock(options: argparse.Namespace, snapshot: Snapshot | None) -> int:
    """Records a working chain, or compares this one with what is recorded."""
    file = Path(options.lock or FILE_NAME)
    if options.what == "verify":
        target = _target(options, lock=file)
        with _progress() as tell:
            report = diagnose(target, snapshot, on_event=tell)
        assert target.lock is not None  # noqa: S101  # `make_target` has read it
        said = locking.verify(report, target.lock)
        _print(render(report, "json") if options.format == "json" else "\n".join(said.lines) + "\n")
        return said.status
    target = _target(options)
    if not file.parent.is_dir():
        raise TargetError("lock", f"there is no folder “{file.parent}”")
    try:
        with _progress() as tell:
            said = locking.write(target, file, snapshot, tell)
    except locking.NotOursError as error:
        raise TargetError("lock", str(error)) from None
    except OSError as error:
        raise TargetError("lock", f"“{file}” cannot be written: {error.strerror or error}") from None
    _print("\n".join(said.lines) + "\n")
    return said.status


def _project() -> Path | None:
    """The folder from which the program was called, which may be that of a project with servers of its own."""
    try:
        return Path.cwd()
    except OSError:  # it has been deleted
        return None


def _apps(options: argparse.Namespace, snapshot: Snapshot | None) -> int:
    target = make_target(apps=options.app, project=_project())
    _print(apps_report.render(find_apps(target, snapshot), options.format))
    return 0


def _explain(options: argparse.Namespace, _snapshot: Snapshot | None) -> int:
    causes = catalogue.causes()
    if options.cause is None:
        for cause in causes.values():
            _print(f"{cause.id:<28} {cause.verdict:<8} {catalogue.outline(cause.title)}\n")
        return 0
    if options.cause not in causes:
        named = one_line(options.cause, 60)
        return _say(f"mcp-diagnostics: CAUSE “{named}” is not known; “mcp-diagnostics explain” lists all", WRONG_USAGE)
    cause = causes[options.cause]
    # What a run would fill in stands as “…”.
    for paragraph in (f"{cause.id} ({cause.verdict})", cause.title, *(words.text for words in cause.detail)):
        _print(textwrap.fill(catalogue.outline(paragraph), 96) + "\n\n")
    for words in cause.remedies:
        _print(
            textwrap.fill(f"→ {catalogue.outline(words.title).removesuffix('.')}:", 96, subsequent_indent="  ") + "\n"
        )
        _print(textwrap.indent(catalogue.outline(words.text), "    ") + "\n")
    return 0


@contextlib.contextmanager
def _status() -> Iterator[Callable[[str], None]]:
    """One line on the terminal that changes and goes; nothing where nobody looks."""
    shown = sys.stderr is not None and sys.stderr.isatty()

    def say(line: str) -> None:
        if shown:
            sys.stderr.write(f"\r\x1b[K{one_line(line, shutil.get_terminal_size().columns - 3)}")
            sys.stderr.flush()

    try:
        yield say
    finally:
        if shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[Event], None]]:
    """Says on the terminal what is being waited for."""
    with _status() as say:

        def tell(event: Event) -> None:
            if isinstance(event, CheckStarted):
                say(f"{event.title}… {event.done + 1} of {event.total}")

        yield tell


def _print(text: str) -> None:
    """Prints, whatever the encoding of the terminal: what it cannot show becomes a question mark."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def _say(line: str, status: int) -> int:
    with contextlib.suppress(OSError, UnicodeError, AttributeError):
        encoding = sys.stderr.encoding or "utf-8"
        sys.stderr.write(line.encode(encoding, "replace").decode(encoding) + "\n")
    return status


if __name__ == "__main__":
    script()
