"""Recommendations: what a member may like next, from what many members bought together."""
