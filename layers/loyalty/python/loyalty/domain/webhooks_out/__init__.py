"""Webhooks out: a merchant's endpoints and the deliveries to them."""
