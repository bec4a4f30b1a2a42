"""``python -m logdojo.simulate``: a day of the company, drawn in text, or into a picture with ``--png FILE``."""

from __future__ import annotations

import argparse
from itertools import dropwhile
from pathlib import Path

from logdojo.simulate.company.chart import as_figure, as_text, day_of
from logdojo.simulate.company.timeline import DAY, FIRST_DAY, company_days


def main() -> None:
    """Draw a day."""
    parser = argparse.ArgumentParser(prog="python -m logdojo.simulate", description="Draw a simulated day.")
    parser.add_argument("--seed", type=int, default=1, help="seed of every choice")
    parser.add_argument("--day", type=int, default=1, help="which day to draw; 0 is the first, a Monday")
    parser.add_argument("--events", type=int, default=20_000, help="about how many lines a day")
    parser.add_argument("--png", type=Path, help="picture to write instead of text")
    wanted = parser.parse_args()
    begin = FIRST_DAY + wanted.day * DAY
    lines = company_days(days=wanted.day + 1, seed=wanted.seed, events_per_day=wanted.events)
    day = day_of(dropwhile(lambda item: item.time < begin, lines))
    if wanted.png is None:
        print(as_text(day))
    else:
        as_figure(day).savefig(wanted.png)


if __name__ == "__main__":
    main()
