# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside Blender: what the extension says in the user's language, and what is left of it afterwards."""

import dataclasses
import importlib
import json
import pathlib
import time
import types

import bpy

MODULE = "bl_ext.user_default.mcp_diagnostics"


def part(name):
    """A module of the installed extension."""
    return importlib.import_module(f"{MODULE}.{name}")


def choose(language):
    """Be the Blender of a user who has chosen this language; what a timer would do is done at once."""
    bpy.context.preferences.view.language = language
    part("panels.language")._reload()


def languages():
    """The languages that this Blender offers; none in a wheel, which brings no translations."""
    return list(bpy.app.translations.locales)


OUTCOME = "Undo “Add Blender to Zed”, made at 12:00"


def said(language, evidence):
    """A finding, a report, a label, a tooltip and an operator's name in this language, and in English afterwards."""
    choose(language)
    ours = part("panels.language")
    catalogue, saying = part("diagnostics.knowledge.catalogue"), part("diagnostics.knowledge.saying")
    made = catalogue.finding("addon.not-started", evidence)
    translate = ours._translate
    spoken = saying.finding_in(made, translate)
    operator = bpy.ops.mcp_diagnostics.copy_fix.get_rna_type()
    before = time.perf_counter()
    ours._reload()
    lasted_ms = (time.perf_counter() - before) * 1000
    result = {
        "title": spoken.title,
        "detail": spoken.detail,
        "remedies": [remedy.title for remedy in spoken.remedies],
        "label": ours.say("Also Found ($count)", count=3),
        "tooltip": bpy.app.translations.pgettext_tip(operator.description),
        "operator": bpy.app.translations.pgettext_iface(operator.name, "Operator"),
        "word": ours.say("OK"),
        "outcome": ours.sentence(OUTCOME),
        "english": made.title,
        "loading_ms": lasted_ms,
    }
    bpy.context.preferences.view.use_translate_interface = False
    result["switched_off"] = saying.finding_in(made, translate).title
    result["outcome_switched_off"] = ours.sentence(OUTCOME)
    bpy.context.preferences.view.use_translate_interface = True
    choose("en_US")
    result["afterwards"] = ours.say("Also Found ($count)", count=3)
    result["outcome_afterwards"] = ours.sentence(OUTCOME)
    return result


def drawing(language, report):
    """What the panel asks for while it draws: a whole report in this language, first and again, with milliseconds."""
    choose(language)
    ours, session = part("panels.language"), part("operators.session")
    bpy.ops.mcp_diagnostics.run(filepath=report, format="JSON")
    made = session.state.report
    times, reports = [], []
    for again in range(6):
        if again == 3:
            made = dataclasses.replace(made)  # the report of another run
        before = time.perf_counter()
        reports.append(ours.in_users_language(made))
        times.append((time.perf_counter() - before) * 1000)
    written = json.loads(pathlib.Path(report).read_text(encoding="utf-8"))
    choose("en_US")
    return {
        "headline": reports[0].headline,
        "english": written["headline"],
        "cached": reports[1] is reports[0] is reports[2] is not reports[3] is reports[4],
        "first_ms": times[0],
        "next_ms": times[3],
        "again_ms": min(times),
        "english_is_the_report": ours.in_users_language(made) is made,
    }


def goes_without_a_trace(language):
    """What Blender says to a text of ours before, while and after the extension is enabled."""
    bpy.ops.preferences.addon_disable(module=MODULE)
    bpy.context.preferences.view.language = language
    message = "Copy the text of this repair, ready to be pasted"
    seen = []
    for _ in range(2):
        seen.append(bpy.app.translations.pgettext(message))
        bpy.ops.preferences.addon_enable(module=MODULE)
        seen.append(bpy.app.translations.pgettext(message))
        bpy.ops.preferences.addon_disable(module=MODULE)
    seen.append(bpy.app.translations.pgettext(message))
    bpy.ops.preferences.addon_enable(module=MODULE)
    bpy.context.preferences.view.language = "en_US"
    return seen


def follow(language):
    """Whether drawing in another language has the timer started that loads it, and what it loads."""
    choose("en_US")
    ours = part("panels.language")
    ours.follow()
    idle = bpy.app.timers.is_registered(ours._reload)
    bpy.context.preferences.view.language = language
    ours.follow()
    waiting = bpy.app.timers.is_registered(ours._reload)
    bpy.app.timers.unregister(ours._reload)
    ours._reload()
    label = ours.say("Run Diagnostics")
    choose("en_US")
    return {"idle": idle, "waiting": waiting, "label": label}


def register_ms(language):
    """How long registering what is seen lasts, with this language in use."""
    bpy.context.preferences.view.language = language
    ours = part("panels.language")
    times = []
    for _ in range(5):
        ours.unregister()
        before = time.perf_counter()
        ours.register()
        times.append((time.perf_counter() - before) * 1000)
    choose("en_US")
    return min(times)


def explained(cause):
    """The address that the button opens, and the pages that it leads over."""
    address = part("operators.explain").address_of(cause)
    told = bpy.ops.mcp_diagnostics.explain(cause=cause)
    return {"address": address, "told": sorted(told)}


def explained_without_a_folder(cause):
    """The same where the extension may write nothing."""
    explain = part("operators.explain")
    own = explain.settings
    try:
        explain.settings = types.SimpleNamespace(own_folder=lambda: None)
        return explain.address_of(cause)
    finally:
        explain.settings = own
