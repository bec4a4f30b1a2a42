"""What faults cost logdojo and its peers, in records.

    python -m tests.bench.logging_faults

Each scenario starts real processes, kills them, fills a real (small) disk, and reads what is in the files afterwards.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.faults import bad, context, disk, kill, rotate
from tests.bench.faults.writers import NEVER, Rotating

BOTH = Rotating(max_bytes=65_536, seconds=1, packed=True)
SIZE, TIME = Rotating(max_bytes=65_536), Rotating(seconds=1)
SIZE_PACKED = Rotating(max_bytes=65_536, packed=True)


def kills() -> None:
    """Print what twenty kills cost each writer."""
    print(f"\nkill -9 at saturation, {kill.SEEDS} seeds: records whose call had returned")
    print(f"{'writer':<44}{'accepted':>10}{'lost':>9}{'%':>7}{'doubled':>9}{'torn':>6}")
    with bulk_server() as server:
        rows = [("logdojo", NEVER, ""), ("logdojo", kill.ROTATING, ""), ("logdojo", kill.ROTATING, server)]
        for name, rotating, address in [*rows, *((peer, NEVER, "") for peer in kill.PEERS)]:
            runs = [kill.killed(name, seed, rotating=rotating, server=address) for seed in range(kill.SEEDS)]
            accepted, lost, doubled, torn = (sum(column) for column in zip(*runs, strict=True))
            told = ", rotating and compressing" * bool(rotating.packed) + ", shipping" * bool(address)
            print(
                f"{name + told:<44}{accepted:>10,}{lost:>9,}{100 * lost / accepted:>7.1f}{doubled:>9}{torn:>6}",
                flush=True,
            )


def rotations() -> None:
    """Print what rotation by many processes costs each writer."""
    print("\nrotation, files of 64 KiB and of 1 s, records of all processes")
    print(f"{'writer':<44}{'processes':>10}{'records':>9}{'lost':>9}{'doubled':>9}{'torn':>6}{'s':>7}")
    rows: list[tuple[str, Rotating, str]] = [
        ("logdojo", BOTH, "size, time, gz"),
        ("stdlib file", SIZE, "size"),
        ("stdlib file", TIME, "time"),
        ("Loguru", SIZE, "size"),
        ("Loguru", SIZE_PACKED, "size, gz"),
        ("concurrent-log-handler", SIZE_PACKED, "size, gz"),
        ("concurrent-log-handler", BOTH, "size, time, gz"),
    ]
    for processes, each in ((4, 4000), (16, 1500)):
        for name, rotating, told in rows:
            lost, doubled, torn, seconds = rotate.rotated(name, processes, each, rotating)
            row = f"{f'{name}, {told}':<44}{processes:>10}{processes * each:>9,}{lost:>9,}{doubled:>9}{torn:>6}"
            print(f"{row}{seconds:>7.1f}", flush=True)


def full_disks() -> None:
    """Print what a full disk costs each writer."""
    print(f"\nfull disk, tmpfs of {disk.DISK_BYTES:,} bytes, {disk.RECORDS + disk.AFTERWARDS:,} records")
    print(f"{'writer':<44}{'written':>10}{'lost':>9}{'reported':>9}{'torn':>6}{'raised':>8}{'stderr lines':>13}")
    for name in ("logdojo", "stdlib file", "stdlib queue", "Loguru", "concurrent-log-handler"):
        try:
            got = disk.filled(name)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"not measured: a small disk cannot be mounted here ({error})")
            return
        print(
            f"{name:<44}{got['written']:>10,}{got['lost']:>9,}{got['reported']:>9,}{got['torn']:>6}"
            f"{got['raised']:>8,}{got['stderr']:>13,}",
            flush=True,
        )


def contexts() -> None:
    """Print the share of records with the right ids."""
    print(f"\ncontext: share of {context.REQUESTS * context.LINES:,} records with the ids of their own request, in %")
    print(f"{'side':<44}" + "".join(f"{way:>10}" for way in context.WAYS))
    for side in context.SIDES:
        shares = [context.right(side, way) for way in context.WAYS]
        print(f"{side:<44}" + "".join(f"{100 * share:>10.1f}" for share in shares), flush=True)


def bad_ones() -> None:
    """Print what one bad record, filter or sink costs."""
    print(f"\none bad record, filter or sink among {bad.RECORDS:,} records: missing records (calls that raised)")
    print(f"{'writer':<44}" + "".join(f"{kind:>12}" for kind in bad.KINDS))
    for name in ("logdojo", "stdlib file", "stdlib queue", "Loguru", "concurrent-log-handler"):
        cells = ["{} ({})".format(*bad.damaged(name, kind)) for kind in bad.KINDS]
        print(f"{name:<44}" + "".join(f"{cell:>12}" for cell in cells), flush=True)


@contextmanager
def bulk_server() -> Iterator[str]:
    """Start a server of the bulk API that lives in memory; yield its address."""
    from osmem_server import OsmemServer

    with OsmemServer.start(japanese=False) as server:
        yield server.url
    server.process.stdout.close()


PARTS = {"kills": kills, "rotations": rotations, "full_disks": full_disks, "contexts": contexts, "bad_ones": bad_ones}


def main(wanted: list[str] | None = None) -> None:
    """Run the scenarios, or those named."""
    for name in wanted or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    assert Path("tests/bench").is_dir(), "run it from the repository's root"
    main(sys.argv[1:])
