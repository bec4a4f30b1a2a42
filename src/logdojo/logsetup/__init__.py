"""An application's event → a log line, on the standard library's ``logging``.

configuration  one frozen settings object → a plain dictConfig; setup() and shutdown()
assembly       the plain values of a dictConfig → formatters and handlers
records        the record of the standard library, made in less time
context        user, session, transaction and trace ids in every record
carrying       … into threads, executors and processes;  traceparent: … over HTTP
fields         a record → ECS names;  exceptions: error.* without local variables
plain          any value → what JSON can hold, bounded and without line breaks
redaction      secrets out of message, arguments, extras, exceptions and URLs
encoding       a record → one line of JSON, quickly;  formatters: for machines, and for people
files          the line → a file that loses nothing: rotation by many processes, full disks, kill -9, archives
integrity      a hash chain with signed checkpoints, and their verification
encryption     archives that only the holder of a key can read
retention      how long archives are kept, and what holds them back
shipping       the file → Elasticsearch, OpenSearch, Splunk: written first, sent later
audit          who did what to whom;  review: who may read the log, where it is silent, who changed what
bridges        the same line from structlog and Loguru
testing        an unconfigured logging module for one block of code

Importing this configures nothing: ``setup()`` is an application's call, made once in its main program.
"""

from logdojo.logsetup.configuration import Keep, LogSettings, dict_config, setup, shutdown
from logdojo.logsetup.context import bind, current, scope
from logdojo.logsetup.formatters import HumanFormatter, JsonFormatter

__all__ = [
    "HumanFormatter",
    "JsonFormatter",
    "Keep",
    "LogSettings",
    "bind",
    "current",
    "dict_config",
    "scope",
    "setup",
    "shutdown",
]
