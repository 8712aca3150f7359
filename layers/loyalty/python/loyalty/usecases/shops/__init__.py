"""A shop is connected, and what it delivers is applied."""
