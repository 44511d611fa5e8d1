"""The image routes give exact pixels, unknown things are 404 without details, and every answer is guarded."""

import asyncio
import io
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette

from ganaug_core import pipeline, server
from ganaug_core.config.requests import ImportSamples
from ganaug_core.records import Map
from ganaug_core.server import access, decisions, images, latents, scripts
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace

FIRST = f"{0:012x}"
SYNTHETIC = f"{4096:012x}"
DRAWN = "r1-6-seed0"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def picture(self) -> Image.Image:
        return Image.open(io.BytesIO(self.body))


def ask(
    url: str,
    host: str = "127.0.0.1:8501",
    *,
    kind: str = "http",
    method: str = "GET",
    scheme: str = "",
    body: bytes = b"",
    **headers: str,
) -> Answer:
    """Ask our routes behind our middleware, as the server does; with the cookie, unless headers say otherwise."""
    access.host_names.cache_clear()
    headers = {"cookie": "=".join(access.cookie(8501)), **headers}
    settings = server.options()
    app = Starlette(routes=settings["routes"], middleware=settings["middleware"])
    parts = urlsplit(url)
    scope = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": method,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [
            (b"host", host.encode()),
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        ],
        "root_path": "",
        "scheme": scheme or kind,
        "server": ("127.0.0.1", 8501),
    }
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request" if kind == "http" else "websocket.connect", "body": body}

    async def send(message: dict) -> None:
        sent.append(message)

    with ThreadPoolExecutor(1) as beside:  # this process may have a loop already: that of the browser tests
        beside.submit(asyncio.run, app(scope, receive, send)).result()
    if kind == "websocket":
        return Answer(sent[0].get("code", 0), {}, sent[0]["type"].encode())
    headers = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))


def at(workspace: Workspace, kind: str, name: str) -> str:
    """Return what the routes call an artefact."""
    return f"{kind}/{workspace.artefact(kind, name)}"


def test_an_image_is_windowed_in_the_physical_unit(filled: Workspace) -> None:
    stored = filled.cohort("small").pixels[0, 0].astype(float)
    shown = np.asarray(ask(f"/api/image/{at(filled, 'cohorts', 'small')}/{FIRST}.png?low=4&high=12").picture, float)
    assert np.array_equal(shown, np.rint(np.clip((stored - 4) / 8, 0, 1) * 255))


def test_the_window_is_that_of_the_cohort_unless_given(filled: Workspace) -> None:
    stored = filled.cohort("small").pixels[0, 0].astype(float)
    shown = np.asarray(ask(f"/api/image/{at(filled, 'cohorts', 'small')}/{FIRST}.png").picture, float)
    assert np.abs(shown - stored / 16 * 255).max() <= 0.5


def test_a_synthetic_image_has_the_unit_of_its_cohort(filled: Workspace) -> None:
    header = json.loads(ask(f"/api/pixels/{at(filled, 'samples', DRAWN)}/{SYNTHETIC}.json").body)
    assert (header["unit"], header["low"], header["high"], header["type"]) == ("HU", 0, 16, "float32")
    values = np.frombuffer(ask(f"/api/pixels/{at(filled, 'samples', DRAWN)}/{SYNTHETIC}.bin").body, "<f4")
    expected = filled.cohort("small").intensity.physical(filled.samples(DRAWN).images[0]).ravel()
    assert np.array_equal(values, expected)


def test_imported_images_have_the_unit_of_the_cohort_that_they_imitate(filled: Workspace, tmp_path: Path) -> None:
    stored = np.arange(2 * 256, dtype=np.int16).reshape(2, 16, 16) % 17
    np.savez(tmp_path / "made.npz", images=stored, labels=np.array(filled.cohort("small").classes[:2]))
    pipeline.import_samples(filled, ImportSamples(source=str(tmp_path / "made.npz"), cohort="small", name="made"))
    image = filled.samples("made").ids[1]
    header = json.loads(ask(f"/api/pixels/{at(filled, 'samples', 'made')}/{image}.json").body)
    assert (header["unit"], header["low"], header["high"]) == ("HU", 0, 16)
    values = np.frombuffer(ask(f"/api/pixels/{at(filled, 'samples', 'made')}/{image}.bin").body, "<f4")
    assert values == pytest.approx(stored[1].ravel(), abs=1e-5)


def test_images_of_an_unknown_origin_have_no_unit(filled: Workspace) -> None:
    filled.remove("cohorts", "small")
    header = json.loads(ask(f"/api/pixels/{at(filled, 'samples', DRAWN)}/{SYNTHETIC}.json").body)
    assert (header["unit"], header["low"], header["high"]) == ("relative intensity", -1, 1)


def test_a_unit_that_becomes_known_is_used_at_once(filled: Workspace) -> None:
    where = f"/api/pixels/{at(filled, 'samples', DRAWN)}/{SYNTHETIC}.json"
    cohort = filled.cohort("small")
    filled.remove("cohorts", "small")
    assert json.loads(ask(where).body)["unit"] == "relative intensity"
    filled.keep(cohort, "small")
    assert json.loads(ask(where).body)["unit"] == "HU"


def test_the_passport_knows_the_unit_where_the_cohort_is_elsewhere(filled: Workspace) -> None:
    samples = filled.samples(DRAWN)
    provenance = {**samples.provenance, "generator": filled.identity("generators", "r1")}
    filled.keep(type(samples)(**{**vars(samples), "name": "s2", "provenance": provenance}), "s2")
    filled.remove("cohorts", "small")
    assert json.loads(ask(f"/api/pixels/{at(filled, 'samples', 's2')}/{SYNTHETIC}.json").body)["unit"] == "HU"


def test_stored_integers_come_as_they_are(filled: Workspace) -> None:
    header = json.loads(ask(f"/api/pixels/{at(filled, 'cohorts', 'small')}/{FIRST}.json").body)
    values = np.frombuffer(ask(f"/api/pixels/{at(filled, 'cohorts', 'small')}/{FIRST}.bin").body, "<i2")
    assert (header["type"], header["rows"], header["columns"], header["channels"]) == ("int16", 16, 16, 1)
    assert np.array_equal(values.reshape(16, 16), filled.cohort("small").pixels[0, 0])


def test_enlarging_to_nearest_invents_no_grey_level(filled: Workspace) -> None:
    plain = ask(f"/api/image/{at(filled, 'cohorts', 'small')}/{FIRST}.png").picture
    large = ask(f"/api/image/{at(filled, 'cohorts', 'small')}/{FIRST}.png?size=64&scale=nearest").picture
    smooth = ask(f"/api/image/{at(filled, 'cohorts', 'small')}/{FIRST}.png?size=64&scale=lanczos").picture
    assert np.array_equal(np.asarray(large)[::4, ::4], np.asarray(plain))
    assert smooth.size == large.size == (64, 64)
    assert not np.array_equal(np.asarray(smooth), np.asarray(large))


def test_a_sprite_holds_the_images_in_the_order_asked_for(filled: Workspace) -> None:
    ids = [f"{row:012x}" for row in (5, 0, 7)]
    sheet = np.asarray(
        ask(f"/api/sprite/{at(filled, 'cohorts', 'small')}.png?ids={','.join(ids)}&tile=16&columns=2").picture
    )
    assert sheet.shape == (32, 32)
    alone = np.asarray(ask(f"/api/image/{at(filled, 'cohorts', 'small')}/{ids[2]}.png").picture)
    assert np.array_equal(sheet[16:, :16], alone)


def test_a_gap_between_tiles_is_black() -> None:
    whole = np.asarray(images.sheet(np.full((3, 1, 8, 8), 200, np.uint8), columns=2, tile=8, gap=3))
    assert whole.shape == (19, 19)
    assert (whole[:, 8:11] == 0).all()
    assert (whole[8:11] == 0).all()
    assert int(whole.astype(int).sum()) == 3 * 64 * 200


def test_a_map_is_a_plain_table_of_bytes(filled: Workspace) -> None:
    n = 5
    positions = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    ids = np.array([f"{row:012x}" for row in range(n)])
    labels, roles, nearest = np.arange(n) % 2, np.arange(n) % 4, np.arange(n) - 1
    map_ = Map(
        encoder="simclr",
        cohort="small",
        synthetic="s",
        classes=("a", "b"),
        positions=positions,
        ids=ids,
        roles=roles,
        labels=labels,
        nearest=nearest,
        distances=np.ones(n, np.float32),
        trustworthiness=1,
        neighbour_hit_rate=1,
    )
    filled.keep(map_, "small--s--simclr")
    body = ask(f"/api/map/{filled.artefact('maps', 'small--s--simclr')}.bin").body
    assert len(body) == n * 26
    assert np.array_equal(np.frombuffer(body, "<f4", 2 * n).reshape(n, 2), positions)
    assert np.array_equal(np.frombuffer(body, "<i4", n, 8 * n), nearest)
    assert np.array_equal(np.frombuffer(body, np.uint8, 2 * n, 12 * n), np.concatenate([labels, roles]))
    assert body[14 * n :].decode() == "".join(ids)
    around = (np.arange(2 * n) % n).reshape(n, 2)
    filled.keep(replace(map_, neighbours=around, reaches=np.arange(n, dtype=np.float32)), "around")
    longer = ask(f"/api/map/{filled.artefact('maps', 'around')}.bin").body
    assert longer[: len(body)] == body
    assert np.array_equal(np.frombuffer(longer, "<f4", n, 26 * n), np.arange(n))
    assert np.array_equal(np.frombuffer(longer, "<i4", 2 * n, 30 * n).reshape(n, 2), around)


def test_a_preview_is_the_file_of_the_run(filled: Workspace) -> None:
    path = filled.folder("runs", "r1") / "previews" / "000002000.png"
    assert ask("/api/preview/r1/2000.png").body == path.read_bytes()


@pytest.mark.parametrize(
    "url",
    [
        "/api/image/cohorts/SMALL/ffffffffffff.png",
        "/api/image/cohorts/SMALL/..%2f..%2fganaug.png",
        "/api/image/cohorts/gone/000000000000.png",
        "/api/image/cohorts/small/000000000000.png",
        f"/api/image/cohorts/{'0' * 32}/000000000000.png",
        "/api/image/samples/SMALL/000000000000.png",
        f"/api/image/cohorts/{'a' * 300}/000000000000.png",
        "/api/image/cohorts/..%2fcohorts/000000000000.png",
        "/api/image/cohorts/SMALL%00/000000000000.png",
        f"/api/map/{'a' * 300}.bin",
        "/api/map/SMALL.bin",
        "/api/image/runs/r1/000000000000.png",
        "/api/image/cohorts/..%2fruns/000000000000.png",
        f"/api/image/cohorts/SMALL/{FIRST}.png?low=nan",
        f"/api/image/cohorts/SMALL/{FIRST}.png?low=abc",
        f"/api/image/cohorts/SMALL/{FIRST}.png?size=1e400",
        f"/api/image/cohorts/SMALL/{FIRST}.png?scale=bicubic",
        "/api/sprite/cohorts/SMALL.png",
        f"/api/sprite/cohorts/SMALL.png?ids={','.join([FIRST] * 513)}",
        "/api/map/gone.bin",
        "/api/preview/r1/1.png",
        "/api/preview/r1/-1.png",
        "/api/preview/..%2f..%2fr1/1000.png",
        "/api/unheard-of",
    ],
)
def test_what_cannot_be_had_is_404_and_tells_nothing(filled: Workspace, url: str) -> None:
    answer = ask(url.replace("SMALL", filled.artefact("cohorts", "small")))
    assert answer.status == 404
    assert answer.body in (b"Not Found", b"")


def test_a_preview_is_asked_for_anew_since_another_run_may_have_the_name(filled: Workspace) -> None:
    assert ask("/api/preview/r1/2000.png").headers["cache-control"] == "private, no-cache"


def test_an_enormous_size_is_brought_down(filled: Workspace) -> None:
    assert ask(f"/api/image/{at(filled, 'cohorts', 'small')}/{FIRST}.png?size=1e9").picture.size == (2048, 2048)


def test_images_stay_in_the_browser_of_the_one_who_asked(filled: Workspace) -> None:
    assert (
        ask(f"/api/image/{at(filled, 'cohorts', 'small')}/{FIRST}.png").headers["cache-control"].startswith("private")
    )


@pytest.mark.parametrize("url", ["/api/preview/r1/2000.png", "/api/map/gone.bin", "/"])
def test_every_answer_has_the_security_headers(filled: Workspace, url: str) -> None:
    headers = ask(url).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8501", "127.0.0.1.evil.example", "", "[::2]:8501"])
def test_a_foreign_host_name_is_refused(filled: Workspace, host: str) -> None:
    assert ask("/api/preview/r1/2000.png", host=host).status == 400
    assert ask("/_stcore/stream", host=host, kind="websocket").body == b"websocket.close"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8501", "127.0.0.1:1", "[::1]:8501", "[::1]"])
def test_this_machine_may_ask_by_all_its_names(filled: Workspace, host: str) -> None:
    assert ask("/api/preview/r1/2000.png", host=host).status == 200


def test_more_hosts_can_be_allowed(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANAUG_HOSTS", "ganaug.hospital.example")
    assert ask("/api/preview/r1/2000.png", host="ganaug.hospital.example").status == 200


@pytest.mark.parametrize(("url", "leads_to"), [("/start", "/"), ("/start?cohort=a%26b", "/?cohort=a%26b")])
def test_the_first_page_has_a_name_too(filled: Workspace, url: str, leads_to: str) -> None:
    answer = ask(url)
    assert (answer.status, answer.headers["location"]) == (307, leads_to)


@pytest.mark.parametrize("url", ["/", "/?cohort=small", "/audit", "/feature_map?samples=s"])
def test_a_page_says_where_the_server_is_before_streamlit_looks_for_it(filled: Workspace, url: str) -> None:
    answer = ask(url)
    page = answer.body.decode()
    (script,) = re.findall(r'<head>\s*<script src="([^"]*)"></script>', page)
    assert page.count("<script src") == 1
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.headers["cache-control"] == "no-cache"
    said = ask(script)
    assert said.headers["content-type"].startswith("text/javascript")
    assert said.body.startswith(b"window.__streamlit = { BACKEND_BASE_URL: window.location.origin }\n")


def test_a_picture_is_packed_without_loss_and_no_larger_than_before() -> None:
    noise = np.random.default_rng(0).normal(128, 30, (256, 256)).clip(0, 255).astype(np.uint8)
    packed = images.as_png(Image.fromarray(noise))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(packed))), noise)
    before = io.BytesIO()
    Image.fromarray(noise).save(before, "PNG", compress_level=4)
    assert len(packed) <= 1.02 * before.getbuffer().nbytes


def test_a_script_has_an_address_of_its_own_that_browsers_keep(filled: Workspace) -> None:
    address = scripts.address("part", "export default 1\n")
    answer = ask(address)
    assert (answer.status, answer.body) == (200, b"export default 1\n")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert scripts.address("part", "export default 2\n") != address
    assert ask("/api/script/part-0000.js").status == 404


def test_the_head_of_a_page_is_that_of_the_page(filled: Workspace) -> None:
    assert ask("/audit", method="HEAD").headers == ask("/audit").headers


def test_the_web_process_imports_nothing_heavy() -> None:
    code = """
import importlib, pkgutil, sys
import ganaug_core.server, ganaug_core.ui
for module in pkgutil.walk_packages(ganaug_core.ui.__path__, "ganaug_core.ui."):
    if module.name != "ganaug_core.ui.shared.main":
        importlib.import_module(module.name)
print(sorted({"torch", "sklearn", "umap", "scipy", "SimpleITK", "numba"} & set(sys.modules)))
"""
    root = Path(server.__file__).resolve().parent.parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_decision_is_on_the_disk_when_its_answer_comes_and_what_no_page_sends_is_refused(filled: Workspace) -> None:
    url = decisions.address(filled.artefact("samples", DRAWN))
    entry = {"number": 1, "images": [SYNTHETIC], "decision": "reject", "reason": "blurred", "note": "", "reader": "ann"}
    heard = ask(url, method="POST", body=json.dumps({"session": "s", "entries": [entry]}).encode())
    known = {"ann": {SYNTHETIC: ["reject", "blurred", ""]}}
    assert json.loads(heard.body) == {"applied": 1, "problem": None, "decisions": known}
    (kept,) = Database(filled.database_path).decisions(filled.samples(DRAWN).digest)
    assert (kept.image, kept.decision, kept.reader, kept.samples) == (SYNTHETIC, "reject", "ann", DRAWN)
    for body in (b"", b"[]", b'{"session": "s", "entries": [{"number": 2}]}', b"[" * 9000):
        assert ask(url, method="POST", body=body).status == 400, body
    assert ask(url, method="POST", body=b" " * (decisions.LARGEST + 1)).status == 413
    assert ask(decisions.address("f" * 32), method="POST", body=b"{}").status == 404
    assert ask(url, method="POST", body=b"{}", cookie="").status == 401
    assert len(Database(filled.database_path).decisions(filled.samples(DRAWN).digest)) == 1


def test_images_are_drawn_from_recipes_by_a_process_of_their_own(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Sampler:
        def kept(self, line: str) -> None:
            return None

        def may_wait(self) -> bool:
            return True

        def play(self, line: str) -> list[bytes]:
            asked.append(line)
            if len(asked) == 1:
                raise EOFError("it was idle too long")
            return [b'{"images": 1}\n', b"\1\2"] if "seed" in line else [b'{"what": "No.", "do": "Else."}']

    monkeypatch.setattr(latents, "sampler", lambda root: Sampler())
    artefact = filled.artefact("generators", "r1")
    answer = ask(f"/api/latents/{artefact}", method="POST", body=b'[{"place": {"seed": 0}}]')
    assert (answer.status, answer.body) == (200, b'{"images": 1}\n\1\2')
    assert len(asked) == 2, "another one is asked"
    assert json.loads(asked[1]) == {"generator": "r1", "artefact": artefact, "recipes": [{"place": {"seed": 0}}]}
    refused = ask(f"/api/latents/{artefact}", method="POST", body=b"[]")
    assert (refused.status, json.loads(refused.body)["what"]) == (400, "No.")
    assert ask(f"/api/latents/{'0' * 32}", method="POST", body=b"[]").status == 404
    assert ask(f"/api/latents/{artefact}", method="POST", body=b"{").status == 400
    assert ask(f"/api/latents/{artefact}", method="POST", body=b"[" + b" " * latents.LONGEST_WISH).status == 413
