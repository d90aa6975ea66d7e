# SPDX-License-Identifier: GPL-3.0-or-later
"""Host and port, and what stands between: one file for each question that is asked about them."""
