"""Arms that hold several texts: what holds for these texts, and what for texts of their kind."""
