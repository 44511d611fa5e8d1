"""Nothing leaves the machine: every server of these tests runs in a trap, which must be able to catch something."""

import http.client
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import OUTSIDE, OUTSIDE_LOG, TOKEN, App, key, outside_attempts

from ganaug_core.server.access import OPEN_THE_LINK

ATTEMPTS = {
    "a name": "import socket; socket.getaddrinfo('example.org', 443)",
    "a request": "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=1)",
    "a datagram": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "the address of this machine": "from streamlit import net_util; net_util.get_internal_ip()",
    "its address outside": "from streamlit import net_util; net_util.get_external_ip()",
}


@pytest.mark.parametrize("attempt", list(ATTEMPTS))
def test_the_trap_catches(tmp_path: Path, attempt: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(OUTSIDE), "GANAUG_OUTSIDE_LOG": str(tmp_path / OUTSIDE_LOG)}
    subprocess.run([sys.executable, "-c", ATTEMPTS[attempt]], env=environment, check=False, capture_output=True)
    assert outside_attempts(tmp_path)


def test_a_page_of_another_site_makes_the_server_look_up_nothing(app: App) -> None:
    """Streamlit alone compares a foreign origin with this machine's address outside, which it asks two services for."""
    port, cookie = int(app.server.address.rpartition(":")[2]), key(app.server.address)
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Cookie": f"{cookie['name']}={cookie['value']}",
    }
    for origin in ("http://evil.example", "http://localhost:9999", "null"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/_stcore/stream", headers={**headers, "Origin": origin})
        assert connection.getresponse().status == 403
    assert outside_attempts(app.server.log.parent) == []


def test_nobody_gets_in_without_the_link_and_the_link_lets_a_browser_in(app: App) -> None:
    app.page.context.clear_cookies()
    for path in ("/", "/audit", "/samples?cohort=drawings"):
        app.page.goto(app.server.address + path)
        assert app.page.locator("body").inner_text() == OPEN_THE_LINK
    app.page.goto(f"{app.server.address}/samples?token={TOKEN}")
    app.page.wait_for_url(f"{app.server.address}/samples*")
    app.settled()
    assert TOKEN not in app.page.url
    assert app.page.get_by_role("heading", level=1).inner_text() == "Samples"
    (cookie,) = [entry for entry in app.page.context.cookies() if entry["name"].startswith("ganaug-")]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert TOKEN not in cookie["value"]
    assert TOKEN not in app.page.content()


def test_a_link_on_another_site_opens_for_whoever_is_in(app: App) -> None:
    app.page.goto(app.server.address + "/")
    app.settled()
    app.page.goto("about:blank")
    app.page.route(
        "http://elsewhere.example/*",
        lambda route: route.fulfill(
            content_type="text/html", body=f'<a href="{app.server.address}/audit">a report</a>'
        ),
    )
    app.page.goto("http://elsewhere.example/")
    app.page.get_by_text("a report").click()
    app.page.wait_for_url(f"{app.server.address}/audit*")
    app.settled()
    assert app.page.get_by_role("heading", level=1).inner_text() == "Audit"
    app.foreign.clear()
