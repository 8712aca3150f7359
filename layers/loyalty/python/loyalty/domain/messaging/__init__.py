"""Which messages a member is due, and when."""
