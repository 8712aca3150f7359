"""Measurements: how fast functions start, what requests cost, how many run at once."""
