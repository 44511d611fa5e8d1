"""The bars of safety at full size: each attack is tried, and says what it measured and whether the bar holds.

    python tests/benchmarks/bars.py [BAR ...]       all bars without a name; exit status 1 where one does not hold

Everything runs on this machine, against workspaces and servers of its own. The same attacks run at reduced size with
every test: `tests/app/test_access.py`, `test_words_and_uploads.py`, `test_foreign_text.py`, `test_withdrawal.py`,
`tests/steps/test_generators.py`, `test_crashes.py`, `test_odd_databases.py`, `test_full_disk.py`, `test_storage.py`,
`tests/browser/test_survival.py`, `test_outside.py`.
"""

import base64
import contextlib
import http.client
import io
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
for part in ("steps", "browser/outside"):
    sys.path.insert(0, str(ROOT / "tests" / part))
TOKEN = "the-key-of-the-bars"
PATIENCE = 120.0
FRAMES = 100_000

Bar = Callable[[Path], tuple[str, bool]]


# a server of one's own


class Server:
    """A running app: its port, process, workspace, and whoever of it looked outside."""

    def __init__(self, folder: Path, verb: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.home, self.outside = folder / "home", folder / "outside.log"
        trap = os.pathsep.join([str(ROOT / "tests" / "browser" / "outside"), str(ROOT)])
        environment = {"GANAUG_HOME": str(self.home), "GANAUG_TOKEN": TOKEN, "GANAUG_OUTSIDE_LOG": str(self.outside)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ganaug_core.cli", verb, "--no-browser", "--port", str(self.port)],
            env={**os.environ, **environment, "PYTHONPATH": trap},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + PATIENCE
        while not self._is_ready(verb):
            if time.monotonic() > end or self.process.poll() is not None:
                raise SystemExit("The app did not start.")
            time.sleep(0.2)

    def _is_ready(self, verb: str) -> bool:
        with contextlib.suppress(OSError):
            shipped = len(list((ROOT / "assets" / "demo").rglob("manifest.json"))) if verb == "demo" else 0
            return self.get("/healthz")[0] == 200 and len(list(self.home.rglob("manifest.json"))) >= shipped
        return False

    @property
    def cookie(self) -> str:
        import hmac

        return f"ganaug-{self.port}={hmac.new(TOKEN.encode(), b'ganaug cookie', 'sha256').hexdigest()}"

    def get(self, path: str, **headers: str) -> tuple[int, str, bytes]:
        """Return status, content type and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.putrequest("GET", path, skip_host=True)
            for name, value in {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie, **headers}.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, answer.headers.get("content-type", ""), answer.read()
        finally:
            connection.close()

    def channel(self, origin: str) -> socket.socket:
        """Ask for a live channel and return the socket, whatever was answered."""
        key = base64.b64encode(os.urandom(16)).decode()
        connection = socket.create_connection(("127.0.0.1", self.port), 60)
        headers = {"Host": f"127.0.0.1:{self.port}", "Origin": origin, "Cookie": self.cookie, "Upgrade": "websocket"}
        headers |= {"Connection": "Upgrade", "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13"}
        lines = ["GET /_stcore/stream HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        connection.sendall("\r\n".join(lines).encode())
        return connection

    @contextmanager
    def watched(self) -> Iterator[list[float]]:
        """Measure how long somebody else waits for an answer meanwhile, in seconds."""
        waits: list[float] = []
        ended = threading.Event()

        def watch() -> None:
            while not ended.is_set():
                begun = time.monotonic()
                self.get("/healthz")
                waits.append(time.monotonic() - begun)
                time.sleep(0.02)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield waits
        finally:
            ended.set()
            watcher.join()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        for process in psutil.process_iter(["cmdline"]):
            if str(self.home) in (process.info["cmdline"] or ()):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.terminate()


@contextmanager
def serving(folder: Path, verb: str = "app") -> Iterator[Server]:
    server = Server(folder, verb)
    try:
        yield server
    finally:
        server.close()


# the bars


def without_the_key(folder: Path) -> tuple[str, bool]:
    """Ten pages and thirteen kinds of routes, asked for without the cookie."""
    pages = [path.stem for path in (ROOT / "pages").glob("*.py")]
    routes = ["_stcore/health", "_stcore/host-config", "_stcore/metrics", "_stcore/script-health-check", "media/x.png"]
    routes += ["static/x.js", "component/x/y", "_stcore/bidi-components/x", "_stcore/upload_file/a/b"]
    with serving(folder, "demo") as server:
        name = next(path.name for path in (server.home / "artefacts").iterdir())
        routes += [f"api/image/samples/{name}/0.png", f"api/pixels/samples/{name}/0.bin", f"api/map/{name}.bin"]
        routes += ["api/preview/working/1000000.png"]
        answers = [server.get(f"/{place}", Cookie="")[0] for place in (*pages, *routes)]
    return f"{answers.count(401)} of {len(answers)} answer 401", set(answers) == {401}


def foreign_origins(folder: Path) -> tuple[str, bool]:
    """Twenty attempts of pages of other sites at the live channel."""
    with serving(folder) as server, server.watched() as waits:
        with ThreadPoolExecutor(20) as pool:
            channels = list(pool.map(server.channel, ["http://evil.example"] * 20))
        refused = sum(channel.recv(100).split()[1] == b"403" for channel in channels)
        time.sleep(1.0)
        attempts = server.outside.read_text().splitlines() if server.outside.exists() else []
    worst = max(waits)
    return f"{refused} of 20 refused, {len(attempts)} looks outside, others wait {worst:.2f} s at most", (
        refused == 20 and not attempts and worst < 1
    )


def floods(folder: Path) -> tuple[str, bool]:
    """A hundred thousand frames of four kinds through one live channel."""
    frames = {"empty": (2, b""), "ping": (9, b"x"), "junk": (2, os.urandom(64)), "text": (1, b"hello")}
    worst, ended = dict[str, float](), dict[str, bool]()
    with serving(folder) as server:
        for name, (kind, content) in frames.items():
            channel = server.channel(f"http://127.0.0.1:{server.port}")
            channel.recv(500)
            with server.watched() as waits:
                with contextlib.suppress(OSError):
                    for _ in range(FRAMES):
                        channel.sendall(bytes([0x80 | kind, 0x80 | len(content)]) + bytes(4) + content)
                time.sleep(5.0)  # what was sent is still being read
            worst[name] = max(waits)
            ended[name] = _is_ended(channel)
            channel.close()
    text = ", ".join(f"{name} {wait:.2f} s" for name, wait in worst.items())
    closed = [name for name in frames if ended[name]]
    return f"others wait at most {text}; closed: {', '.join(closed) or 'none'}", (
        max(worst.values()) < 1 and {"empty", "junk", "text"} <= set(closed)
    )


def _is_ended(channel: socket.socket) -> bool:
    """Whether the other side closed the channel: the connection ended, or one of its frames says so (RFC 6455)."""
    channel.settimeout(3.0)
    content = b""
    try:
        while chunk := channel.recv(1 << 16):
            content += chunk
        return True
    except TimeoutError:
        pass
    except OSError:
        return True
    while len(content) > 1:
        kind, length, start = content[0] & 0x0F, content[1] & 0x7F, 2
        if length > 125:
            start = 4 if length == 126 else 10
            length = int.from_bytes(content[2:start], "big")
        if kind == 8:
            return True
        content = content[start + length :]
    return False


VECTORS = (
    *("..", "../..", "%2e%2e", "%2e%2e%2f%2e%2e", "..%2f..%2fetc%2fpasswd", "..%5c..", "/etc/passwd"),
    *("%2fetc%2fpasswd", "a%00b", "%ff%fe", "x" * 5000, ".", ".hidden", "phantom%2f..%2f..", "C:%5cwindows"),
    *("con", "~", "%24HOME", "e" * 32, "f" * 32 + "%00", "-rf", quote("é" * 120)),
)


def paths(folder: Path) -> tuple[str, bool]:
    """Twenty-two paths that lead elsewhere against thirteen places of the routes."""
    with serving(folder, "demo") as server:
        name, image = "0" * 32, "0" * 12
        places = [
            *(f"/api/{{}}/{name}/{image}.png", f"/api/image/{{}}/{name}/{image}.png", "/api/map/{}.bin"),
            *(f"/api/image/samples/{{}}/{image}.png", f"/api/image/samples/{name}/{{}}.png", "/media/{}"),
            *(f"/api/pixels/samples/{{}}/{image}.bin", f"/api/pixels/samples/{name}/{{}}.json", "/static/{}"),
            *(f"/api/sprite/samples/{name}.png?ids={{}}", "/api/preview/{}/000000000.png"),
            *("/api/preview/working/{}.png", "/component/{}/index.html"),
        ]
        answers = [(place, server.get(place.format(vector))) for vector in VECTORS for place in places]
    odd = [
        place
        for place, (status, _, body) in answers
        if status >= 500 or (status == 200 and b"Streamlit Inc" not in body[:300])
    ]
    leaked = [place for place, (_, _, body) in answers if b"root:" in body]
    return f"{len(answers)} asked, {len(odd)} unexpected, {len(leaked)} leaks", not odd and not leaked


def generator_files(folder: Path) -> tuple[str, bool]:
    """Files that are refused by name, and a thousand random damages: nothing runs, nothing unexpected is raised."""
    import test_generators

    from ganaug_core.errors import GanaugError
    from ganaug_core.generators import files

    good = folder / "good.safetensors"
    run = test_generators.training()
    files.write(good, run.passport("small"), run.generator())
    content, chance = good.read_bytes(), random.Random(0)
    damaged = [(code, spoil(good)) for code, spoil in test_generators.REFUSED.values()]
    for _ in range(1000):
        changed = bytearray(content)
        for _ in range(chance.randint(1, 8)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        damaged.append(("", bytes(changed[: chance.choice((len(changed), chance.randrange(len(changed))))])))
    accepted, unexpected, slowest = 0, [], 0.0
    os.chdir(folder)
    for code, file in damaged:
        (folder / "suspect.safetensors").write_bytes(file)
        begun = time.monotonic()
        try:
            files.load(folder / "suspect.safetensors")
            accepted += bool(code)
        except GanaugError:
            pass
        except Exception as error:
            unexpected.append(repr(error)[:80])
        slowest = max(slowest, time.monotonic() - begun)
    executed = (folder / "executed").exists()
    text = f"{len(damaged)} files, {accepted} accepted, {len(unexpected)} unexpected, code run: {executed}"
    return f"{text}, {slowest:.1f} s at most", not accepted and not unexpected and not executed


def archives(folder: Path) -> tuple[str, bool]:
    """Archives that lead elsewhere, grow, or hold what is no file."""
    from ganaug_core.errors import GanaugError
    from ganaug_core.storage.workspace import Workspace
    from ganaug_core.ui.shared import uploads

    def packed(*members: tuple[Any, bytes]) -> io.BytesIO:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members:
                archive.writestr(name, data)
        content.name = "a.zip"
        return content

    def kind(mode: int) -> io.BytesIO:
        info = zipfile.ZipInfo("a/l.png")
        info.external_attr = mode << 16
        return packed((info, b"/etc/passwd"))

    names = [
        "../x",
        "a/../../x",
        "/etc/x",
        "C:/x",
        "a\\..\\x",
        "a/./x",
        "a//x",
        "a/\nb",
        "a/\u202eb",
        "x" * 300,
        "d/" * 30 + "x",
    ]
    tried = {name: packed((name, b"1")) for name in names}
    tried |= {f"mode {mode:o}": kind(mode) for mode in (0o120777, 0o010644, 0o020644, 0o060644, 0o140755)}
    tried |= {
        "one bomb": packed(("a/x.png", bytes(300 << 20))),
        "19,000 members of zeros": packed(*((f"a/{number}.png", bytes(65_000)) for number in range(19_000))),
        "100,000 members": packed(*((f"a/{number}", b"") for number in range(100_000))),
        "an archive inside": packed(("a/i.zip", b"PK")),
        "capitals": packed(("a/x", b"1"), ("A/X", b"2")),
        "a file and a folder": packed(("a", b"1"), ("a/x", b"2")),
    }
    workspace, accepted, slowest = Workspace(folder / "home"), [], 0.0
    for name, archive in tried.items():
        begun = time.monotonic()
        try:
            uploads.store_files([archive], workspace)  # type: ignore[list-item]
            accepted.append(name[:20])
        except GanaugError:
            pass
        slowest = max(slowest, time.monotonic() - begun)
    left = len(list(workspace.uploads.iterdir())) if workspace.uploads.exists() else 0
    return f"{len(tried)} archives, accepted: {accepted or 'none'}, {left} left, {slowest:.1f} s at most", (
        not accepted and left == 0 and slowest < 20
    )


def decisions(folder: Path) -> tuple[str, bool]:
    """Twenty threads write 200 decisions each while a training job writes its progress."""
    from ganaug_core.storage.database import Database
    from ganaug_core.storage.workspace import Workspace

    database, digest, waits = Database(Workspace(folder / "home").database_path), "0" * 64, list[float]()
    ended = threading.Event()

    def job() -> None:
        while not ended.is_set():
            with database.writing():
                time.sleep(0.005)
            time.sleep(0.02)

    def read(reader: int) -> None:
        for image in range(200):
            begun = time.monotonic()
            database.decide(digest, f"{image}", "keep", samples="s", reader=f"r{reader}")
            waits.append(time.monotonic() - begun)

    writer = threading.Thread(target=job)
    writer.start()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(read, range(20)))
    ended.set()
    writer.join()
    kept = len(database.decisions(digest))
    return f"{kept:,} of 4,000 kept, {max(waits):.2f} s to wait at most", kept == 4000


def kills(folder: Path) -> tuple[str, bool]:
    """A run is killed 26 times at random moments and ends with the weights of one that was not.

    A random moment rarely lies between two files of a checkpoint: those are tried one by one by tests.
    """
    import test_crashes

    program = test_crashes._KILLED.replace("while kills < 7:", "while kills < 26:")
    if program == test_crashes._KILLED:
        raise SystemExit("tests/steps/test_crashes.py kills in another way by now.")
    from dataclasses import replace

    from small_cohort import squares

    from ganaug_core.jobs import launch
    from ganaug_core.storage.workspace import Workspace

    launch.ensure = lambda workspace: None  # type: ignore[assignment]
    home = Workspace(folder / "home")
    made = squares((60, 60))
    home.keep(replace(made, groups=np.arange(len(made)), patients=np.arange(len(made))), "squares")
    images = test_crashes.BATCH * 2500
    for name in ("straight", "killed"):
        test_crashes.begun(home, name=name, images=images)
    config = repr(test_crashes.request(images=images).config)
    command = [sys.executable, "-W", "ignore", "-c", program, str(home.root), config]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        return f"ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}", False
    stops, killed = map(int, done.stdout.split())
    told, is_written_whole = by_tests("tests/steps/test_checkpoints.py")
    text = f"{killed} kills, resumed at {stops} different places, weights equal bit for bit; checkpoints: {told}"
    return text, killed >= 20 and is_written_whole


def page_loads(folder: Path) -> tuple[str, bool]:
    """Memory of the server over 300 page loads in a browser, after the first 60."""
    from playwright.sync_api import sync_playwright

    pages = [path.stem for path in sorted((ROOT / "pages").glob("*.py")) if path.stem != "cohort"]
    with serving(folder, "demo") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        memory = psutil.Process(server.process.pid)
        before = 0
        for number in range(300):
            context = browser.new_context() if number % 10 == 0 else context  # noqa: F821
            if number % 10 == 0:
                name, _, value = server.cookie.partition("=")
                context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{server.port}"}])
                page = context.new_page()
            page.goto(f"http://127.0.0.1:{server.port}/{pages[number % len(pages)]}")
            page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
            if number % 10 == 9:
                context.close()
            if number == 60:
                before = memory.memory_info().rss
        time.sleep(5)
        grown = (memory.memory_info().rss - before) / 1e6
        browser.close()
    return f"{grown:+.0f} MB from page 60 to page 300, {before / 1e6:.0f} MB before", grown < 100


def by_tests(*files: str, only: str = "") -> tuple[str, bool]:
    """Run attacks that are tests already, all of them in one process; one that is skipped does not hold."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        *files,
        *(["-k", only] if only else []),
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "CI": "true"}, check=False
    )
    last = (done.stdout.strip().splitlines() or ["nothing ran"])[-1].strip("= ")
    return last, done.returncode == 0 and "skipped" not in last


def hostile_text(folder: Path) -> tuple[str, bool]:
    """Hostile names, units, notes, passports and statements on all pages, and in Chromium."""
    return by_tests("tests/app/test_foreign_text.py", "tests/browser/test_outside.py", "tests/browser/test_looking.py")


def odd_databases(folder: Path) -> tuple[str, bool]:
    """Databases that are damaged, foreign, locked, replaced, half made, read-only or of another version."""
    return by_tests("tests/steps/test_odd_databases.py", "tests/parts/test_database.py")


def damaged_artefacts(folder: Path) -> tuple[str, bool]:
    """Twelve kinds of damage to each kind of artefact, on every page and with every verb."""
    return by_tests("tests/app/test_current_results.py", "tests/steps/test_storage.py", only="damage or hides or verb")


def full_disk(folder: Path) -> tuple[str, bool]:
    """A disk that fills up wherever something is written: imports, runs, results, exports, lists, the database."""
    steps = ("full_disk", "cli", "export", "checkpoints", "crashes", "jobs", "odd_databases")
    files = [f"tests/steps/test_{step}.py" for step in steps]
    return by_tests(*files, "tests/parts/test_database.py", only="disk")


def killed_processes(folder: Path) -> tuple[str, bool]:
    """Server, supervisor and worker killed at work, two supervisors, SIGTERM, a clock set back."""
    return by_tests("tests/browser/test_survival.py", "tests/steps/test_jobs.py", "tests/steps/test_crashes.py")


def canaries(folder: Path) -> tuple[str, bool]:
    """A canary in every text attribute of DICOM, in pictures, tables and names, through every import and export."""
    return by_tests("tests/steps/test_cohort_privacy.py")


def withdrawal(folder: Path) -> tuple[str, bool]:
    """A withdrawn patient, searched by registered copy in all arrays and pictures of a workspace."""
    return by_tests("tests/app/test_withdrawal.py")


BARS: dict[str, Bar] = {
    bar.__name__: bar
    for bar in (
        without_the_key, foreign_origins, floods, paths, generator_files, archives, decisions, kills, page_loads,
        hostile_text, odd_databases, damaged_artefacts, full_disk, killed_processes, canaries, withdrawal,
    )
}  # fmt: skip


def main(names: list[str]) -> int:
    held = True
    for name in names or list(BARS):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.monotonic()
            text, holds = BARS[name](Path(folder))
            os.chdir(ROOT)
        held &= holds
        seconds = time.monotonic() - begun
        sys.stdout.write(f"{'holds' if holds else 'FAILS'}  {name.replace('_', ' ')}: {text} ({seconds:.0f} s)\n")
        sys.stdout.flush()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
