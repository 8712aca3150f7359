"""Households: join, leave and share; redeem with the points of all."""
