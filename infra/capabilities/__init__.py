"""The functions, each with what it is told, what it may do, and what wakes it."""
