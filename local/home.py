"""The local cloud's folder, and the program that it opens."""

from local.cloud import ROOT

HOME = ROOT / ".local"
RECORD = HOME / "cloud.json"
EXAMPLE = ROOT / "examples" / "coffee.json"
PROGRAM_ID = "bean-and-leaf"
