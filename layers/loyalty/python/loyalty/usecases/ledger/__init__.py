"""Spend points, correct them, and catch accounts up with the calendar."""
