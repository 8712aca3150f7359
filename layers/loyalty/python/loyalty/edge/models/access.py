"""Access tokens, and the keys that verify them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictStr

from loyalty.domain.kernel.fields import ExternalId
from loyalty.edge.http.schemas import AnswerPart, RequestPart


class AccessTokenRequest(RequestPart):
    """The storefront that a token is for."""

    audience: Annotated[
        ExternalId,
        Field(description="The storefront that will verify it, by an id that it chose for itself."),
    ]


class AccessTokenAnswer(AnswerPart):
    """A token that a storefront can verify by itself."""

    token: Annotated[
        StrictStr, Field(description="A JSON Web Token, signed with ES256 by a key of `jwks.json`.")
    ]
    expires_at: Annotated[
        datetime, Field(description="When it ends, in UTC: in ten minutes or less.")
    ]


class AccessKeyAnswer(AnswerPart):
    """A public key, as a JSON Web Key (RFC 7517)."""

    kty: Annotated[StrictStr, Field(description="Always `EC`.")]
    crv: Annotated[StrictStr, Field(description="Always `P-256`.")]
    use: Annotated[StrictStr, Field(description="Always `sig`.")]
    alg: Annotated[StrictStr, Field(description="Always `ES256`.")]
    kid: Annotated[StrictStr, Field(description="The key's id, as in the header of a token.")]
    x: Annotated[StrictStr, Field(description="The point's first coordinate, in base64url.")]
    y: Annotated[StrictStr, Field(description="The point's second coordinate, in base64url.")]


class AccessKeys(AnswerPart):
    """The keys that sign access tokens, as a JSON Web Key Set."""

    keys: Annotated[list[AccessKeyAnswer], Field(description="The keys; there is one.")]
