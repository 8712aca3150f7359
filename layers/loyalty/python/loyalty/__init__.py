"""A serverless backend for customer loyalty."""

import gc

# Almost everything that is made while a function starts stays. Looking for garbage among it, as
# often as Python does by itself, takes a tenth of the start.
gc.set_threshold(50_000)
