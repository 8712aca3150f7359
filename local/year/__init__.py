"""A year of a program's history, generated from a seed by the real use cases."""
