# SPDX-License-Identifier: Apache-2.0
"""The starter family: a canonical generator of parametric busts, and the weights that ship."""
