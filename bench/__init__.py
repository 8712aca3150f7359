"""Measurements: what starts how fast, what a request costs, how many there can be at once."""
