"""Households: who is in one, and which points they can spend."""
