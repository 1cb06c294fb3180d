# SPDX-License-Identifier: Apache-2.0
"""glTF 2.0: writer and reader side by side."""
