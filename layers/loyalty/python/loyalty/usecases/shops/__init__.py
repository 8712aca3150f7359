"""Connect shops, and apply their deliveries."""
