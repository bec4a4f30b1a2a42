"""Benchmarks: ``python -m tests.bench`` runs every module here that has a ``main()`` and prints what it measured.

Timings are never asserted in a test; they are compared here, with the peers measured in the same run.
"""
