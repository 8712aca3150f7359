"""Mail to members, and the pages that its links open."""
