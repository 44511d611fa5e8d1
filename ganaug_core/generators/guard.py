"""A stranger's generator file is checked and tried in a process of its own, with a bound on memory and time.

    python -m ganaug_core.generators.guard FILE [CLAIM OUT]
    python -m ganaug_core.generators.guard --describe FILE

An ONNX file comes with what a person says about it, as JSON, and leaves as a generator file OUT; before, it can be
described alone.
It answers with the passport, or with why the file is refused, and the digest of the bytes that it looked at.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug_core.config import Passport
from ganaug_core.errors import GanaugError, GeneratorError
from ganaug_core.storage import platform

if TYPE_CHECKING:
    from ganaug_core.generators.onnx_claim import Claim

MEMORY = 8 << 30
SECONDS = 180.0


def checked(path: Path, claim: "Claim | None" = None) -> tuple[bytes, Passport]:
    """Return the bytes of a generator file that was found good, and its passport.

    Args:
        claim: What is said about an ONNX file; the bytes returned are those of the generator file made of it.

    Raises:
        GeneratorError: The file is refused, or took more memory or time than a generator may.
    """
    command = [sys.executable, "-m", "ganaug_core.generators.guard", str(path.absolute())]
    if claim is None:
        return _answered(command, path)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "network.safetensors"
        return _answered([*command, json.dumps(asdict(claim)), str(made)], made)


def _answered(command: list[str], path: Path) -> tuple[bytes, Passport]:
    """Return the bytes that the child found good, and their passport.

    Args:
        path: Where they lie.
    """
    answer = _answer(command)
    content = path.read_bytes() if path.stat().st_size == answer["size"] else b""
    if hashlib.sha256(content).hexdigest() != answer["sha256"]:
        raise _refused("It was changed while it was checked.", "changed")
    return content, Passport.model_validate_json(json.dumps(answer["passport"]))


def _answer(command: list[str]) -> dict[str, Any]:
    """Return what the child says.

    Raises:
        GeneratorError: The file is refused, or took more memory or time than a generator may.
    """
    try:
        child = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise _refused(f"It could not be checked within {SECONDS:.0f} s.", "time") from error
    try:
        answer: dict[str, Any] = json.loads(child.stdout)
    except ValueError as error:
        why = platform.ending_in_words(child.returncode)
        raise _refused(f"The process that checked it ended ({why}): it may need too much memory.", "crash") from error
    if "error" in answer:
        raise GeneratorError(**answer["error"])
    return answer


def _refused(what: str, code: str) -> GeneratorError:
    return GeneratorError(
        f"This generator file is refused. {what}", do="Ask for a file that ganaug has exported.", code=code
    )


def described(path: Path) -> str:
    """Return in words what an ONNX file takes and makes; nothing of it is run.

    Raises:
        GeneratorError: It is refused.
        ConfigurationError: The packages are not installed.
    """
    from ganaug_core.generators.onnx_graph import require_packages

    require_packages()
    command = [sys.executable, "-m", "ganaug_core.generators.guard", "--describe", str(path.absolute())]
    return str(_answer(command)["described"])


def _made(path: Path, claim: dict[str, Any], out: Path) -> None:
    """Make a generator file of an ONNX file, if it is what is said of it."""
    from ganaug_core.generators import files, onnx_graph, onnx_network
    from ganaug_core.generators.onnx_claim import Claim

    onnx_graph.require_packages()
    model = onnx_graph.read(path)
    content = model.SerializeToString(deterministic=True)
    passport = onnx_network.passport_of(model, content, Claim(**claim))
    out.write_bytes(files.packed_network(passport, content))


def _looked_at(path: Path) -> str:
    from ganaug_core.generators import onnx_graph

    model = onnx_graph.read(path)
    onnx_graph.check(model)
    return onnx_graph.described(model)


def main(path: Path, claim: str = "", out: str = "", *, describe: bool = False) -> None:
    """Check one file and say on standard output what came of it."""
    from ganaug_core.generators import files

    platform.confine(MEMORY)
    try:
        if describe:
            sys.stdout.write(json.dumps({"described": _looked_at(path)}))
            return
        if claim:
            _made(path, json.loads(claim), Path(out))
            path = Path(out)
        content = files.read(path)
        passport = files.loads(content).passport
    except GanaugError as error:
        answer: dict[str, Any] = {"error": {"what": error.what, "do": error.do, "code": error.code}}
    else:
        digest = hashlib.sha256(content).hexdigest()
        answer = {"sha256": digest, "size": len(content), "passport": passport.model_dump(mode="json")}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    if sys.argv[1] == "--describe":
        main(Path(sys.argv[2]), describe=True)
    else:
        main(Path(sys.argv[1]), *sys.argv[2:])
