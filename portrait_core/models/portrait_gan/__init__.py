# SPDX-License-Identifier: Apache-2.0
"""The published family: the 3D portrait GAN, its pictures and its import."""
