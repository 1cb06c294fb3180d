# SPDX-License-Identifier: Apache-2.0
"""Rays, sample depths, masks, ray march and picture composition."""
