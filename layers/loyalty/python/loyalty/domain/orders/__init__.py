"""Orders as the rules read them."""
