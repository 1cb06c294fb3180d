# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar of parts on a body that the user has: one skin, one rig, and the way back."""
