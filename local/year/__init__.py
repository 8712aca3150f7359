"""A year of a program that nobody waited for: made by the real use cases, with a seed."""
