"""Events of structlog and Loguru → the very same log records, handlers and lines as those of ``logging``.

structlog    processors and a logger factory: its events become records of the standard library
loguru       a sink that turns Loguru's messages into such records, and a handler for the other direction

One front door means one file, one rotation, one redaction and one chain, whichever library a part of the application
logs with. Neither library is imported before its bridge is.
"""
