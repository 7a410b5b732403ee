"""What was learned across campaigns: closed ones of ours, those of others, and averages of what matches."""
