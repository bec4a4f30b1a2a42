"""Who may read and change a log: modes, owners and groups of its folder and of everything that lies beside it.

A mode is not the whole truth. Root may do anything; an access control list may allow more or less than the mode says
(its presence is told, its content is not read); and who may write to the folder may exchange any file in it, whatever
the file's own mode.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from logdojo.errors import InputError
from logdojo.logsetup.files.archives import stamp_of

WISHED: Final = 0o640
"""The loosest mode of a log file: its owner writes, its group reads."""
WISHED_KEY: Final = 0o600
"""The loosest mode of a file with keys: its owner alone."""
_KINDS: Final = (
    (".seals", "ledger of seals"),
    (".disposals", "disposals"),
    (".holds", "holds"),
    (".cursor.", "cursor of shipping"),
    (".dead.", "dead letters"),
    (".lock", "lock"),
    (".retention.lock", "lock"),
)
_ACLS: Final = ("system.posix_acl_access", "system.posix_acl_default")


@dataclass(frozen=True, slots=True)
class Access:
    """Who may do what with one file or folder.

    Args:
        path: which.
        kind: what it is to the log.
        mode: its permission bits.
        owner: name of the owner, or the number where it has no name.
        group: name of the group, or the number.
        readers: who may read it, in words; root always may.
        writers: who may change it, in words.
        findings: what is looser than it should be; empty when nothing is.
        notes: what the mode does not tell.
    """

    path: Path
    kind: str
    mode: int
    owner: str
    group: str
    readers: str
    writers: str
    findings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def access_of(log: Path, *, wished: int = WISHED, keyfiles: Iterable[Path] = ()) -> list[Access]:
    """Return who may do what with a log: its folder and those above it, its files, and files with keys.

    Folders above appear only where something about them is found.

    Args:
        log: path of the live file; it need not exist.
        wished: the loosest mode that its files should have.
        keyfiles: files with keys, which should be their owner's alone.

    Raises:
        InputError: the folder or a file with keys is not there or cannot be looked at.
    """
    folder = log.absolute().parent
    found = [_folder(folder, "folder of the log")]
    found += [above for above in (_folder(each, "folder above") for each in folder.parents) if above.findings]
    try:
        names = sorted(path for path in folder.iterdir() if path.name.startswith(log.name))
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror or error}", hint="run it as who may list the folder") from error
    owner = _owner(log)
    found += [each for path in names for each in _file(path, _kind(log, path), wished, owner)]
    for path in keyfiles:
        looked = list(_file(path.absolute(), "keys", WISHED_KEY, None))
        if not looked:
            raise InputError(f"{path}: no such file", hint="name an existing file with keys")
        found += looked
    return found


def _kind(log: Path, path: Path) -> str:
    rest = path.name[len(log.name) :]
    if not rest:
        return "live file"
    if stamp_of(log, path):
        return "archive"
    return next((kind for start, kind in _KINDS if rest.startswith(start)), "beside the log")


def _folder(path: Path, kind: str) -> Access:
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", hint="name a log in a folder that exists") from error
    mode, group = stat.S_IMODE(status.st_mode), _group_name(status.st_gid)
    own_group = group == _user_name(status.st_uid)
    findings, notes = [], []
    if mode & stat.S_IWOTH:
        findings.append(
            "anyone may put files here, and links where files are expected"
            if mode & stat.S_ISVTX
            else "anyone may remove and exchange files here, whatever their modes"
        )
    elif mode & stat.S_IWGRP and not mode & stat.S_ISVTX and not own_group and kind != "folder above":
        findings.append(f"members of group {group} may remove and exchange files here, whatever their modes")
    # In a sticky folder above, as that for temporary files, nobody can exchange what is another's.
    if kind == "folder above" and mode & stat.S_ISVTX:
        findings = []
    if path.is_symlink():
        notes.append(f"is a link to {path.resolve()}")
    return _access(path, kind, status, findings, notes)


def _file(path: Path, kind: str, wished: int, owner: int | None) -> Iterator[Access]:
    try:
        status = path.lstat()
    except OSError:
        return  # removed, rotated or compressed this very moment
    findings = []
    if stat.S_ISLNK(status.st_mode):
        findings.append(f"is a link to {_target(path)}: who may change the target changes the log")
    elif not stat.S_ISREG(status.st_mode):
        findings.append("is no ordinary file")
    else:
        looser = stat.S_IMODE(status.st_mode) & ~wished
        if looser:
            findings.append(f"looser than {wished:04o}: {_words(looser)}")
        if status.st_nlink > 1:
            findings.append(f"has {status.st_nlink} names: it can be reached, and outlives its removal, under another")
    if owner is not None and status.st_uid != owner:
        findings.append(f"belongs to {_user_name(status.st_uid)}, the live file to {_user_name(owner)}")
    yield _access(path, kind, status, findings, [])


def _access(path: Path, kind: str, status: os.stat_result, findings: list[str], notes: list[str]) -> Access:
    mode, owner, group = stat.S_IMODE(status.st_mode), _user_name(status.st_uid), _group_name(status.st_gid)
    if hasattr(os, "listxattr"):
        try:
            if not {*_ACLS}.isdisjoint(os.listxattr(path, follow_symlinks=False)):
                notes = [*notes, "has an access control list, so the mode does not tell all: see getfacl"]
        except OSError:
            pass  # a file system without such attributes
    return Access(
        path,
        kind,
        mode,
        owner,
        group,
        _who(mode, owner, group, stat.S_IRUSR, stat.S_IRGRP, stat.S_IROTH),
        _who(mode, owner, group, stat.S_IWUSR, stat.S_IWGRP, stat.S_IWOTH),
        tuple(findings),
        tuple(notes),
    )


def _who(mode: int, owner: str, group: str, of_owner: int, of_group: int, of_others: int) -> str:
    if mode & of_others:
        return "everyone"
    named = [owner] if mode & of_owner else []
    return ", ".join([*named, f"group {group}"] if mode & of_group else named) or "only root"


def _words(mode: int) -> str:
    """Say which rights the bits of a mode give."""
    said = [
        f"{who} may {', '.join(right for bit, right in rights if mode & bit)}"
        for who, rights in (
            ("its owner", ((stat.S_IRUSR, "read"), (stat.S_IWUSR, "write"), (stat.S_IXUSR, "run"))),
            ("its group", ((stat.S_IRGRP, "read"), (stat.S_IWGRP, "write"), (stat.S_IXGRP, "run"))),
            ("everyone", ((stat.S_IROTH, "read"), (stat.S_IWOTH, "write"), (stat.S_IXOTH, "run"))),
        )
        if any(mode & bit for bit, _ in rights)
    ]
    return "; ".join(said) or "a special bit is set"


def _owner(path: Path) -> int | None:
    try:
        return path.lstat().st_uid
    except OSError:
        return None


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return "somewhere"


def _user_name(number: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return str(number)


def _group_name(number: int) -> str:
    try:
        import grp

        return grp.getgrgid(number).gr_name
    except (ImportError, KeyError):
        return str(number)
