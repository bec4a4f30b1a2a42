"""Run the benchmarks of this folder, or those named: ``python -m tests.bench [anonymize ...]``."""

from __future__ import annotations

import importlib
import pkgutil
import sys

from tests import bench


def main(wanted: list[str]) -> int:
    """Run each module that has a ``main()``; return 1 when a named one does not exist."""
    modules = {
        each.name: importlib.import_module(f"tests.bench.{each.name}")
        for each in sorted(pkgutil.iter_modules(bench.__path__), key=lambda m: m.name)
        if each.name != "__main__"
    }
    found = [name for name, module in modules.items() if hasattr(module, "main")]
    unknown = sorted(set(wanted) - set(found))
    if unknown:
        print(f"no benchmark named {', '.join(unknown)}; there are: {', '.join(found)}", file=sys.stderr)
        return 1
    for name in wanted or found:
        print(f"== {name}", flush=True)
        modules[name].main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
