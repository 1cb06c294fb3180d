# SPDX-License-Identifier: Apache-2.0
"""The running engine: the models that it keeps, and what its failures are called."""
