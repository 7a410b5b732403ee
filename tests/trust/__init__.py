"""Prove the privacy promises against the real server stack, each with a figure: `make trust`.

    python -m tests.trust [ROW ...] [--fast] [--faults] [--engine sqlite|postgresql]

Each row must also detect the faults that tests.trust.faults plants for it. See docs/trust.md.
"""
