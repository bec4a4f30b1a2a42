"""The keys that archives are encrypted under: several, one of them active, in a file that only its owner can read.

The file is JSON::

    {"version":1,"active":"<id>","keys":{"<id>":{"made":"2026-11-24T13:56:00Z","key":"<64 hex digits>"},
                                         "<id>":{"made":"…","retired":"…"}}}

A rotation adds a key and makes it the active one; the older ones still decrypt. A key that is retired is erased: what
is still under it can never be read again, and the ring remembers that it existed, to say so.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from logdojo.errors import InputError, UsageError
from logdojo.logsetup.integrity.keys import read_private, write_private

KEY_BYTES: Final = 32
ID_BYTES: Final = 8
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class RingKey:
    """One key of a ring.

    Args:
        made: when, in UTC.
        secret: its 32 bytes; empty when it was retired.
        retired: when it was erased; empty while it can be used.
    """

    made: str
    secret: bytes = field(default=b"", repr=False)
    retired: str = ""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Several keys, one of them active.

    Args:
        keys: id → key.
        active: id of the key that new archives are encrypted under.
    """

    keys: Mapping[str, RingKey]
    active: str

    @classmethod
    def new(cls) -> KeyRing:
        """Return a ring with one fresh key."""
        name = secrets.token_hex(ID_BYTES)
        return cls({name: RingKey(_now(), secrets.token_bytes(KEY_BYTES))}, name)

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """Read a ring.

        Raises:
            InputError: the file cannot be read, others than its owner can read it, or it holds no ring.
        """
        try:
            says = json.loads(read_private(path))
            if says["version"] != _VERSION:
                raise InputError(f"{path}: a key ring of version {says['version']}", hint="update logdojo")
            keys = {str(name): _key_from(entry) for name, entry in says["keys"].items()}
            ring = cls(keys, str(says["active"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: holds no key ring", hint="make one with `logdojo logs keys ring`") from error
        if not ring.keys.get(ring.active, RingKey("")).secret:
            raise InputError(f"{path}: its active key {ring.active} is not in it", hint="restore it from a copy")
        return ring

    def create(self, path: Path) -> None:
        """Write a ring to a new file, with mode 0600.

        Raises:
            UsageError: the file exists; a ring is never written over by another.
        """
        if path.exists():
            raise UsageError(f"{path}: exists already", hint="name a new file; a ring in use must not be lost")
        write_private(path, self._encoded())

    def save(self, path: Path) -> None:
        """Write the ring over an earlier state of itself, in one step."""
        beside = path.with_name(f"{path.name}.{os.getpid()}.new")
        beside.unlink(missing_ok=True)
        write_private(beside, self._encoded())
        beside.replace(path)

    def rotated(self) -> KeyRing:
        """Return the ring with a fresh key that is the active one."""
        fresh = KeyRing.new()
        return KeyRing({**self.keys, **fresh.keys}, fresh.active)

    def without(self, name: str) -> KeyRing:
        """Return the ring with one key erased.

        Raises:
            UsageError: it is the active key, or none of the ring.
        """
        if name not in self.keys:
            raise UsageError(f"key {name} is not in the ring", hint=f"it holds {', '.join(self.keys)}")
        if name == self.active:
            raise UsageError(f"key {name} is the active one", hint="rotate first, then wrap the archives' keys anew")
        gone = replace(self.keys[name], secret=b"", retired=_now())
        return KeyRing({**self.keys, name: gone}, self.active)

    def secret(self, name: str, *, of: Path) -> bytes:
        """Return the 32 bytes of a key.

        Args:
            name: the key's id.
            of: the archive that asks, for the message.

        Raises:
            InputError: the ring does not hold it any more, or never did.
        """
        key = self.keys.get(name)
        if key is None:
            raise InputError(f"{of}: encrypted under key {name}, which the ring does not hold", hint="name its ring")
        if not key.secret:
            raise InputError(f"{of}: its key {name} was retired on {key.retired}: it can never be read again")
        return key.secret

    def _encoded(self) -> bytes:
        keys = {name: _entry_of(key) for name, key in self.keys.items()}
        return json.dumps({"version": _VERSION, "active": self.active, "keys": keys}, indent=2).encode() + b"\n"


def _key_from(entry: dict[str, Any]) -> RingKey:
    secret = bytes.fromhex(entry.get("key", ""))
    if len(secret) not in {0, KEY_BYTES}:
        raise ValueError(f"a key of {len(secret)} bytes")
    return RingKey(str(entry["made"]), secret, str(entry.get("retired", "")))


def _entry_of(key: RingKey) -> dict[str, str]:
    return {"made": key.made, **({"key": key.secret.hex()} if key.secret else {"retired": key.retired})}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
