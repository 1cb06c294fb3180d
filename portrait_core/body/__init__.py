# SPDX-License-Identifier: Apache-2.0
"""The body: SMPL joints, skinning, templates, poses and the posed-to-canonical warp."""
