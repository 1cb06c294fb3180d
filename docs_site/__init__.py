# SPDX-License-Identifier: Apache-2.0
"""What the documentation site has beside its pages: made files, the gallery, pictures of programs, and its checks."""
