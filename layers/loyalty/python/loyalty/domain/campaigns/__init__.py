"""What campaigns give: which count for an order, what each is worth, and what limits leave."""
