"""What comes after a result: put a message to use, or plan the next trial from it."""
