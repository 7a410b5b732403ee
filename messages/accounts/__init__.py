"""Accounts of staff: invitations, second factors, step-up confirmation, sessions, and limits on guessing."""
