"""What the fuzzer calls: bytes of a line, of which one sound event must come. Run by ``parsing_soundness``.

    python -m tests.bench.parsing_fuzz -runs=100000 FOLDER_OF_SEEDS

Runs where atheris is installed; its options are those of libFuzzer.
"""

from __future__ import annotations

import importlib
import sys


def fuzz() -> None:
    """Fuzz until the runs are done; an exception ends the process with the line that raised it."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["logdojo.parse", "logdojo.events"]):
        parse_line = importlib.import_module("logdojo.parse").parse_line
        # Formats are read at the first line, which would count as new ground of whatever line it is.
        importlib.import_module("logdojo.parse.registry").registry()

    def one(data: bytes) -> None:
        line = data.decode("utf-8", "surrogateescape")
        event = parse_line(line)
        if event.original != line.rstrip("\r\n"):
            raise AssertionError("the line is not kept")
        if (event.fields.get("event.kind") == "pipeline_error") != bool(event.error):
            raise AssertionError("rejected without a reason, or with a reason and not rejected")
        for name, (start, stop) in event.spans.items():
            if line[start:stop] != str(event.fields[name]):
                raise AssertionError(f"{name} does not stand at {start}:{stop}")

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz()
