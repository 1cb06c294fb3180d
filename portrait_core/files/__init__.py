# SPDX-License-Identifier: Apache-2.0
"""Files on the disk: whole or not there, sets of them, their names."""
