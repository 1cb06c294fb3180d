# SPDX-License-Identifier: Apache-2.0
# Portraitkit on a processor, without a graphics card:
#   docker build -t portraitkit .
#   docker run --rm -v "$PWD/avatars:/avatars" --user "$(id -u)" portraitkit generate --seed 7 --out /avatars
# `make docker-steps` carries the same steps out without Docker.
FROM python:3.11-slim

# Name the wheel index with the CPU build of torch here; without one, pip takes the default build of the system.
ARG TORCH_INDEX=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 HOME=/tmp XDG_CACHE_HOME=/tmp/cache

WORKDIR /opt/portraitkit
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY LICENSES LICENSES
COPY portrait_core portrait_core
COPY textures textures
COPY cli cli
RUN pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' constraints.txt)"
RUN pip install -c constraints.txt .
RUN portrait doctor

ENTRYPOINT ["portrait"]
CMD ["--help"]
