"""Links with which named people read a campaign's results without an account: given, opened by a code, withdrawn."""
