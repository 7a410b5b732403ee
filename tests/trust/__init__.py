"""The promises about people's data, each run against the real server stack, each with a figure: `make trust`.

    python -m tests.trust [ROW ...] [--fast] [--faults] [--engine sqlite|postgresql]

Every row is shown to go red on a fault that is planted for it: tests.trust.faults lists them. docs/trust.md explains.
"""
