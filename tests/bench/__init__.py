"""Benchmarks: ``python -m tests.bench`` runs every ``bench_*.py`` here and prints what it measured.

Timings are never asserted in a test; they are compared here, with the baseline measured in the same run.
"""
