"""Write or check every generated file with one start of Python."""

from typing import Final

from tools import bundles, chart, mails, openapi, recipes, reports, schemas, test_map
from tools.generated import main

EVERY: Final = tuple(
    tool.generated for tool in (openapi, schemas, chart, mails, bundles, recipes, reports, test_map)
)

if __name__ == "__main__":
    raise SystemExit(main(*EVERY))
