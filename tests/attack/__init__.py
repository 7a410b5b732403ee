"""Attacks on a whole installation by whoever can reach its public surface: `python -m tests.attack flood`."""
