"""What handlers and models declare routes with: where a parameter comes from, and a whole response.

They take these names from here, so that no module of a function imports the library before our own
package, which brings the compiled methods of dataclasses along.
"""

from aws_lambda_powertools.event_handler.api_gateway import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path, Query

__all__ = ["Body", "Header", "Path", "Query", "Response"]
