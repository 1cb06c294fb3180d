# SPDX-License-Identifier: Apache-2.0
"""What people install, tried as they get it: wheel, sdist and the steps of the Dockerfile."""
