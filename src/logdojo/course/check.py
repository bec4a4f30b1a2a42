"""Checks: declared with ``@check`` in a plain file, run against the names that a learner defined.

    @check("redact_record", points=2)
    def keeps_the_level(lab):
        "Keep the record's level."
        assert lab.redact_record(record).levelno == record.levelno, "the level changed"

A check passes when it returns. Whatever else happens (a wrong answer, an error, an endless loop, ``sys.exit``) becomes
one line in the learner's words. What the learner's code prints or logs meanwhile never costs a point.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from logdojo.course.contain import contained
from logdojo.course.explain import explain, one_line
from logdojo.errors import CourseError

CHECK_SECONDS: Final = 5.0
"""Time limit of one check, in seconds; a check is written to take less than 0.05."""
_MARK: Final = "__logdojo_check__"
_F = TypeVar("_F", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one exercise.

    Args:
        exercise: the function or class that it checks.
        name: the check's own name, unique within its file.
        title: one line that says what is checked.
        points: what it is worth.
        run: takes the namespace object and raises when the check fails.
    """

    exercise: str
    name: str
    title: str
    points: int
    run: Callable[[Lookup], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found.

    Args:
        exercise: the exercise that was checked.
        check: the check's own name.
        title: one line that says what is checked.
        points: what was reached, 0 or ``possible``.
        possible: what the check is worth.
        reason: why the points were lost, in one line; empty when the check passed.
        ran_out: whether it was stopped by its time limit.
    """

    exercise: str
    check: str
    title: str
    points: int
    possible: int
    reason: str = ""
    ran_out: bool = False

    @property
    def passed(self) -> bool:
        """Whether the check passed."""
        return self.points == self.possible


class Lookup:
    """The names that a learner defined, as attributes: ``lab.redact_record``."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_names", names)

    def __getattr__(self, name: str) -> Any:
        """Return the learner's value of ``name``."""
        names: Mapping[str, Any] = object.__getattribute__(self, "_names")
        if name in names:
            return names[name]
        raise MissingNameError(name)


class MissingNameError(AttributeError):
    """A check asked for a name that the learner's code has not defined."""

    def __init__(self, name: str) -> None:
        super().__init__(f"`{name}` is not defined: run the cell that defines it")
        self.missing = name


def check(exercise: str, *, points: int = 1) -> Callable[[_F], _F]:
    """Declare the function under it as a check of ``exercise``.

    The function takes one argument, the namespace object, and its docstring says in one line what is checked.

    Args:
        exercise: name of the function or class that is checked.
        points: what the check is worth, at least 1.

    Raises:
        CourseError: the points or the docstring are not as they must be.
    """

    def declare(function: _F) -> _F:
        title = (function.__doc__ or "").strip()
        if not title or "\n" in title:
            raise CourseError(f"check {function.__name__}: its docstring must be one line", hint="say what is checked")
        if isinstance(points, bool) or not isinstance(points, int) or points < 1:
            raise CourseError(f"check {function.__name__}: points={points!r}", hint="give a whole number from 1 up")
        setattr(function, _MARK, Check(exercise, function.__name__, title, points, function))
        return function

    return declare


def load_checks(path: Path) -> list[Check]:
    """Return the checks that a file declares, in its order; ``sys.modules`` stays as it was.

    Raises:
        CourseError: the file cannot be run, or declares no check.
    """
    name = f"_logdojo_checks_{path.parent.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise CourseError(f"{path}: no such check file", hint="write it, or copy it beside the notebook")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name while the file runs; afterwards nothing may find it there.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except CourseError:
        raise
    except Exception as error:
        raise CourseError(
            f"{path}: {type(error).__name__}: {error}", hint="the check file must run by itself"
        ) from error
    finally:
        sys.modules.pop(name, None)
    checks = [mark for value in vars(module).values() if isinstance(mark := getattr(value, _MARK, None), Check)]
    if not checks:
        raise CourseError(f"{path}: declares no check", hint='decorate each with @check("exercise", points=…)')
    return checks


def load_all(paths: Iterable[Path]) -> list[Check]:
    """Return the checks of several files, public ones first.

    Raises:
        CourseError: a file cannot be loaded, or two checks share a name.
    """
    checks: list[Check] = []
    seen: dict[str, Path] = {}
    for path in paths:
        for one in load_checks(path):
            if one.name in seen:
                raise CourseError(f"{path}: check {one.name} is also in {seen[one.name]}", hint="rename one of them")
            seen[one.name] = path
            checks.append(one)
    return checks


def exercises_of(checks: Iterable[Check]) -> list[str]:
    """Return the names of the exercises that are checked, in the order of their first check."""
    return list(dict.fromkeys(one.exercise for one in checks))


def points_of(checks: Iterable[Check], exercise: str) -> int:
    """Return what an exercise is worth: the sum over its checks."""
    return sum(one.points for one in checks if one.exercise == exercise)


def run_check(one: Check, names: Mapping[str, Any], *, seconds: float = CHECK_SECONDS) -> Result:
    """Run one check against the learner's names; never raises what their code raises.

    Args:
        one: the check.
        names: the learner's namespace.
        seconds: time limit.
    """
    reason = ""
    with contained(seconds) as outcome:
        try:
            one.run(Lookup(names))
        except KeyboardInterrupt:
            raise
        # Whatever a learner's code raises, SystemExit included, is a result and not an accident.
        except BaseException as error:
            if outcome.is_limit(error):
                raise
            reason = _reason(error, one)
    if outcome.ran_out:
        reason = f"took longer than {seconds:g} s and was stopped: look for a loop that never ends"
    return Result(
        one.exercise, one.name, one.title, 0 if reason else one.points, one.points, reason, ran_out=outcome.ran_out
    )


def run_checks(checks: Iterable[Check], names: Mapping[str, Any], *, seconds: float = CHECK_SECONDS) -> list[Result]:
    """Run checks in order against the learner's names."""
    results: list[Result] = []
    for one in checks:
        results.append(run_check(one, names, seconds=time_for(one.exercise, results, seconds)))
    return results


def time_for(exercise: str, results: Iterable[Result], seconds: float) -> float:
    """Return the time limit of the next check: a tenth once a check of the same exercise ran out of time.

    Otherwise a function that never ends would cost the whole limit for each of its checks.
    """
    ran_out = any(result.ran_out and result.exercise == exercise for result in results)
    return seconds / 10 if ran_out else seconds


def _reason(error: BaseException, one: Check) -> str:
    if isinstance(error, MissingNameError):
        return str(error)
    if isinstance(error, AssertionError) and _raised_in(error, one.run):
        return one_line(error) or f"not so yet: {one.title}"
    return explain(error)


def _raised_in(error: BaseException, function: Callable[..., None]) -> bool:
    """Tell whether the innermost frame of ``error`` is in the file of ``function``."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename == function.__code__.co_filename
