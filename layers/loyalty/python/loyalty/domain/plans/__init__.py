"""Paid plans of members: what is told of them, and on which days they run."""
