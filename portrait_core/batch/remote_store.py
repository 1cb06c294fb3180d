# SPDX-License-Identifier: Apache-2.0
"""Where a batch's files go: a folder, or a URL of any file system that fsspec knows (s3://, gs://, sftp://, memory://).

With a URL every avatar is made in a temporary folder and sent as soon as it is whole. The manifest and the locks of
this machine lie in a folder beside the user's caches; the manifest is sent now and then, and taken from the URL on
another machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import socket
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from portrait_core.batch.records import Record
from portrait_core.errors import OutputError, UsageError, remedy
from portrait_core.runtime.own_folders import cache_folder

LOCK = "portrait-batch.lock.json"
SHARD_LOCK = "portrait-shard-"


def is_url(out: str) -> bool:
    """Whether ``out`` is a URL rather than a folder of this machine (``C:`` is a drive)."""
    return "://" in out


def state_folder(url: str) -> Path:
    """This machine's folder for a batch that goes to ``url``."""
    base = Path(os.environ.get("PORTRAITKIT_BATCHES") or cache_folder() / "batches")
    return base / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16]


class RemoteStore:
    """A folder behind a URL. Everything raises :class:`OutputError` in plain words."""

    def __init__(self, url: str) -> None:
        import fsspec.core

        self.url = url.rstrip("/")
        core: Any = fsspec.core
        try:
            system, root = core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise UsageError(f"{url}: {error}. Give a folder, or install what this kind of URL needs.") from None
        self._fs: Any = system
        self._root: str = str(root).rstrip("/")

    def path(self, name: str) -> str:
        """The file system's own path of a file."""
        return f"{self._root}/{name}"

    def send(self, local: Path, name: str) -> None:
        """Upload a file: under a temporary name and then renamed, except where uploads are whole by themselves."""
        target = self.path(name)
        with self._told(name):
            self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            if self._whole_uploads():
                self._fs.put_file(str(local), target)
                return
            temporary = f"{target}.{secrets.token_hex(4)}.part"
            try:
                self._fs.put_file(str(local), temporary)
                self._fs.mv(temporary, target)
            except BaseException:
                with contextlib.suppress(Exception):
                    self._fs.rm(temporary)
                raise

    def _whole_uploads(self) -> bool:
        """Object stores show an object when it is complete; renaming there would copy it."""
        protocol = self._fs.protocol
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        return bool(names & {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "memory"})

    def fetch(self, name: str) -> bytes | None:
        """A file's content, or None where there is none."""
        with self._told(name):
            self._fs.invalidate_cache()
            try:
                return bytes(self._fs.cat_file(self.path(name)))
            except FileNotFoundError:
                return None

    def remove(self, name: str) -> None:
        """Remove a file that may not be there."""
        with self._told(name), contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(self.path(name))

    def is_whole(self, record: Record, *, digests: bool) -> bool:
        """As :func:`portrait_core.batch.resume.is_whole`."""
        for each in record.files:
            if digests:
                content = self.fetch(each.path)
                if content is None or hashlib.sha256(content).hexdigest() != each.sha256:
                    return False
                continue
            try:
                size = self._fs.info(self.path(each.path)).get("size")
            except FileNotFoundError:
                return False
            if size != each.bytes:
                return False
        return bool(record.files)

    def manifests(self) -> Iterable[str]:
        """Names of the manifests there."""
        return self._names("manifest", ".jsonl")

    def _names(self, start: str, end: str) -> list[str]:
        with self._told(""):
            try:
                found = self._fs.ls(self._root, detail=False)
            except FileNotFoundError:
                return []
        names = (str(each).rpartition("/")[2] for each in found)
        return [name for name in names if name.startswith(start) and name.endswith(end)]

    @contextmanager
    def locked(self, shard: tuple[int, int] | None, *, force: bool = False) -> Generator[None, None, None]:
        """Keep other machines away by a small file; one that a killed run of this machine left is taken over."""
        name = LOCK if shard is None else f"{SHARD_LOCK}{shard[0]}-of-{shard[1]}.lock.json"
        mine = {"host": socket.gethostname(), "pid": os.getpid(), "run": secrets.token_hex(8)}
        # A whole batch and a shard shut each other out, two shards do not.
        others = self._names(SHARD_LOCK, ".lock.json") if shard is None else [LOCK]
        for other in [] if force else [name, *others]:
            held = self.fetch(other)
            if held is None:
                continue
            owner: dict[str, Any] = {}
            with contextlib.suppress(ValueError):
                told: object = json.loads(held)
                owner = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
            # The lock of this machine's own folder is held by now: whoever wrote this here has ended.
            if owner.get("host") != mine["host"]:
                raise OutputError(
                    f"{self.url}: another batch works there (process {owner.get('pid')} on {owner.get('host')}), or "
                    "was killed.",
                    remedy=remedy("take_over"),
                )
        self.write(name, json.dumps(mine).encode())
        try:
            yield
        finally:
            with contextlib.suppress(OutputError):
                self.remove(name)

    def write(self, name: str, content: bytes) -> None:
        """Write a small file."""
        with self._told(name):
            self._fs.makedirs(self._root, exist_ok=True)
            self._fs.pipe_file(self.path(name), content)

    @contextmanager
    def _told(self, name: str) -> Generator[None, None, None]:
        try:
            yield
        except (OutputError, FileNotFoundError):
            raise
        except Exception as error:  # every file system has errors of its own
            raise OutputError(f"{self.url}/{name}: {type(error).__name__}: {error}.") from error
