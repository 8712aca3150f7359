"""Storefronts: connections, deliveries, customers, and discount codes."""
