# SPDX-License-Identifier: Apache-2.0
"""The families of models, a folder each, and how a weights file becomes one of them."""
