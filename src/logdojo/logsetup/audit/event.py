"""Audit events: who did what to whom, with what outcome, and what changed by it.

    audit("user.role.change", target="ben", target_type="user", category="iam",
          before={"role": "clerk"}, after={"role": "admin"}, reason="ticket 4711", sync=True)

    with audited("invoice.delete", target="17", category="database", type="deletion") as attempt:
        attempt.change(before=invoice.values())
        invoice.delete()                            # logged as a success, or with its error as a failure

An audit event cannot be filtered away by mistake. It has a level of its own, above CRITICAL, so that neither the level
of a logger or a handler nor ``logging.disable()`` keeps it out; and it goes straight to the handlers, past the level,
the filters and the ``disabled`` flag of its logger, which dictConfig sets on loggers it does not know. What still
counts is a handler's own filter, and ``propagate`` of the loggers above. Its ``log.level`` is ``audit``, which no rule
that looks for errors will take for one.

Who did it is ``user.id`` of the context, or the ``actor`` that is given. Nobody is made up: without either, the event
says ``audit.actor_known: false`` and the review lists it.
"""

from __future__ import annotations

import functools
import inspect
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal, ParamSpec, TypeVar

from logdojo.errors import InputError, UsageError
from logdojo.logsetup.audit.changes import Change, changes_between
from logdojo.logsetup.bridges.records import ExcInfo, make_record
from logdojo.logsetup.context import ContextFilter, current

P = ParamSpec("P")
R = TypeVar("R")
Outcome = Literal["success", "failure", "unknown"]

LEVEL: Final = logging.CRITICAL + 10
LEVEL_NAME: Final = "AUDIT"
LOGGER: Final = "logdojo.audit"
OUTCOMES: Final = frozenset({"success", "failure", "unknown"})
# Allowed values of ECS 8.17 (https://www.elastic.co/docs/reference/ecs/ecs-category-field-values-reference).
# fmt: off
CATEGORIES: Final = frozenset({
    "api", "authentication", "configuration", "database", "driver", "email", "file", "host", "iam",
    "intrusion_detection", "library", "malware", "network", "package", "process", "registry", "session", "threat",
    "vulnerability", "web",
})
TYPES: Final = frozenset({
    "access", "admin", "allowed", "change", "connection", "creation", "deletion", "denied", "device", "end", "error",
    "group", "indicator", "info", "installation", "protocol", "start", "user",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One audit event.

    Args:
        action: what was done, as a dotted verb: ``user.role.change``; value of ``event.action``.
        outcome: ``success``, ``failure``, or ``unknown`` where nobody can tell.
        category: ECS categories: ``iam``, ``configuration``, ``database``, …
        type: ECS types: ``access``, ``change``, ``creation``, ``deletion``, …
        actor: id of who did it; empty when it is not known.
        target: id of what it was done to.
        target_type: what kind of thing that is; of a ``user`` the id also stands in ``user.target.id``.
        changes: what became different.
        reason: why, in words.

    Raises:
        UsageError: an outcome, category or type is none of ECS, or there is no action.
    """

    action: str
    outcome: Outcome = "success"
    category: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    actor: str = ""
    target: str = ""
    target_type: str = ""
    changes: tuple[Change, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.action.strip():
            raise UsageError("an audit event needs an action", hint='name what was done, as in "user.role.change"')
        for field, values, allowed in (
            ("outcome", (self.outcome,), OUTCOMES),
            ("category", self.category, CATEGORIES),
            ("type", self.type, TYPES),
        ):
            for value in values:
                if value not in allowed:
                    raise UsageError(
                        f"audit event {self.action!r}: {value!r} is no event.{field} of ECS",
                        hint=f"use one of {', '.join(sorted(allowed))}",
                    )

    def fields(self) -> dict[str, object]:
        """Return the event under ECS names; what ECS has no name for stands under ``audit.``."""
        fields: dict[str, object] = {
            "event.kind": "event",
            "event.category": list(self.category),
            "event.type": list(self.type),
            "event.action": self.action,
            "event.outcome": self.outcome,
            "event.reason": self.reason,
            "user.id": self.actor,
            "user.target.id": self.target if self.target_type == "user" else "",
            "audit.target.id": self.target,
            "audit.target.type": self.target_type,
            "audit.changes": [change.entry() for change in self.changes],
        }
        return {name: value for name, value in fields.items() if value} | {"audit.actor_known": bool(self.actor)}


def audit(
    action: str,
    *,
    outcome: Outcome = "success",
    category: str | Sequence[str] = (),
    type: str | Sequence[str] = (),  # noqa: A002  # ECS calls it so
    actor: str = "",
    target: object = "",
    target_type: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
    sync: bool = False,
    logger: str = LOGGER,
    error: BaseException | None = None,
    stacklevel: int = 1,
) -> AuditEvent:
    """Log one audit event and return it.

    Args:
        action: what was done, as a dotted verb: ``user.role.change``.
        outcome: ``success``, ``failure``, or ``unknown`` where nobody can tell.
        category: one or several categories of ECS.
        type: one or several types of ECS.
        actor: id of who did it; the context's ``user.id`` when not given.
        target: id of what it was done to.
        target_type: what kind of thing that is.
        before: its values before. Only what differs is logged; values of sensitive names are masked.
        after: its values afterwards.
        reason: why, in words.
        sync: return only when the disk has the line, so that it survives a loss of power. Costs milliseconds.
        logger: name of the logger.
        error: the exception by which it failed.
        stacklevel: how many calls above this one the caller is who stands in the line.

    Raises:
        UsageError: the event is none, or ``sync`` is asked for and no handler writes to a file.
        InputError: ``sync`` is asked for, and the line is not on the disk.
    """
    event = AuditEvent(
        action,
        outcome,
        _several(category),
        _several(type),
        actor or current().get("user.id", ""),
        str(target),
        target_type,
        changes_between(before, after),
        reason,
    )
    log(event, sync=sync, logger=logger, error=error, stacklevel=stacklevel + 1)
    return event


def log(
    event: AuditEvent,
    *,
    sync: bool = False,
    logger: str = LOGGER,
    error: BaseException | None = None,
    stacklevel: int = 1,
) -> None:
    """Log an audit event that was made before; ``audit`` says what the arguments are and what is raised."""
    front = logging.getLogger(logger)
    frame = sys._getframe(stacklevel)  # noqa: SLF001  # logging itself finds its caller so
    exc_info: ExcInfo | None = (type(error), error, error.__traceback__) if error is not None else None
    record = make_record(
        front,
        LEVEL,
        message=_message(event),
        path=frame.f_code.co_filename,
        line=frame.f_lineno,
        function=frame.f_code.co_name,
        exc_info=exc_info,
        extras=event.fields(),
    )
    record.levelname = LEVEL_NAME
    # Here and now: a handler that writes in another thread sees no context there.
    ContextFilter().filter(record)
    durable = _durable_handlers(front) if sync else []
    if sync and not durable:
        raise UsageError(
            f"audit event {event.action!r}: sync was asked for, and no handler of logger {logger!r} writes to a file",
            hint="give setup() a file, or ask for no sync",
        )
    dropped = [_dropped(handler) for handler in durable]
    # Not front.handle(): that heeds the logger's filters and its disabled flag.
    front.callHandlers(record)
    for handler, before in zip(durable, dropped, strict=True):
        _sync(handler, before, event)


class Attempt:
    """An attempt that is going on; ``audited`` gives it to the block."""

    def __init__(self) -> None:
        self.before: Mapping[str, object] | None = None
        self.after: Mapping[str, object] | None = None
        self.given: dict[str, Any] = {}

    def change(self, *, before: Mapping[str, object] | None = None, after: Mapping[str, object] | None = None) -> None:
        """Note the values before or after the change; what is not given stays as it was noted."""
        self.before = dict(before) if before is not None else self.before
        self.after = dict(after) if after is not None else self.after

    def note(self, **given: Any) -> None:
        """Add to the event what is known only now, as arguments of ``audit``."""
        self.given |= given


class audited:  # noqa: N801  # used like a function: with audited(…), @audited(…)
    """Log how an attempt ends, also when it raises: as context manager or as decorator.

    The outcome is ``failure``, with the error, when an Exception leaves the block; ``unknown`` when it is left by
    KeyboardInterrupt, SystemExit or a task's cancellation, since nobody can tell then how far it came. The exception
    goes on in any case. As a context manager it is made anew for each block.

    Args:
        action: what is attempted.
        given: arguments of ``audit``.
    """

    def __init__(self, action: str, **given: Any) -> None:
        # Wrong arguments show now, and not in the middle of an attempt.
        AuditEvent(action, category=_several(given.get("category", ())), type=_several(given.get("type", ())))
        inspect.signature(audit).bind(action, **given)
        self.action = action
        self.given = given
        self._attempts: list[Attempt] = []

    def __enter__(self) -> Attempt:
        self._attempts.append(Attempt())
        return self._attempts[-1]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        attempt = self._attempts.pop()
        outcome: Outcome = "success" if error is None else "failure" if isinstance(error, Exception) else "unknown"
        given = {
            "outcome": outcome,
            "before": attempt.before,
            "after": attempt.after,
            "stacklevel": 2,
            **self.given,
            **attempt.given,
        }
        audit(self.action, error=error, **given)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return the function, each of whose calls is an attempt; coroutine functions too."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise UsageError(
                f"{function.__qualname__}: a generator ends when it is exhausted, not when it is called",
                hint="put the context manager into its body",
            )
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def attempt_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                with audited(self.action, **{"stacklevel": 3, **self.given}):
                    return await function(*args, **kwargs)

            return attempt_async  # type: ignore[return-value]  # R is a coroutine here

        @functools.wraps(function)
        def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
            with audited(self.action, **{"stacklevel": 3, **self.given}):
                return function(*args, **kwargs)

        return attempt


def _several(values: str | Sequence[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) and values else tuple(values)


def _message(event: AuditEvent) -> str:
    target = f" {event.target_type} {event.target}".replace("  ", " ") if event.target else ""
    return f"{event.actor or 'unknown actor'}: {event.action}{target}: {event.outcome}"


def _durable_handlers(logger: logging.Logger) -> list[logging.Handler]:
    """Return the handlers that a record of ``logger`` reaches and that can wait for the disk."""
    found, here = [], logger
    while True:
        found += [one for one in here.handlers if callable(getattr(one, "sync", None)) or _stream_fd(one) is not None]
        if not here.propagate or here.parent is None:
            return found
        here = here.parent


def _stream_fd(handler: logging.Handler) -> int | None:
    stream = getattr(handler, "stream", None) if isinstance(handler, logging.FileHandler) else None
    return stream.fileno() if stream is not None else None


def _dropped(handler: logging.Handler) -> int:
    counts = getattr(handler, "counts", None)
    return int(counts().dropped) if callable(counts) else 0


def _sync(handler: logging.Handler, dropped: int, event: AuditEvent) -> None:
    problem = ""
    try:
        handler.flush()
        sync, fd = getattr(handler, "sync", None), _stream_fd(handler)
        if callable(sync):
            sync()
        elif fd is not None:
            os.fsync(fd)
    except OSError as error:
        problem = error.strerror or str(error)
    if _dropped(handler) > dropped:
        problem = problem or "the handler could not write it"
    if problem:
        raise InputError(
            f"audit event {event.action!r} is not on the disk: {problem}",
            hint="see to the disk; the action itself may have been done",
        )
