# SPDX-License-Identifier: Apache-2.0
"""The build of the parts template: from the CC0 base mesh and a starter's identity to the tensors ``parts.*``."""
