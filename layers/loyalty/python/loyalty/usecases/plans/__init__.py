"""Members' paid plans: what is told of them, and what a member has of them."""
