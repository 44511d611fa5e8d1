"""How soon `ganaug demo` and `ganaug app` speak, answer and are complete, each on a fresh workspace.

    python tests/benchmarks/start_time.py [REPETITIONS, default 3]

Seconds from the start of the process: first line on the terminal, first answer of the web page, demo in the workspace.
"""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from urllib.request import HTTPCookieProcessor, build_opener

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 120.0
TOKEN = "the-key-of-the-measurement"
IDLE_SECONDS = 3.0


def main(repetitions: int = 3) -> None:
    for verb in ("demo", "app"):
        starts = [one(verb) for _ in range(repetitions)]
        for place, what in enumerate(("first line", "first answer", "demo complete")[: 3 if verb == "demo" else 2]):
            seconds = sorted(start[place] for start in starts)
            print(f"{verb}: {what} {median(seconds):.2f} s ({seconds[0]:.2f} to {seconds[-1]:.2f})")
    print(f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")


def one(verb: str) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        home = Path(folder) / "workspace"
        environment = {**os.environ, "GANAUG_HOME": str(home), "PYTHONPATH": str(ROOT), "GANAUG_TOKEN": TOKEN}
        command = [sys.executable, "-m", "ganaug_core.cli", verb, "--no-browser", "--port", str(port)]
        begun = time.monotonic()
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        lines: list[float] = []
        reading = threading.Thread(target=_read, args=(process, lines, begun), daemon=True)
        reading.start()
        try:
            answered = until(lambda: answers(port), begun)
            whole = until(lambda: complete(home), begun) if verb == "demo" else answered
            time.sleep(IDLE_SECONDS)  # what runs beside the first answer shall not disturb the next start
        finally:
            process.terminate()
            process.wait(30)
            end_supervisor(home)
        return lines[0], answered, whole


def _read(process: "subprocess.Popen[str]", lines: list[float], begun: float) -> None:
    for line in process.stdout or ():
        if line.strip():
            lines.append(time.monotonic() - begun)


def until(done, begun: float) -> float:
    while not done():
        if time.monotonic() - begun > PATIENCE:
            sys.exit("It did not start.")
        time.sleep(0.02)
    return time.monotonic() - begun


def answers(port: int) -> bool:
    try:
        browser = build_opener(HTTPCookieProcessor())
        browser.open(f"http://127.0.0.1:{port}/?token={TOKEN}", timeout=5).close()
        with browser.open(f"http://127.0.0.1:{port}/", timeout=5) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def complete(home: Path) -> bool:
    shipped = len(list((ROOT / "assets" / "demo").rglob("manifest.json")))
    return len(list(home.rglob("manifest.json"))) >= shipped


def end_supervisor(home: Path) -> None:
    from ganaug_core.storage import locks

    for lock in home.rglob("supervisor.lock"):
        number = locks.holder(lock)
        if number is not None:
            os.kill(number, 15)
            time.sleep(1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
