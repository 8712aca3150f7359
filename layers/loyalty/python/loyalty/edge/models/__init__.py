"""What callers send and what the API answers."""
