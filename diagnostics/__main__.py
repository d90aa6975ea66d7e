# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `mcp-diagnostics`, `python -m diagnostics`, and `blender --command mcp_diagnostics`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .command_line import apps, explain, fix, lock, run, self_test, undo
from .command_line.arguments import WRONG_USAGE, parser, with_command
from .command_line.run import DOCTOR_FAILED
from .command_line.terminal import say
from .model import Machine, Snapshot
from .redaction import Redactor
from .target import TargetError

INTERRUPTED = 130
_COMMANDS = {
    "run": run.run,
    "fix": fix.fix,
    "undo": undo.undo,
    "lock": lock.lock,
    "apps": apps.apps,
    "explain": explain.explain,
    "self-test": self_test.self_test,
}


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
        options = parser(prog).parse_args(with_command(argv))
        options.own_folder = own_folder or Machine.current().state_folder
        return int(_COMMANDS[options.action](options, snapshot))
    except TargetError as error:
        return say(f"{prog}: argument --{error.argument}: {error.message}", WRONG_USAGE)
    except SystemExit as asked:  # argparse, after --help, --version or a mistake
        return asked.code if isinstance(asked.code, int) else WRONG_USAGE
    except KeyboardInterrupt:
        return say(f"{prog}: interrupted", INTERRUPTED)
    except BrokenPipeError:  # whoever read our output has gone
        return DOCTOR_FAILED
    except Exception as error:  # noqa: BLE001  # no traceback reaches a user
        told = Redactor(Machine.current()).text(f"{type(error).__name__}: {error}")
        return say(f"{prog}: failed by a mistake of its own: {told}", DOCTOR_FAILED)


def script() -> NoReturn:
    """Entry point of the installed program."""
    # Whoever ends us gently wants the processes ended that we started; by default these signals would end us at once.
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    script()
