"""Who may see anything: whoever opened the link of this start, under a name of this machine, from the app's own pages.

Every start has a token. The printed link carries it once and turns it into a cookie that scripts cannot read and that
other sites do not send; without it every route answers 401, on this machine too, where others may have accounts. The
rules are those of Jupyter's server. A web page of another site is refused before Streamlit sees it: it would look up
the addresses of this machine outside to compare them.
"""

import asyncio
import hmac
import html
import ipaddress
import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ganaug_core.errors import ConfigurationError
from ganaug_core.server import channel, passwords
from ganaug_core.storage import platform

POLICY = (
    "default-src 'self'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOCAL = ("localhost", "127.0.0.1", "::1")
TOKEN = "token"  # in the address of the link
LEAST_TOKEN = 16
HEALTH = "/healthz"
PASSWORD = "/password"
LONGEST_PASSWORD = 4096
WRONG_PASSWORD_SECONDS = 1.0  # between two attempts, whoever makes them
OPEN_THE_LINK = "Open the link that the terminal printed when ganaug was started."
OPEN_TO_OTHERS = (
    "ganaug was started in a way that opens it to other machines, so it answers nobody. Start it with ganaug app, or "
    "with ganaug app --host ADDRESS where others shall reach it."
)


@dataclass
class Start:
    """How this process was started: `ganaug app` says it, every other way of starting leaves this machine alone.

    Attributes:
        host: Address to listen on.
        browser: Whether a browser is opened.
    """

    host: str = "127.0.0.1"
    browser: bool = False


START = Start()


@lru_cache
def token() -> str:
    """Return the token of this start: `GANAUG_TOKEN`, or a new one of 256 random bits.

    Raises:
        ConfigurationError: `GANAUG_TOKEN` is too short or holds characters that an address does not.
    """
    own = os.environ.get("GANAUG_TOKEN", "")
    if not own:
        return secrets.token_urlsafe(32)
    if len(own) < LEAST_TOKEN or quote(own, safe="") != own:
        raise ConfigurationError(
            f"GANAUG_TOKEN must have at least {LEAST_TOKEN} letters, digits or any of - . _ ~ and nothing else.",
            do="Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
            code="token",
        )
    return own


def cookie(port: int | None) -> tuple[str, str]:
    """Return name and value of the cookie; cookies do not know ports, so each port has a name of its own."""
    return f"ganaug-{port or 0}", hmac.new(token().encode(), b"ganaug cookie", "sha256").hexdigest()


def link(host: str, port: int) -> str:
    """Return the link that lets a browser in."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/?{TOKEN}={token()}"


def is_loopback(address: str) -> bool:
    """Whether an address, or `localhost`, can be reached from this machine only."""
    try:
        return address == "localhost" or ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def is_open_to_others(port: int | None) -> bool:
    """Whether this process listens on the port for other machines without having been asked to."""
    if port is None or not is_loopback(START.host):
        return False
    return any(listening == port and not is_loopback(address) for address, listening in platform.listening())


@lru_cache
def host_names() -> frozenset[str]:
    """Return the names under which the server answers: this machine, and those in `GANAUG_HOSTS` (commas between).

    Without the check a web page of another site could give its own name this machine's address and read images. Where
    other machines may come, the names and addresses of this one are its own too.
    """
    names = {*LOCAL, *(name.strip().lower() for name in os.environ.get("GANAUG_HOSTS", "").split(","))}
    if not is_loopback(START.host):
        names |= {START.host, socket.gethostname().lower(), socket.getfqdn().lower(), *platform.addresses()}
    return frozenset(names - {""})


class Access:
    """Middleware: refuse who may not come, and add the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.closed = lru_cache(is_open_to_others)
        self.attempt = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        async def secured(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._answer(HTTPConnection(scope))
        if answer is None and _types_password(scope):
            answer = await self._try_password(Request(scope, receive))
        if answer is None:
            allowed = channel.limited(receive, send) if scope["type"] == "websocket" else receive
            await self.app(_as_from_here(scope), allowed, secured)
        elif scope["type"] == "http":
            await answer(scope, receive, secured)
        else:
            await _refuse_channel(answer, scope, receive, secured)

    def _answer(self, asked: HTTPConnection) -> Response | None:
        """Return our own answer, None where the app may give its own."""
        if self.closed(_port(asked)):
            return PlainTextResponse(OPEN_TO_OTHERS, status_code=403)
        hosts = asked.headers.getlist("host")
        if len(hosts) != 1 or _host_name(hosts[0]) not in host_names():
            return PlainTextResponse("Unknown host", status_code=400)
        if any(not _is_own(origin, hosts[0]) for origin in asked.headers.getlist("origin")):
            return PlainTextResponse("Another site asked", status_code=403)
        return _door(asked)

    async def _try_password(self, request: Request) -> Response:
        """Let in whoever knows the password, one attempt after the other."""
        content = b""
        async for chunk in request.stream():
            content += chunk
            if len(content) > LONGEST_PASSWORD:
                return _password_page(wrong=True)
        given = parse_qs(content.decode("utf-8", "replace")).get("password", [""])[0]
        async with self.attempt:
            if await asyncio.to_thread(passwords.matches, given, passwords.file()):
                return _let_in(request, path="/")
            await asyncio.sleep(WRONG_PASSWORD_SECONDS)
        return _password_page(wrong=True)


def _door(asked: HTTPConnection) -> Response | None:
    """Return what somebody gets who asks by the right name: None, and thereby the app, with the cookie."""
    if asked.scope["type"] == "http" and asked.scope["path"] == HEALTH:
        return PlainTextResponse("ok")
    name, value = cookie(_port(asked))
    is_known = _equal(asked.cookies.get(name, ""), value)
    if asked.scope["type"] == "http" and TOKEN in asked.query_params:
        is_known = is_known or _equal(asked.query_params[TOKEN], token())
        return _let_in(asked) if is_known else _without_cookie(asked)
    return None if is_known or _types_password(asked.scope) else _without_cookie(asked)


def _types_password(scope: Scope) -> bool:
    posted = scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", PASSWORD)
    return posted and passwords.file() is not None


def _port(asked: HTTPConnection) -> int | None:
    server: Sequence[int | None] | None = asked.scope.get("server")
    return server[1] if server else None


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _host_name(host: str) -> str:
    """Return the host name that was asked for, without its port."""
    lower = host.lower()
    return lower[1 : lower.find("]")] if lower.startswith("[") else lower.partition(":")[0]


def _is_own(origin: str, host: str) -> bool:
    """Whether a page of this very server asked: the same name and port, whether or not a proxy adds TLS."""
    parts = urlsplit(origin.lower())
    usual = {"http": ":80", "https": ":443"}.get(parts.scheme)
    return usual is not None and parts.netloc.removesuffix(usual) == host.lower().removesuffix(usual)


def _as_from_here(scope: Scope) -> Scope:
    """Return a request as Streamlit shall see it: it knows this origin without looking up anything outside."""
    headers = [(name, b"http://localhost" if name == b"origin" else value) for name, value in scope["headers"]]
    return {**scope, "headers": headers}


def _let_in(asked: HTTPConnection, path: str | None = None) -> Response:
    """Give the cookie and go to the same address without the token.

    The page leads on by itself, and not the status: a browser that came from another site does not send the new cookie
    where a status leads.
    """
    name, value = cookie(_port(asked))
    answer = _leading_to(path or _address_without_token(asked))
    secure = asked.scope["scheme"] in ("https", "wss")
    answer.set_cookie(name, value, httponly=True, samesite="strict", secure=secure)
    return answer


def _address_without_token(asked: HTTPConnection) -> str:
    query = urlencode([(key, value) for key, value in asked.query_params.multi_items() if key != TOKEN])
    path = "/" + quote(asked.scope["path"].lstrip("/\\"))
    return f"{path}?{query}" if query else path


def _leading_to(address: str, status: int = 200) -> HTMLResponse:
    head = f'<meta http-equiv="refresh" content="0;url={html.escape(address)}">'
    return HTMLResponse(_page("", head), status_code=status, headers={"Cache-Control": "no-store"})


def _without_cookie(asked: HTTPConnection) -> Response:
    """Return the answer to somebody without the cookie.

    A browser does not send it where a link of another site leads here, so the page asks once more from here.
    """
    if asked.headers.get("sec-fetch-site") == "cross-site" and asked.headers.get("sec-fetch-mode") == "navigate":
        return _leading_to(_address_without_token(asked), status=401)
    if passwords.file():
        return _password_page()
    return HTMLResponse(_page(f"<p>{OPEN_THE_LINK}</p>"), status_code=401, headers={"Cache-Control": "no-store"})


def _password_page(*, wrong: bool = False) -> Response:
    form = (
        f"<p>{'That was not the password. ' if wrong else ''}{OPEN_THE_LINK} Or type the password.</p>"
        f'<form method="post" action="{PASSWORD}"><input type="password" name="password" aria-label="Password" '
        'autocomplete="current-password" autofocus> <button>Open</button></form>'
    )
    return HTMLResponse(_page(form), status_code=401, headers={"Cache-Control": "no-store"})


def _page(body: str, head: str = "") -> str:
    style = "body{background:#0B0D10;color:#E8EAED;font:1.1rem sans-serif;margin:4rem}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>ganaug</title>{head}'
        f"<style>{style}</style></head><body>{body}</body></html>"
    )


async def _refuse_channel(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a live channel with the status of an answer where the server can say one, else by closing it."""
    await receive()
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": channel.POLICY_VIOLATION})
        return
    await send({"type": "websocket.http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
    await send({"type": "websocket.http.response.body", "body": answer.body})
