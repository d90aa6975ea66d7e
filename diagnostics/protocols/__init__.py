# SPDX-License-Identifier: GPL-3.0-or-later
"""Wire formats without I/O: fed bytes, they say what was received. Nothing here opens a socket or a file."""
