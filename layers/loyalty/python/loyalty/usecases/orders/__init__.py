"""An order arrives, changes, is refunded, or waits for a guest to enroll."""
