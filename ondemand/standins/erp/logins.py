"""One-time login links: signed, bound to the instance and the user, good for a minute and once."""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime

from ondemand.standins.erp.servers import Server, Visitor

SECONDS = 60
MOST_SESSIONS = 50


class BadLink(Exception):
    """A link that opens nothing; the message is for the visitor."""


def new_token(server: Server, visitor: Visitor, expires: datetime) -> str:
    claims = {
        "instance": server.id,
        "user": visitor.user,
        "display": visitor.display,
        "support": visitor.support,
        "expires": int(expires.timestamp()),
        "nonce": secrets.token_urlsafe(12),
    }
    payload = base64.urlsafe_b64encode(json.dumps(claims, separators=(",", ":")).encode()).decode()
    return f"{payload}.{_signature(server, payload)}"


def redeem(server: Server, token: str, now: datetime) -> str:
    """Opens a session for the token's user and returns its cookie's value; raises BadLink."""
    payload, _, signature = token.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(server, payload).encode()):
        raise BadLink("This login link is not one of this instance. Ask for a new one.")
    claims = json.loads(base64.urlsafe_b64decode(payload))
    if claims["nonce"] in server.redeemed:
        raise BadLink("This login link was used already: it opens the instance once. Ask for a new one.")
    if claims["expires"] < now.timestamp():
        raise BadLink(f"This login link has expired: it is good for {SECONDS} seconds. Ask for a new one.")
    _burn(server, claims["nonce"], claims["expires"], now)
    return _open(server, Visitor(claims["user"], claims["display"], claims["support"]))


def visitor(server: Server, cookie: str) -> Visitor | None:
    return server.sessions.get(_hash(cookie)) if cookie else None


def leave(server: Server, cookie: str) -> None:
    server.sessions.pop(_hash(cookie), None)


def _burn(server: Server, nonce: str, expires: float, now: datetime) -> None:
    for old in [key for key, until in server.redeemed.items() if until < now.timestamp() - 3600]:
        del server.redeemed[old]
    server.redeemed[nonce] = expires


def _open(server: Server, visitor: Visitor) -> str:
    cookie = secrets.token_urlsafe(24)
    server.sessions[_hash(cookie)] = visitor
    for oldest in list(server.sessions)[:-MOST_SESSIONS]:
        del server.sessions[oldest]
    return cookie


def _signature(server: Server, payload: str) -> str:
    return hmac.new(server.login_secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
