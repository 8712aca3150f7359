"""Households: who is in one, and who may spend points of whom."""
