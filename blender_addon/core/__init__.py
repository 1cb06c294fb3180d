# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on below Blender: worker client, engine set-up, jobs, reports. No bpy; the standard library alone, but
for the seam between two necks, which has numpy."""
