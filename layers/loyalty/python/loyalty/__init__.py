"""A serverless backend for customer loyalty."""

import gc

from loyalty import dataclass_code

# Before any other module of the package declares a dataclass.
dataclass_code.use(f"{__path__[0]}/{dataclass_code.FILE_NAME}")

# Almost everything that is made while a function starts stays. Looking for garbage among it, as
# often as Python does by itself, takes a tenth of the start.
gc.set_threshold(50_000)
