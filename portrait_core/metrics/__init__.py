# SPDX-License-Identifier: Apache-2.0
"""How good a generator is, by numbers: distances of features from a data set's, poses, depths, masks."""
