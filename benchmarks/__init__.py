"""How good and how fast: run as ``python -m benchmarks.NAME``; docs/benchmarks.md says what each measures."""
