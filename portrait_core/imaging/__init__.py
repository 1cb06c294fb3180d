# SPDX-License-Identifier: Apache-2.0
"""Pictures: colour space, images, PNG, video."""
