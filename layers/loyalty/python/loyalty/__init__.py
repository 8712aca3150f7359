"""A loyalty backend: members earn points, points buy rewards, reports say what it brings in."""
