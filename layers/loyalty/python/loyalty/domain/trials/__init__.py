"""Trials: what a proposed document would have meant for the orders that were really made."""
