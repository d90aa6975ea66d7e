# SPDX-License-Identifier: GPL-3.0-or-later
"""The remote control of the tests, run inside Blender with a window: `blender --python remote_control.py`.

This is no part of the product. A timer looks for files `N.request` with Python code in the folder that
`MCP_DIAGNOSTICS_REMOTE` names, runs them on the main thread, and writes `N.answer`, JSON with the value of the last
expression or the traceback. Code sees `bpy` and `view3d()`, a context manager with the 3D View as context.
"""

import ast
import contextlib
import json
import os
import traceback
from pathlib import Path

import bpy

FOLDER = Path(os.environ["MCP_DIAGNOSTICS_REMOTE"])
PAUSE_S = 0.01


@contextlib.contextmanager
def view3d(region_type="WINDOW"):
    """The first 3D View as context, with one of its regions."""
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    region = next(region for region in area.regions if region.type == region_type)
    with bpy.context.temp_override(window=window, area=area, region=region):
        yield bpy.context


def evaluate(code):
    """Run the code; the value is that of its last statement when it is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    names = {"bpy": bpy, "view3d": view3d, "__name__": "remote"}
    exec(compile(tree, "<remote>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<remote>", "eval"), names) if last else None


def write(name, content):
    """Write a file that is complete as soon as it can be seen."""
    (FOLDER / "writing").write_text(json.dumps(content, default=repr), encoding="utf-8")
    (FOLDER / "writing").rename(FOLDER / name)


def serve():
    """Timer: answer what was asked since the last time."""
    for request in sorted(FOLDER.glob("*.request")):
        code = request.read_text(encoding="utf-8")
        request.unlink()
        try:
            answer = {"value": evaluate(code)}
        except BaseException:  # noqa: BLE001  # the test gets whatever it is
            answer = {"error": traceback.format_exc()}
        write(f"{request.stem}.answer", answer)
    return PAUSE_S


def announce():
    """Timer, once: the event loop runs, so the window is up."""
    write("ready", {"pid": os.getpid(), "version": bpy.app.version_string})
    bpy.app.timers.register(serve, persistent=True)


bpy.app.timers.register(announce, first_interval=0.1, persistent=True)
