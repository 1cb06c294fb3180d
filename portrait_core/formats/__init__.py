# SPDX-License-Identifier: Apache-2.0
"""Files: the glTF writer and images. They know finished avatars, not how those are made."""
