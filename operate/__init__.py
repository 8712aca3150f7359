"""Commands for a deployed stage: check its account, try it, redrive batches, restore the table."""
