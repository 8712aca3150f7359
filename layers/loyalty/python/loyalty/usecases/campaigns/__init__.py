"""Campaigns as members and managers use them: joined, watched, and read for orders."""
