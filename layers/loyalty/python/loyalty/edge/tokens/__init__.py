"""Bearer tokens: signed JSON Web Tokens of the issuers that a deployment trusts."""
