# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside Blender: each function is called by a test, with plain arguments and a plain result."""

import contextlib
import importlib
import io
import json
import os
import pathlib
import signal
import sys
import threading
import types

import addon_utils
import bpy

MODULE = "bl_ext.user_default.mcp_diagnostics"


def enabled():
    """Whether Blender says that our extension is enabled, and whether its operator can be called."""
    loaded = addon_utils.check(MODULE)[1]
    return {"enabled": loaded, "operator": "run" in dir(bpy.ops.mcp_diagnostics)}


def install(zip, enable=True):  # noqa: A002
    """Install the zip as the file browser of the preferences does, and keep that."""
    bpy.ops.extensions.package_install_files(filepath=zip, repo="user_default", enable_on_install=enable)
    bpy.ops.wm.save_userpref()


def twice(zip, report):  # noqa: A002
    """Install without enabling; enable, run, disable, two times; what is there before and after each time."""
    install(zip, enable=False)
    seen = [traces()]
    for _ in range(2):
        bpy.ops.preferences.addon_enable(module=MODULE)
        assert enabled() == {"enabled": True, "operator": True}
        bpy.ops.mcp_diagnostics.run(filepath=report, format="JSON")
        bpy.ops.preferences.addon_disable(module=MODULE)
        seen.append(traces())
    return seen


def write_to_a_closed_pipe():
    """What such a write does while a run lives, and how Blender treats its signal before and after."""
    guard = importlib.import_module(f"{MODULE}.operators.broken_pipe")
    before = signal.getsignal(signal.SIGPIPE)
    reading, writing = os.pipe()
    os.close(reading)
    with guard.survived():
        try:
            os.write(writing, b"x")
        except BrokenPipeError:
            raised = True
    return {"raised": raised, "same": signal.getsignal(signal.SIGPIPE) == before}


def traces():
    """Everything that an extension can leave behind, by kind."""
    return {
        "handlers": {
            name: [repr_of(entry) for entry in entries]
            for name in dir(bpy.app.handlers)
            if isinstance(entries := getattr(bpy.app.handlers, name), list)
        },
        "menus": {name: drawn for name in dir(bpy.types) if (drawn := appended(name))},
        "types": [name for name in dir(bpy.types) if "mcp" in name.lower()],
        "properties": {
            name: sorted(getattr(bpy.types, name).bl_rna.properties.keys())
            for name in ("WindowManager", "Scene", "Screen", "Object", "World", "Text", "PropertyGroup")
        },
        "operators": [name for name in dir(bpy.ops.mcp_diagnostics)],  # noqa: C416
        "timers": sorted(timers()),
        "threads": sorted(thread.name for thread in threading.enumerate()),
    }


def appended(name):
    """What was appended to a menu or panel; its own function, which `append` puts first and leaves there, is not."""
    drawn = getattr(getattr(getattr(bpy.types, name), "draw", None), "_draw_funcs", ())
    return [repr_of(draw) for draw in drawn if getattr(draw, "__qualname__", "") != f"{name}.draw"]


def timers():
    """Names of our functions that are registered as timers."""
    for name, module in list(sys.modules.items()):
        if name.startswith(MODULE) and module is not None:
            for function in vars(module).values():
                if isinstance(function, types.FunctionType) and bpy.app.timers.is_registered(function):
                    yield f"{name}.{function.__name__}"


def repr_of(function):
    """A name that is the same in every session."""
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', function)}"


def run_operator(report):
    """The operator, as a script calls it: what it returns, and the JSON that it wrote."""
    dirty = bpy.data.is_dirty
    result = bpy.ops.mcp_diagnostics.run(filepath=report, format="JSON")
    written = json.loads(pathlib.Path(report).read_text(encoding="utf-8"))
    return {"result": sorted(result), "report": written, "touched": bpy.data.is_dirty != dirty}


def save_reports(folder):
    """What the operators write: a run as a page, and that run saved in each format."""
    operator = bpy.ops.mcp_diagnostics
    forms = [item.identifier for item in operator.save_report.get_rna_type().properties["format"].enum_items]
    operator.run(filepath=f"{folder}/ran.HTML", format="HTML")
    for form in forms:
        operator.save_report(filepath=f"{folder}/saved.{form}", format=form)
    files = [f"{folder}/ran.HTML", *(f"{folder}/saved.{form}" for form in forms)]
    written = {pathlib.Path(file).name: pathlib.Path(file).read_text(encoding="utf-8") for file in files}
    names = importlib.import_module(f"{MODULE}.diagnostics.knowledge").table("words")["formats"]
    shown = {
        item.identifier: [item.name, item.description]
        for item in operator.run.get_rna_type().properties["format"].enum_items
    }
    return {"written": written, "names": names, "shown": shown}


def run_main(arguments):
    """`main([...])` of the extension's package: its exit code and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = importlib.import_module(MODULE).main(arguments)
    return {"code": code, "printed": printed.getvalue()}


def run_with_lock(lock, must_match, port, report):
    """The operator with a lock file in the preferences, at a port of this computer."""
    prefs = bpy.context.preferences.addons[MODULE].preferences
    prefs.host, prefs.port, prefs.lock_file, prefs.lock_must_match = "127.0.0.1", port, lock, must_match
    return run_operator(report)


def import_seconds():
    """How long enabling lasts when nothing of ours is imported yet: longest stay on Blender's main thread at start."""
    import time

    addon_utils.disable(MODULE)
    for name in [name for name in sys.modules if name.startswith(MODULE)]:
        del sys.modules[name]
    began = time.perf_counter()
    module = importlib.import_module(MODULE)
    module.register()
    lasted = time.perf_counter() - began
    return {"seconds": lasted, "engine": f"{MODULE}.diagnostics.engine" in sys.modules}


def self_test_printed():
    """The self-test, as a script calls its operator: what it returns and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = bpy.ops.mcp_diagnostics.self_test()
    return {"result": sorted(result), "printed": printed.getvalue()}


def self_test_in_its_thread(end):
    """The self-test in the thread of a run, to its end or ended when a case has; and what is left after that."""
    import tempfile
    import time

    session = importlib.import_module(f"{MODULE}.operators.session")
    folder = tempfile.tempdir = tempfile.mkdtemp()
    before = {thread.name for thread in threading.enumerate()}
    session.start_self_test(bpy.app.version_string)  # as a click does; without a window an operator is never invoked
    started = session.is_running()
    stop = time.monotonic() + 60
    while session.is_running() and time.monotonic() < stop:
        session.drain(0.1)  # what the timer does, which does not tick without a window
        if end and session.state.progress is not None and session.state.progress.done:
            session.end("another file was opened")
        time.sleep(0.01)
    left = [thread for thread in threading.enumerate() if thread.name not in before]
    for thread in left:
        thread.join(
            20
        )  # helpers end with their call of the system; and a busy computer needs longer than is waited for
    result = session.state.self_test
    return {
        "started": started,
        "notice": session.state.self_test_notice,
        "other": [session.state.notice, session.state.report],
        "verdict": result and str(result.verdict),
        "failed": [(case.id, case.came, case.why) for case in result.results if case.verdict != "pass"]
        if result
        else [],
        "blender": result and result.tool.blender,
        "threads": [thread.name for thread in left if thread.is_alive()],
        "files": [path.name for path in pathlib.Path(folder).iterdir()],
        "deadlines": [session.SELF_TEST_DEADLINE_S, self_test_deadline()],
    }


def self_test_deadline():
    """What the engine's own self-test takes at most, in seconds."""
    return importlib.import_module(f"{MODULE}.diagnostics.self_test").DEADLINE_S


def repair_by_script(addon, port):
    """What a script is told and what it changes: an add-on that is off, and buttons that are out of date."""
    bpy.ops.preferences.addon_install(filepath=addon)
    module = pathlib.Path(addon).stem
    prefs = bpy.context.preferences.addons[MODULE].preferences
    prefs.host, prefs.port = "127.0.0.1", port
    session = importlib.import_module(f"{MODULE}.operators.session")
    with contextlib.redirect_stdout(io.StringIO()):
        bpy.ops.mcp_diagnostics.run()
    button = {"finding": "addon.disabled", "index": 0}
    seen = {"found": [finding.id for finding in session.state.report.findings]}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        seen["unconfirmed"] = told(bpy.ops.mcp_diagnostics.repair, **button)
    seen["printed"] = printed.getvalue()
    seen["untouched"] = module not in bpy.context.preferences.addons
    seen["confirmed"] = told(bpy.ops.mcp_diagnostics.repair, confirmed=True, **button)
    seen["enabled"] = module in bpy.context.preferences.addons
    seen["again"] = told(bpy.ops.mcp_diagnostics.repair, confirmed=True, **button)
    seen["undone"] = told(bpy.ops.mcp_diagnostics.undo_repair, confirmed=True)
    seen["disabled"] = module not in bpy.context.preferences.addons
    seen["undone twice"] = told(bpy.ops.mcp_diagnostics.undo_repair, confirmed=True)
    # As Blender's own operator does, which cannot work without a window.
    (pathlib.Path(bpy.utils.user_resource("SCRIPTS", path="addons")) / f"{module}.py").unlink()
    addon_utils.modules(refresh=True)
    seen["removed"] = told(bpy.ops.mcp_diagnostics.repair, confirmed=True, **button)
    seen["no such"] = told(bpy.ops.mcp_diagnostics.repair, finding="addon.busy", index=7, confirmed=True)
    seen["by force"] = told(bpy.ops.mcp_diagnostics.end_by_force, confirmed=True)
    seen["open"] = sorted(bpy.ops.mcp_diagnostics.open_place(place="Edit > Preferences > System > Network"))
    return seen


def end_by_script(port):
    """What a script is told when it ends the program at this port, once and again."""
    prefs = bpy.context.preferences.addons[MODULE].preferences
    prefs.host, prefs.port = "127.0.0.1", port
    session = importlib.import_module(f"{MODULE}.operators.session")
    with contextlib.redirect_stdout(io.StringIO()):
        bpy.ops.mcp_diagnostics.run()
    finding = next(found for found in session.state.report.findings if found.id == "network.port-taken")
    index = next(i for i, remedy in enumerate(finding.remedies) if remedy.action == "end-process")
    button = {"finding": finding.id, "index": index, "confirmed": True}
    first = told(bpy.ops.mcp_diagnostics.repair, **button)
    force = told(bpy.ops.mcp_diagnostics.end_by_force, confirmed=True)
    return {"first": first, "force": force, "again": told(bpy.ops.mcp_diagnostics.repair, **button)}


def told(operator, **arguments):
    """What an operator returns, and what the panel would say."""
    session = importlib.import_module(f"{MODULE}.operators.session")
    session.state.notice = ""
    result = operator(**arguments)
    return [*result, session.state.notice]
