"""Members are reminded and notified."""
