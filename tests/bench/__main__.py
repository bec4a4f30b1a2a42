"""Run the benchmarks of this folder, or those named: ``python -m tests.bench [anonymize ...]``."""

from __future__ import annotations

import importlib
import pkgutil
import sys

from tests import bench


def main(wanted: list[str]) -> int:
    """Run each module ``bench_*`` that has a ``main()``; return 1 when a named one does not exist."""
    found = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if module.name.startswith("bench_"))
    unknown = [name for name in wanted if f"bench_{name}" not in found]
    if unknown:
        print(f"no benchmark named {', '.join(unknown)}; there are: {', '.join(found)}", file=sys.stderr)
        return 1
    for name in [f"bench_{each}" for each in wanted] or found:
        print(f"== {name.removeprefix('bench_')}", flush=True)
        importlib.import_module(f"tests.bench.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
