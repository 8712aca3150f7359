"""Endpoints are registered, and events are delivered to them."""
