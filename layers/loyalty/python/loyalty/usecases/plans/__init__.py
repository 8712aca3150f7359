"""Members' paid plans: tellings, and the plan that follows from them."""
