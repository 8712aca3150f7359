"""Orders: they arrive, change, are refunded, or wait for a guest to enroll."""
