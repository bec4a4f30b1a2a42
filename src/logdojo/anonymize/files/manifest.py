"""What a folder of anonymized files holds already, and with which key it was made.

JSON lines: the first names the key (by a fingerprint that does not give it away) and the policy, each other line a
finished file. A line is on the disk before its file gets its name. So after a kill at any moment a file either has
no line and is done anew, or has one, and then at most its name is missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from logdojo.anonymize.files.hand import Recipe
from logdojo.anonymize.files.tally import Tally
from logdojo.anonymize.pseudonyms.keyed import Keyed
from logdojo.errors import InputError, UsageError
from logdojo.logsetup.files.disk import sync_folder
from logdojo.logsetup.shipping.locks import Holding

NAME: Final = "anonymize.manifest.jsonl"
_LOCK: Final = ".anonymize.lock"
_FORM: Final = 1


@dataclass(frozen=True)
class Entry:
    """A finished file.

    Args:
        name: of the file in the folder.
        size: of the input, in bytes, when it was read.
        mtime_ns: of the input, when it was read.
        part: what the file was called before it got its name.
        out_bytes: size of the file.
        tally: what was counted.
    """

    name: str
    size: int
    mtime_ns: int
    part: str
    out_bytes: int
    tally: Tally


class Manifest:
    """The manifest of a folder, open for one run at a time; use it in a ``with`` block.

    Args:
        folder: of the anonymized files; it is made if need be.
        recipe: of this run.

    Raises:
        UsageError: another run is at work in the folder, or the folder was made with another key or policy.
        InputError: the manifest is not one.
    """

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = Holding(folder / _LOCK)
        if not self._lock.take():
            raise UsageError(f"{folder}: another run is at work there", hint="wait for it, or name another --out")
        try:
            self._entries = self._read(_head(recipe))
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.tidy()
        self._lock.release()

    def finished(self, path: Path) -> Entry | None:
        """Return the entry of an input that is done and has not changed since; give its file its name if need be."""
        entry, state = self._entries.get(path.name), path.stat()
        if entry is None or (entry.size, entry.mtime_ns) != (state.st_size, state.st_mtime_ns):
            return None
        part, final = self.folder / entry.part, self.folder / entry.name
        if part.is_file() and part.stat().st_size == entry.out_bytes:
            part.replace(final)
            sync_folder(self.folder)
        return entry if final.is_file() and final.stat().st_size == entry.out_bytes else None

    def finish(self, entry: Entry) -> None:
        """Write down that a file is done, and give it its name."""
        self._append(
            {
                "file": entry.name,
                "size": entry.size,
                "mtime_ns": entry.mtime_ns,
                "part": entry.part,
                "out_bytes": entry.out_bytes,
                "tally": entry.tally.as_json(),
            }
        )
        self._entries[entry.name] = entry
        (self.folder / entry.part).replace(self.folder / entry.name)
        sync_folder(self.folder)

    def tidy(self) -> None:
        """Remove what broken runs have left half-written; call it when finished files have their names."""
        for part in self.folder.glob(".*.part"):
            part.unlink()

    def _read(self, head: dict[str, Any]) -> dict[str, Entry]:
        path = self.folder / NAME
        lines = path.read_bytes().split(b"\n") if path.is_file() else []
        torn = lines.pop() if lines else b""
        if torn:  # the run was killed in the midst of this line; its file has no name yet
            with path.open("r+b") as stream:
                stream.truncate(sum(len(line) + 1 for line in lines))
        if not lines:
            self._append(head)
            return {}
        try:
            said, *entries = [json.loads(line) for line in lines]
            found = {each["file"]: _entry(each) for each in entries}
            key, policy = said["key"], said["policy"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: not a manifest: {error}", hint="remove it to start anew") from error
        if (key, policy) != (head["key"], head["policy"]):
            what = "key" if key != head["key"] else "policy"
            raise UsageError(
                f"{self.folder}: its files were made with another {what}",
                hint=f"use the {what} of the first run, or another --out; mixed, one value would have two pseudonyms",
            )
        return found

    def _append(self, said: dict[str, Any]) -> None:
        fd = os.open(self.folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            line = json.dumps(said).encode() + b"\n"
            if os.write(fd, line) != len(line):
                raise OSError(28, "No space left on device", str(self.folder / NAME))
            os.fsync(fd)
        finally:
            os.close(fd)


def _head(recipe: Recipe) -> dict[str, Any]:
    policy = recipe.policy.read_bytes() if recipe.policy is not None else b""
    return {
        "logdojo anonymize": _FORM,
        "key": Keyed(recipe.key).digest("fingerprint", size=8)(b"logdojo").hex(),
        "policy": hashlib.blake2b(policy, digest_size=8).hexdigest() if policy else "",
    }


def _entry(data: dict[str, Any]) -> Entry:
    return Entry(
        data["file"], data["size"], data["mtime_ns"], data["part"], data["out_bytes"], Tally.from_json(data["tally"])
    )
