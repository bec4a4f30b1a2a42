"""``python -m logdojo`` is the same as the ``logdojo`` command."""

from logdojo.cli import main

main()
