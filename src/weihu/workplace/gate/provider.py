"""Speaks to the bank's OpenID Connect provider, by Authlib. Imported by who needs it only: it takes a second to begin."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.django_client import OAuth
from joserfc.errors import JoseError
from requests import RequestException

SECONDS = 10
SIGNED_BY = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
"""ID tokens are taken with signatures by keys of the issuer, never by the client's secret or by none."""
WRONG = (OAuthError, JoseError, RequestException, OSError, ValueError, KeyError, RuntimeError)
"""What is raised for a provider that does not answer, or answers what it should not, and for a secret that is not there."""


def client() -> Any:
    """The workplace as the provider knows it, by the settings of now."""
    secret_file = os.environ.get("WEIHU_OIDC_SECRET_FILE", "")
    made = registered(os.environ["WEIHU_OIDC_ISSUER"], os.environ["WEIHU_OIDC_CLIENT"], secret_file)
    told = made.load_server_metadata()
    told["id_token_signing_alg_values_supported"] = sorted(
        SIGNED_BY & set(told.get("id_token_signing_alg_values_supported", []))
    )
    return made


@lru_cache(maxsize=1)
def registered(issuer: str, name: str, secret_file: str) -> Any:
    """The client of some settings. What the provider tells of itself is asked for once."""
    return OAuth().register(
        "bank",
        client_id=name,
        client_secret=Path(secret_file).read_text("utf-8").strip() if secret_file else None,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "default_timeout": SECONDS},
    )
