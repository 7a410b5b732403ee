"""Who is let in: invitations, second factors, fresh confirmations, sessions, and limits on guessing."""
