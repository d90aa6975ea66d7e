# SPDX-License-Identifier: GPL-3.0-or-later
"""The first link: the AI app, what it has configured for Blender, and whether it knows about it yet."""
