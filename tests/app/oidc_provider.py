"""A small OpenID Connect provider, for tests: `python oidc_provider.py PORT REDIRECT_URI`. Real flow, real RS256 keys.

Discovery, an authorisation page where anybody says who they are, codes that work once (with PKCE where the client uses
it), client authentication, signed tokens, keys. A client gets tokens for `client` with the secret `secret-of-client`.
"""

import base64
import hashlib
import html
import secrets
import sys
import time
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "client", "secret-of-client"


class Provider:
    """What the endpoints share: the keys, and the codes given out."""

    def __init__(self, issuer: str, redirect_uri: str) -> None:
        self.issuer = issuer
        self.redirect_uri = redirect_uri
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.codes: dict[str, dict[str, Any]] = {}

    async def discovery(self, _request: Request) -> Response:
        """Where everything is."""
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def authorize(self, request: Request) -> Response:
        """Ask who it is; then back to the client with a code."""
        asked = dict(request.query_params)
        if asked.get("client_id") != CLIENT or asked.get("redirect_uri") != self.redirect_uri:
            return HTMLResponse("unknown client", 400)
        if request.method == "GET":
            return HTMLResponse(
                f'<form method="post" action="?{html.escape(urlencode(asked))}"><input name="email">'
                '<input name="verified" value="yes"><input name="seconds" value="600"><button>Go</button></form>'
            )
        said = {key: str(value) for key, value in (await request.form()).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked | said
        return RedirectResponse(f"{self.redirect_uri}?{urlencode({'code': code, 'state': asked['state']})}", 303)

    async def token(self, request: Request) -> Response:
        """A code for a token that says who it is."""
        form = {key: str(value) for key, value in (await request.form()).items()}
        basic = request.headers.get("authorization", "")
        if basic.startswith("Basic "):
            client, _, secret = base64.b64decode(basic[6:]).decode().partition(":")
        else:
            client, secret = form.get("client_id", ""), form.get("client_secret", "")
        asked = self.codes.pop(form.get("code", ""), None)
        if (client, secret) != (CLIENT, SECRET) or asked is None or form.get("redirect_uri") != self.redirect_uri:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if challenge := asked.get("code_challenge"):
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
                return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": asked["email"], "iat": now, "exp": now + int(asked["seconds"]),
            "nonce": asked.get("nonce"), "email": asked["email"], "email_verified": asked["verified"] == "yes",
        }  # fmt: skip
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        body = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 600}
        return JSONResponse(body | {"id_token": signed})

    async def jwks(self, _request: Request) -> Response:
        """The key to check tokens with."""
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})


def main(port: int, redirect_uri: str) -> None:
    """Serve on loopback until somebody ends it."""
    provider = Provider(f"http://localhost:{port}", redirect_uri)
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", provider.discovery),
            Route("/authorize", provider.authorize, methods=["GET", "POST"]),
            Route("/token", provider.token, methods=["POST"]),
            Route("/jwks", provider.jwks),
        ]
    )
    uvicorn.run(app, host="localhost", port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
