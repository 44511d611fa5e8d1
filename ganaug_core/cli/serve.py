"""ganaug app | demo | password | worker | doctor"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug_core import __version__, app_root
from ganaug_core.cli import console
from ganaug_core.errors import ConfigurationError, WorkspaceError

if TYPE_CHECKING:
    from ganaug_core.storage.workspace import Workspace

Port = Annotated[
    int | None, typer.Option(metavar="N", help="Port on this machine; else 8501, or the next that is free.")
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")]
THIS_MACHINE = "127.0.0.1"
Host = Annotated[
    str, typer.Option(metavar="ADDRESS", help="Address to listen on; any but this machine's own lets others come.")
]


def app(
    port: Port = None,
    host: Host = THIS_MACHINE,
    workspace: console.Workspace = None,
    no_browser: NoBrowser = False,
) -> None:
    """Open the web app, for this machine only; the link that it prints lets a browser in."""
    _serve(_prepared(workspace, port), port, host, no_browser)


def demo(
    port: Port = None,
    host: Host = THIS_MACHINE,
    workspace: console.Workspace = None,
    no_browser: NoBrowser = False,
) -> None:
    """Open the web app on the embedded demo: a cohort, a working and two broken generators, their maps and audits."""
    home = _prepared(workspace, port)
    from ganaug_core import atlas

    if atlas.prepare(home, ready=lambda: typer.echo("The demo is ready.")):
        typer.echo("Preparing the demo: a cohort and three generators with their maps and audits. Pages show it then.")
    _serve(home, port, host, no_browser)


def password(file: Path, json: console.Json = None) -> None:
    """Ask for a password and write its hash to a file, for services: GANAUG_PASSWORD_FILE names it."""
    from ganaug_core.server import passwords
    from ganaug_core.storage.workspace import write_atomic

    words = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=json is not None)
    write_atomic(file.absolute(), f"{passwords.hashed(words)}\n".encode())
    file.chmod(0o600)
    document = {"schema": "ganaug.password/1", "file": str(file)}
    console.answer(document, f"Wrote {file}. Start with GANAUG_PASSWORD_FILE={file}", json)


def worker(
    trainings: Annotated[int, typer.Option(min=1, help="Runs that may train at once.")] = 1,
    workspace: console.Workspace = None,
) -> None:
    """Be the supervisor that starts the workers, for a service manager; it is started on demand otherwise."""
    from ganaug_core.jobs import supervisor
    from ganaug_core.storage.workspace import Workspace

    supervisor.Supervisor(Workspace(workspace), trainings=trainings, idle_seconds=float("inf")).run()


def doctor(json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Say what is installed, what can run here, and how much room there is."""
    import platform
    from importlib.metadata import version

    from ganaug_core.storage.workspace import Workspace

    home = Workspace(workspace)
    device, threads = _device()
    document: dict[str, Any] = {
        "schema": "ganaug.doctor/1",
        "version": __version__,
        "python": platform.python_version(),
        "torch": version("torch"),
        "device": device,
        "threads": threads,
        "encoders": _encoders(),
        "workspace": str(home.root),
        "free_bytes": home.free_bytes(),
    }
    rows = [(key, str(value)) for key, value in document.items() if key not in ("schema", "encoders", "free_bytes")]
    rows += [("free", f"{document['free_bytes'] / 1e9:,.1f} GB")]
    rows += [
        (f"encoder {name}", f"{encoder['say']} {encoder['do']}".strip())
        for name, encoder in document["encoders"].items()
    ]
    console.answer(document, console.table(rows), json)


def _prepared(folder: Path | None, port: int | None) -> "Workspace":
    """Say at once that something happens, then open the workspace: what comes now takes seconds to load.

    Raises:
        WorkspaceError: The port is taken, or the workspace cannot be written.
        ConfigurationError: The token or the password file lets nobody in, or another address was set elsewhere.
    """
    typer.echo(f"ganaug {__version__}: starting the web app; its address follows in a few seconds.")
    from ganaug_core.storage import platform

    if port is not None and platform.is_port_taken(port):
        raise WorkspaceError(
            f"Port {port} is used by another program.", do=f"Try --port {port + 1}, or leave --port away.", code="port"
        )
    if os.environ.get("STREAMLIT_SERVER_ADDRESS") not in (None, "localhost", THIS_MACHINE):
        raise ConfigurationError(
            "STREAMLIT_SERVER_ADDRESS does not open ganaug to other machines.",
            do="Unset it; where others shall come, give --host.",
            code="host",
        )
    from ganaug_core.server import access, passwords
    from ganaug_core.storage.workspace import Workspace

    access.token()
    passwords.check(passwords.file())
    workspace = Workspace(folder)
    typer.echo(f"Workspace: {workspace.root}")
    return workspace


def _serve(workspace: "Workspace", port: int | None, host: str, no_browser: bool) -> None:
    """Run Streamlit in this process, as `streamlit run app.py` would."""
    os.environ["GANAUG_HOME"] = str(workspace.root)
    from ganaug_core.server import access

    access.START.host, access.START.browser = host, not no_browser
    from streamlit.web.cli import main as streamlit

    from ganaug_core.storage import locks

    flags = ["--server.headless", "true", "--server.address", host]
    if port is not None:
        flags += ["--server.port", str(port)]
    sys.argv = ["streamlit", "run", str(app_root() / "app.py"), *flags]
    with locks.hold(workspace.app_lock, "The web app", shared=True), suppress(KeyboardInterrupt):
        streamlit()


def _device() -> tuple[str, int]:
    import torch

    from ganaug_core.training import devices

    return devices.choose("auto", "auto").in_words(), torch.get_num_threads()


def _encoders() -> dict[str, dict[str, Any]]:
    from ganaug_core.encoders import readiness

    return {name: {"ready": ready, "say": say, "do": do} for name, (ready, say, do) in readiness().items()}
