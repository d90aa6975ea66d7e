# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a case takes place: a home folder of its own, with an AI app in it, and nothing of the user's."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from ..knowledge.apps import App, apps, folders
from ..model import Kind, Link, Machine, Target, Tls

ENDPOINT = frozenset({Link.NETWORK, Link.ADDON})
"""The links of a case that is about what answers at a port."""
CASE_S = 8.0
"""How long one run may take. A peer that stays silent takes some 6 s, and a server is given 4 s at least."""
_APP = "claude-desktop"
_KEPT = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT")
"""Variables of Windows without which no program starts there."""


class NotHereError(Exception):
    """This system has no such thing; the text says why. The case does not apply."""


class NotTestedError(Exception):
    """What the case needs is missing here; the text says what. The case applies, and was not tried."""


@dataclass(frozen=True, slots=True)
class Room:
    """A machine with an empty home folder. `python` is a Python that can be started, None where there is none."""

    home: Path
    python: Path | None

    @property
    def machine(self) -> Machine:
        """This system, with another home and hardly any variable."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return Machine(sys.platform, self.home, kept)

    def configuration(self) -> Path:
        """Where the AI app has its configuration; the folder is there, and the file is not."""
        app: App = next(app for app in apps() if app.id == _APP)
        folder = folders(app, self.machine)[-1]
        folder.mkdir(parents=True, exist_ok=True)
        return folder / app.files[0]

    def configure(self, entry: object) -> None:
        """Gives the AI app this entry for Blender."""
        self.configuration().write_text(json.dumps({"mcpServers": {"blender": entry}}), encoding="utf-8")

    def of_app(self, port: int, *links: Link, deadline_s: float = CASE_S) -> Target:
        """To diagnose these links of the AI app, all of them where none is named, with the add-on at this port."""
        return Target(
            host="127.0.0.1",
            port=port,
            endpoint_given=True,
            apps=(_APP,),
            links=frozenset(links or Link),
            launch=True,
            ignore=frozenset({"blender.several-instances"}),  # that the user has two of them open is no fault of ours
            deadline_s=deadline_s,
        )


def of_endpoint(port: int, kind: Kind = Kind.AUTO, *, tls: bool = False, pinned: int | None = None) -> Target:
    """To diagnose what answers at this port of 127.0.0.1. `pinned` is the `protocol_version` that is wanted."""
    return Target(
        host="127.0.0.1",
        port=port,
        endpoint_given=True,
        kind=kind,
        tls=Tls() if tls else None,
        expect_protocol=() if pinned is None else (pinned,),
        links=ENDPOINT,
        deadline_s=CASE_S,
    )


Setup = Callable[[Room], AbstractAsyncContextManager[Target]]
"""Sets a case up and says what to diagnose; takes everything down when the block is left."""
