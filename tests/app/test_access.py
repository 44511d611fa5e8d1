"""Who may see anything: without the link of this start nobody, from another site nobody, over the network nobody."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from test_server import Answer, ask

from ganaug_core import app_root, cli
from ganaug_core.errors import ConfigurationError
from ganaug_core.server import access, announcement, channel, passwords
from ganaug_core.storage import platform
from ganaug_core.storage.workspace import Workspace

ROUTES = (
    *("/", "/cohort", "/samples?cohort=small", "/api/preview/r1/2000.png", "/api/map/gone.bin", "/media/x.png"),
    *("/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/_stcore/upload_file/a/b", "/static/x.js"),
    *("/component/x/y", "/_stcore/bidi-components/x", "/app/static/x", "/openapi.json", "/favicon.png"),
    *("/audit", "/api/where.js"),
)
FOREIGN = (
    *("http://evil.example", "null", "http://localhost:9999", "http://127.0.0.1:8502", "https://localhost", "file://"),
    *("http://127.0.0.1:8501.evil.example", "chrome-extension://abc", "http://127.0.0.1.evil.example:8501", ""),
)
GRACE_SECONDS = 60


def asked(url: str, **headers: str) -> Answer:
    """Ask without the cookie."""
    return ask(url, cookie="", **headers)


# the token


@pytest.mark.parametrize("url", ROUTES)
@pytest.mark.parametrize("cookie", ["", "ganaug-8501=wrong", "ganaug-8502={value}", "ganaug-8501="])
def test_without_the_cookie_of_this_start_every_route_answers_401(filled: Workspace, url: str, cookie: str) -> None:
    answer = ask(url, cookie=cookie.format(value=access.cookie(8501)[1]))
    assert answer.status == 401
    assert access.OPEN_THE_LINK in answer.body.decode()
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers


def test_the_live_channel_is_refused_without_the_cookie(filled: Workspace) -> None:
    refused = asked("/_stcore/stream", kind="websocket")
    assert (refused.body, refused.status) == (b"websocket.close", channel.POLICY_VIOLATION)


def test_that_it_lives_is_all_that_a_stranger_learns(filled: Workspace) -> None:
    assert (asked("/healthz").status, asked("/healthz").body) == (200, b"ok")


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("/?token={token}", "/"),
        ("/samples?cohort=a%26b&token={token}&image=0001", "/samples?cohort=a%26b&amp;image=0001"),
        ("http://127.0.0.1:8501//evil.example/x?token={token}", "/evil.example/x"),
        ("/%5Cevil.example?token={token}", "/evil.example"),
        ("/%22%3E%3Cscript%3E?token={token}", "/%22%3E%3Cscript%3E"),
    ],
)
def test_the_link_gives_a_cookie_and_leads_on_without_the_token(filled: Workspace, url: str, leads_to: str) -> None:
    answer = asked(url.format(token=access.token()))
    assert answer.status == 200
    assert f'content="0;url={leads_to}"' in answer.body.decode()
    assert access.token() not in answer.body.decode()
    assert answer.headers["cache-control"] == "no-store"
    name, value = access.cookie(8501)
    assert answer.headers["set-cookie"] == f"{name}={value}; HttpOnly; Path=/; SameSite=strict"
    assert access.token() not in value
    assert ask("/api/preview/r1/2000.png").status == 200


@pytest.mark.parametrize("token", ["", "wrong", "ä", "0" * 5000])
def test_a_wrong_token_opens_nothing(filled: Workspace, token: str) -> None:
    answer = asked(f"/?token={token}")
    assert answer.status == 401
    assert "set-cookie" not in answer.headers


def test_an_old_link_works_for_whoever_is_in_and_loses_its_token(filled: Workspace) -> None:
    assert 'url=/samples"' in ask("/samples?token=that-of-yesterday").body.decode()


def test_a_link_of_another_site_is_asked_for_once_more_from_here(filled: Workspace) -> None:
    """A browser sends no strict cookie where another site's link leads; from our own page it does."""
    came = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    answer = asked("/samples?image=0001", **came)
    assert answer.status == 401
    assert 'content="0;url=/samples?image=0001"' in answer.body.decode()
    assert access.OPEN_THE_LINK in asked("/samples", **{**came, "sec-fetch-site": "same-origin"}).body.decode()
    assert access.OPEN_THE_LINK in asked("/samples", **{**came, "sec-fetch-mode": "no-cors"}).body.decode()


def test_behind_tls_the_cookie_stays_there(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = ask(f"/?token={access.token()}", scheme="https")
    assert answer.headers["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize("own", ["short", "with a blank in it", "äöüäöüäöüäöüäöüäöü", "a/b?c=d&e#fffffffffffff"])
def test_a_token_of_ones_own_that_does_not_fit_is_refused_before_the_start(
    home: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own: str
) -> None:
    monkeypatch.setenv("GANAUG_TOKEN", own)
    access.token.cache_clear()
    with pytest.raises(ConfigurationError):
        access.token()
    assert cli.run(["app", "--no-browser", "--workspace", str(home.root)]) == 2
    assert "GANAUG_TOKEN must have at least 16" in capsys.readouterr().err
    access.token.cache_clear()


def test_a_token_of_ones_own_is_that_of_every_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANAUG_TOKEN", "one-that-a-service-keeps")
    access.token.cache_clear()
    assert access.link("::1", 80) == "http://[::1]:80/?token=one-that-a-service-keeps"
    access.token.cache_clear()
    monkeypatch.delenv("GANAUG_TOKEN")
    assert len(access.token()) >= 43
    access.token.cache_clear()


# other sites


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_another_site_is_refused_even_with_the_cookie(filled: Workspace, origin: str, kind: str) -> None:
    answer = ask("/_stcore/stream", kind=kind, origin=origin)
    assert answer.status == (403 if kind == "http" else channel.POLICY_VIOLATION)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8501", "http://127.0.0.1:8501"),
        ("[::1]:8501", "http://[::1]:8501"),
        ("localhost:80", "http://localhost"),
        ("ganaug.hospital.example", "https://ganaug.hospital.example"),
        ("ganaug.hospital.example", "https://ganaug.hospital.example:443"),
    ],
)
def test_the_apps_own_pages_are_let_through(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch, host: str, origin: str
) -> None:
    monkeypatch.setenv("GANAUG_HOSTS", "ganaug.hospital.example")
    assert ask("/api/preview/r1/2000.png", host=host, origin=origin).status == 200


def test_streamlit_is_told_an_origin_that_it_knows_without_looking_outside() -> None:
    scope = {"headers": [(b"host", b"ganaug.hospital.example"), (b"origin", b"https://ganaug.hospital.example")]}
    assert (b"origin", b"http://localhost") in access._as_from_here(scope)["headers"]


def test_two_host_names_in_one_request_are_refused(filled: Workspace) -> None:
    assert ask("/", host="127.0.0.1:8501", Host="evil.example").status == 400


# floods


@pytest.mark.parametrize(
    ("messages", "let_through"),
    [
        ([{"bytes": b"x"}] * 1000, channel.BURST),
        ([{"bytes": b"x"}] * 5 + [{"bytes": b""}] * 100, 5),
        ([{"bytes": b"x"}, {"text": "hello"}, {"bytes": b"x"}], 1),
        ([{"bytes": b"x"}] * 100, 100),
    ],
)
def test_a_channel_that_floods_is_closed(
    monkeypatch: pytest.MonkeyPatch, messages: list[dict[str, Any]], let_through: int
) -> None:
    monkeypatch.setattr("ganaug_core.server.channel.time.monotonic", lambda: 5.0)
    waiting, sent = iter(messages), list[Any]()

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.receive", **next(waiting)}

    async def send(message: Any) -> None:
        sent.append(message)

    async def page() -> int:
        limited = channel.limited(receive, send)
        for count in range(len(messages)):
            if (await limited())["type"] == "websocket.disconnect":
                return count
        return len(messages)

    with ThreadPoolExecutor(1) as beside:  # as in test_server.py
        assert beside.submit(asyncio.run, page()).result() == let_through
    closed = [{"type": "websocket.close", "code": channel.POLICY_VIOLATION}]
    assert sent == (closed if let_through < len(messages) else [])


def test_whoever_waits_may_send_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("ganaug_core.server.channel.time.monotonic", lambda: now[0])
    allowance = channel.Allowance(burst=2, per_second=1)
    assert [allowance.take() for _ in range(3)] == [True, True, False]
    now[0] = 1.5
    assert [allowance.take() for _ in range(2)] == [True, False]


# passwords


def test_a_password_opens_where_a_file_says_so(
    filled: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "password"
    path.write_text(passwords.hashed("quite a long one"))
    assert "quite" not in path.read_text()
    monkeypatch.setattr(access, "WRONG_PASSWORD_SECONDS", 0.01)
    post = {"method": "POST", "cookie": ""}
    assert ask("/password", body=b"password=quite+a+long+one", **post).status == 401
    monkeypatch.setenv("GANAUG_PASSWORD_FILE", str(path))
    passwords.check(passwords.file())
    assert '<input type="password"' in asked("/samples").body.decode()
    for wrong in (b"", b"password=", b"password=quite a long on", b"\xff" * 100, b"password=" + b"a" * 10_000):
        answer = ask("/password", body=wrong, **post)
        assert (answer.status, "set-cookie" in answer.headers) == (401, False)
        assert "That was not the password" in answer.body.decode()
    answer = ask("/password", body=b"password=quite+a+long+one", **post)
    assert answer.status == 200
    assert "=".join(access.cookie(8501)) in answer.headers["set-cookie"]
    assert 'url=/"' in answer.body.decode()


@pytest.mark.parametrize("content", [None, b"", b"quite a long one", b"\xff\xfe"])
def test_a_password_file_that_lets_nobody_in_is_refused_before_the_start(
    home: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: bytes | None,
) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("GANAUG_PASSWORD_FILE", str(path))
    assert not passwords.matches("quite a long one", path)
    assert cli.run(["app", "--no-browser", "--workspace", str(home.root)]) == 2
    assert "holds no password" in capsys.readouterr().err


def test_the_command_writes_a_file_that_its_owner_alone_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["quite a long one", "short"])
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))
    assert cli.run(["password", str(tmp_path / "p")]) == 0
    assert passwords.matches("quite a long one", tmp_path / "p")
    assert (tmp_path / "p").stat().st_mode & 0o077 == 0
    assert cli.run(["password", str(tmp_path / "q")]) == 2
    assert not (tmp_path / "q").exists()


def test_with_json_the_answer_alone_goes_to_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt, *_: sys.stderr.write(prompt) and "quite a long one")
    assert cli.run(["password", str(tmp_path / "p"), "--json", "-"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told == {"schema": "ganaug.password/1", "file": str(tmp_path / "p")}
    assert passwords.matches("quite a long one", tmp_path / "p")


# the network


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "ganaug.example"])
def test_who_listens_for_others_unasked_answers_nobody(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(platform, "listening", lambda: [("127.0.0.1", 1), (address, 8501)])
    answer = ask("/")
    assert (answer.status, answer.body.decode()) == (403, access.OPEN_TO_OTHERS)
    monkeypatch.setattr(access, "START", access.Start(host=address))
    assert ask("/api/preview/r1/2000.png").status == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "::1%lo"])
def test_who_listens_for_this_machine_answers(filled: Workspace, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(platform, "listening", lambda: [(address, 8501), ("0.0.0.0", 22)])
    assert ask("/api/preview/r1/2000.png").status == 200


def test_a_host_that_others_reach_answers_to_its_own_names(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    name = socket.gethostname()
    assert ask("/api/preview/r1/2000.png", host=f"{name}:8501").status == (200 if name in access.LOCAL else 400)
    monkeypatch.setattr(access, "START", access.Start(host="0.0.0.0"))
    assert ask("/api/preview/r1/2000.png", host=f"{name}:8501").status == 200
    assert ask("/api/preview/r1/2000.png", host="evil.example:8501").status == 400


def test_the_terminal_says_what_it_means_that_others_can_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "listening", lambda: [("0.0.0.0", 8501)])
    announcement.announce(tmp_path)
    assert capsys.readouterr().out.strip() == access.OPEN_TO_OTHERS
    monkeypatch.setattr(access, "START", access.Start(host="0.0.0.0"))
    announcement.announce(tmp_path)
    said = capsys.readouterr().out
    assert access.link(socket.gethostname(), 8501) in said
    assert "not encrypted" in said
    assert "nginx:" in said
    assert "caddy:" in said


def test_the_browser_is_led_by_a_file_that_others_cannot_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr(platform, "listening", lambda: [("127.0.0.1", 8501)])
    monkeypatch.setattr(access, "START", access.Start(browser=True))
    announcement.announce(tmp_path)
    assert opened == [(tmp_path / "open.html").as_uri()]
    assert access.token() in (tmp_path / "open.html").read_text()
    assert (tmp_path / "open.html").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "uvicorn", "app:app", "--host", "0.0.0.0", "--port", "{port}"],
        ["-m", "streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.port", "{port}"],
    ],
    ids=["uvicorn", "streamlit"],
)
def test_every_other_way_of_opening_it_to_the_network_answers_nobody(
    workspace: Workspace, tmp_path: Path, command: list[str]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "log").open("wb") as log:
        started = subprocess.Popen(
            [sys.executable, *(word.format(port=port) for word in command)],
            cwd=app_root(),
            stdout=log,
            stderr=log,
            env={**_environment(), "GANAUG_HOME": str(workspace.root)},
        )
    try:
        assert _first_answer(port, started) == (403, access.OPEN_TO_OTHERS)
    finally:
        started.terminate()
        started.wait(30)
    assert access.OPEN_TO_OTHERS in (tmp_path / "log").read_text()
    assert "?token=" not in (tmp_path / "log").read_text()


def test_streamlits_own_variable_opens_nothing(
    home: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")
    assert cli.run(["app", "--no-browser", "--workspace", str(home.root)]) == 2
    assert "give --host" in capsys.readouterr().err


def _environment() -> dict[str, str]:
    import os

    return {name: value for name, value in os.environ.items() if not name.startswith(("GANAUG_", "STREAMLIT_"))}


def _first_answer(port: int, started: "subprocess.Popen[bytes]") -> tuple[int, str]:
    end = time.monotonic() + GRACE_SECONDS
    while started.poll() is None and time.monotonic() < end:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            time.sleep(0.1)
    return 0, "no answer"
