# SPDX-License-Identifier: Apache-2.0
"""Torch modules of the published generator and discriminator, one concept a file; no files, no rendering
policy."""
