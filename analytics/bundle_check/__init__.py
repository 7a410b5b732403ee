"""Check a bundle: its hashes, its signature, and every number that follows from its counts."""
