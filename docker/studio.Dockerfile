# SPDX-License-Identifier: Apache-2.0
# The page in the browser, on a processor; it prints its address with the token that others than this machine need:
#   docker build -t portraitkit-studio -f docker/studio.Dockerfile .
#   docker run --rm -p 127.0.0.1:8765:8765 --user "$(id -u)" portraitkit-studio
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
COPY studio studio
RUN pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' constraints.txt)"
RUN pip install -c constraints.txt '.[studio]'
RUN portrait doctor

EXPOSE 8765
ENTRYPOINT ["portrait", "studio", "--host", "0.0.0.0", "--port", "8765"]
CMD []
