"""The page that a verdict leads to: use what works, or what to try next."""
