# SPDX-License-Identifier: Apache-2.0
# Batches on a processor, into the folder /out; the same command again goes on where the last one ended:
#   docker build -t portraitkit-batch -f docker/batch.Dockerfile .
#   docker run --rm -v "$PWD:/out" --user "$(id -u)" portraitkit-batch --seeds 0-999 --preset draft
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

WORKDIR /out
ENTRYPOINT ["portrait", "batch", "--out", "."]
CMD ["--help"]
