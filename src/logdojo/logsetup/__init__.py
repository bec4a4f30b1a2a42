"""An application's event → a log line, on the standard library's ``logging``.

    configuration   one frozen settings object → a plain dictConfig; setup() and shutdown()
    formatters      a record → one line: JSON under ECS names for machines, text for people
    plain           any value → what JSON can hold, bounded and without line breaks
    context         user, session, transaction and trace ids in every record
    testing         an unconfigured logging module for one block of code

Importing this configures nothing: ``setup()`` is an application's call, made once in its main program.
"""

from logdojo.logsetup.configuration import LogSettings, dict_config, setup, shutdown
from logdojo.logsetup.context import bind, current, scope
from logdojo.logsetup.formatters import HumanFormatter, JsonFormatter

__all__ = [
    "HumanFormatter",
    "JsonFormatter",
    "LogSettings",
    "bind",
    "current",
    "dict_config",
    "scope",
    "setup",
    "shutdown",
]
