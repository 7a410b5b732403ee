"""Real processes, killed at random under load; a database that is stopped; and a ledger that says what must be left.

    python -m tests.crash kills  --kills 500 --events 500000 [--engine postgresql]
    python -m tests.crash outage --minutes 15

`make test` runs both for a few seconds.
"""

# Faults to plant, so that these tests can be seen to find them; tests.crash.faults has them.
ANSWER_FIRST = "answer-first"  # says yes, and writes half a second later
NO_NOTE = "no-note"  # adds to the tallies without noting how far
DEAF = "deaf"  # one process never looks for new keys, not even before it refuses a receipt
FAULTS = (ANSWER_FIRST, NO_NOTE, DEAF)
