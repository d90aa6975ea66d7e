# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside `blender -b`: installs the real add-on, if one is named after `--`, and turns the splash screen off."""

import sys

import bpy

for addon in sys.argv[sys.argv.index("--") + 1 :]:
    bpy.ops.preferences.addon_install(filepath=addon, overwrite=True)
    bpy.ops.preferences.addon_enable(module="addon")
    assert "addon" in bpy.context.preferences.addons, "the real add-on was not enabled"
bpy.context.preferences.view.show_splash = False
bpy.ops.wm.save_userpref()
