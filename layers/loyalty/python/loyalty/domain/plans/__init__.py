"""Paid plans of members: their tellings, and the days on which they run."""
