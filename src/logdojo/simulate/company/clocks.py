"""Points in time as the devices of the company write them; all their clocks run on UTC."""

from __future__ import annotations

import random
import time
from functools import cache, lru_cache
from typing import Final

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=8_192)
def bsd(second: int) -> str:
    """Return the time of a syslog line, ``Jan  6 07:00:01`` (RFC 3164)."""
    t = time.gmtime(second)
    return f"{_MONTHS[t.tm_mon - 1]} {t.tm_mday:2d} {t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d}"


@lru_cache(maxsize=8_192)
def bsd_with_year(second: int) -> str:
    """Return the time of an ASA with ``logging timestamp``, ``Jan 06 2025 07:00:01``."""
    t = time.gmtime(second)
    return f"{_MONTHS[t.tm_mon - 1]} {t.tm_mday:02d} {t.tm_year} {t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d}"


@lru_cache(maxsize=8_192)
def iso(second: int) -> str:
    """Return ``2025-01-06T07:00:01``, to which callers add fraction and zone (ISO 8601)."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def iso_milliseconds(when: float) -> str:
    """Return ``2025-01-06T07:00:01.123``, without a zone."""
    second = int(when)
    return f"{iso(second)}.{int((when - second) * 1_000):03d}"


@lru_cache(maxsize=8_192)
def slashed(second: int) -> str:
    """Return the time of a PAN-OS log, ``2025/01/06 07:00:01``."""
    return time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(second))


@lru_cache(maxsize=8_192)
def common_log(second: int) -> str:
    """Return the time of a web server's access log, ``06/Jan/2025:07:00:01 +0000``."""
    t = time.gmtime(second)
    return f"{t.tm_mday:02d}/{_MONTHS[t.tm_mon - 1]}/{t.tm_year}:{t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d} +0000"


def syslog_head(when: float, host: str, tag: str) -> str:
    """Return what stands before a message: most servers write RFC 3164 times, a quarter of them ISO 8601."""
    second = int(when)
    if _writes_iso(host):
        return f"{iso(second)}.{int((when - second) * 1_000_000):06d}+00:00 {host} {tag}: "
    return f"{bsd(second)} {host} {tag}: "


@cache
def _writes_iso(host: str) -> bool:
    return random.Random(f"syslog {host}").random() < 0.25
