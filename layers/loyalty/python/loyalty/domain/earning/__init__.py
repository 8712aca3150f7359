"""What an order earns, what counts toward a level, and when points expire."""
