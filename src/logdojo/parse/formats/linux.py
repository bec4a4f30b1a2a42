"""Linux hosts: sudo, su, pkexec, PAM's modules, the account tools, logind, systemd, cron, and the kernel.

Their sentences are in ``tables/linux.yaml``.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from logdojo.parse.declared import Signs
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format
from logdojo.parse.formats.sentences import reader, table

_SENTENCES: Final = table("linux")
_UPTIME: Final = re.compile(r"\[ {0,12}\d{1,12}\.\d{1,9}\] ?", re.ASCII)
_PAM: Final = ("pam_", "authentication failure;", "session opened for user", "session closed for user", "check pass;")
_ACCOUNT_TOOLS: Final = (
    *("useradd", "usermod", "userdel", "groupadd", "groupdel", "groupmod", "adduser", "deluser", "gpasswd", "chage"),
    *("passwd", "newusers", "chpasswd"),
)
_read_kernel = reader(_SENTENCES["kernel"])


def _read_after_uptime(draft: Draft, start: int, now: datetime | None) -> bool:
    uptime = _UPTIME.match(draft.line, start)
    return _read_kernel(draft, uptime.end() if uptime else start, now)


def _format(name: str, category: str, doc: str, *programs: str) -> Format:
    sentences = _SENTENCES[name] + _SENTENCES["pam"]
    read = reader(sentences, otherwise=(category, "info"))
    return Format(name, Signs(programs=programs or (name,)), read_text=read, doc=f"https://github.com/{doc}")


FORMATS: Final = (
    _format("sudo", "process", "sudo-project/sudo/blob/main/docs/sudo.man.in", "sudo", "sudoedit"),
    _format("su", "authentication", "util-linux/util-linux/blob/master/login-utils/su-common.c", "su", "runuser"),
    _format("pkexec", "process", "polkit-org/polkit/blob/main/src/programs/pkexec.c"),
    _format("shadow", "iam", "shadow-maint/shadow", *_ACCOUNT_TOOLS),
    _format("systemd-logind", "session", "systemd/systemd/tree/main/src/login"),
    _format("systemd", "host", "systemd/systemd/tree/main/src/core"),
    _format("cron", "process", "cronie-crond/cronie", "cron", "crond", "crontab", "anacron", "/usr/sbin/cron"),
    Format(
        "pam",
        Signs(starts=_PAM),
        read_text=reader(_SENTENCES["pam"]),
        doc="https://github.com/linux-pam/linux-pam",
    ),
    Format(
        "kernel",
        Signs(programs=("kernel",)),
        read_text=_read_after_uptime,
        doc="https://docs.kernel.org/admin-guide/",
    ),
)
