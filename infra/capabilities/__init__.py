"""The functions, each with its environment, its rights, and what wakes it."""
