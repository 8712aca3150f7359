"""Engagement: what orders count, how far members come by it, and what they are given."""
