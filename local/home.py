"""Where the local cloud keeps its things, and what it opens."""

from local.cloud import ROOT

HOME = ROOT / ".local"
RECORD = HOME / "cloud.json"
EXAMPLE = ROOT / "examples" / "coffee.json"
PROGRAM_ID = "bean-and-leaf"
