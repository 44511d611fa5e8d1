"""Every page in a real browser: cold, without an error, without a word to anybody else, and without torch."""

import re
import socket
from pathlib import Path

import pytest
from conftest import key
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from ganaug_core.records import Cohort
from ganaug_core.ui.shared import frame

PAGES = {
    screen.name: screen.title
    for screens in frame.SECTIONS.values()
    for screen in screens
    if frame.path(screen.name).is_file()
}
HEAVY = ("libtorch", "SimpleITK", "umap", "llvmlite")


def address(name: str) -> str:
    return "/" if name == frame.FIRST else f"/{name}"


def path_field(page: Page) -> Locator:
    """Unfold the import where a cohort is shown already, and return the field for a path on the server."""
    if page.get_by_text("Load another cohort").count():
        page.get_by_text("Load another cohort").click()
    return page.get_by_role("textbox", name="Folder, NPZ file or CSV table")


@pytest.mark.parametrize("name", list(PAGES))
def test_a_cold_deep_link_opens_its_page(app, small_cohort: Cohort, name: str) -> None:
    page = app.open(address(name))
    expect(page.get_by_role("heading", level=1)).to_have_text(PAGES[name])
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_text("Research use only. Not for diagnosis.")).to_be_visible()


def test_the_first_screen_shows_images_of_the_newest_cohort(app, small_cohort: Cohort) -> None:
    page = app.open("/cohort")
    expect(page.get_by_text("48", exact=True).first).to_be_visible()
    expect(page.get_by_alt_text("images of the class square").first).to_be_visible()


def test_the_choice_stands_in_the_address(app, small_cohort: Cohort) -> None:
    page = app.open("/cohort")
    expect(page).to_have_url(app.server.address + "/cohort?cohort=drawings")


def test_the_back_button_leaves_the_page_again(app, small_cohort: Cohort) -> None:
    app.page.goto("about:blank")
    app.foreign.clear()
    page = app.open("/cohort")
    expect(page).to_have_url(app.server.address + "/cohort?cohort=drawings")
    page.get_by_role("link", name="Training").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Training")
    app.settled()
    for _ in range(2):
        page.go_back()
        app.settled()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cohort")


def test_every_answer_has_the_strict_content_policy(app) -> None:
    response = app.page.request.get(app.server.address + "/")
    policy = response.headers["content-security-policy"]
    assert "script-src 'self' blob:;" in policy
    assert "connect-src 'self'" in policy
    assert response.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(("host", "status"), [("evil.example", b"400"), ("127.0.0.1", b"101")])
def test_the_live_channel_opens_only_under_our_own_name(app, host: str, status: bytes) -> None:
    port, cookie = int(app.server.address.rpartition(":")[2]), key(app.server.address)
    request = (
        f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: http://{host}:{port}\r\nUpgrade: websocket\r\n"
        f"Cookie: {cookie['name']}={cookie['value']}\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request.encode())
        assert connection.recv(100).split()[1] == status


def test_a_folder_on_the_server_is_imported_and_shown(app) -> None:
    folder = Path(app.server.log).parent / "shapes"
    for name in ("left", "right"):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            image = Image.new("L", (32, 32), 20 + 5 * number)
            start = 2 if name == "left" else 18
            image.paste(200, (start, 4 + number // 2, start + 12, 20 + number // 2))
            image.save(folder / name / f"{number}.png")
    page = app.open("/cohort")
    field = path_field(page)
    field.fill(str(folder))
    field.press("Enter")
    # for a moment the field of the run before stands beside the new one
    expect(page.locator("input[aria-label='Name of the cohort'][value='shapes']")).to_have_count(1)
    expect(page.get_by_label("Name of the cohort")).to_have_count(1)
    app.settled()
    page.wait_for_load_state("networkidle")  # an image that comes late moves the button away under the click
    page.get_by_role("button", name="Import these images").click()
    expect(page.get_by_alt_text("images of the class left").first).to_be_visible(timeout=120_000)
    expect(page).to_have_url(app.server.address + "/cohort?cohort=shapes")


def test_a_path_outside_the_roots_is_refused_without_telling_whether_it_exists(app) -> None:
    page = app.open("/cohort")
    field = path_field(page)
    messages = set()
    for path in ("/etc", "/no/such/place"):
        field.fill(path)
        field.press("Enter")
        alert = page.get_by_role("alert").filter(has_text="That path is not there")
        expect(alert).to_be_visible()
        messages.add(alert.inner_text())
    assert len(messages) == 1


def test_a_run_is_paused_survives_a_reload_goes_on_and_gives_a_generator(app, small_cohort: Cohort) -> None:
    page = app.open("/training?cohort=drawings")
    minutes = page.get_by_role("spinbutton", name="Minutes of training")
    minutes.fill("0.4")
    minutes.press("Enter")
    app.settled()
    page.get_by_role("textbox", name="Name of the run").fill("short")
    page.get_by_role("textbox", name="Name of the run").press("Enter")
    app.settled()
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(re.compile("run=short"))
    expect(page.get_by_role("img", name=re.compile("Generated images")).first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused.")).to_be_visible(timeout=30_000)
    page.reload()
    app.settled()
    expect(page.get_by_text("Paused.")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Finished.")).to_be_visible(timeout=90_000)
    page.get_by_role("link", name="See the generator").click()
    expect(page.get_by_text("Self-test passed")).to_be_visible()
    expect(page).to_have_url(re.compile("generator=short"))


def test_the_web_process_never_loads_torch(app, small_cohort: Cohort) -> None:
    for name in PAGES:
        app.open(address(name))
    maps = Path(f"/proc/{app.server.process.pid}/maps").read_text()
    assert [module for module in HEAVY if module in maps] == []
