# SPDX-License-Identifier: GPL-3.0-or-later
"""What the add-on's rooms share above ``core``: the operator, timers, folders, long texts in narrow panels."""
