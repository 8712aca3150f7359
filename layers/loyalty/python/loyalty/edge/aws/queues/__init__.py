"""Queues: batches of records in, messages out."""
