# SPDX-License-Identifier: Apache-2.0
"""Files on the disk."""
