"""The architecture holds: imports point down, only the edges know their frameworks, and the web stays light."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "ganaug_core"
HEAVY = {"torch", "sklearn", "umap", "numba", "scipy", "SimpleITK", "optuna"}
LIGHT = (
    "ganaug_core.storage.workspace",
    "ganaug_core.storage.database",
    "ganaug_core.config",
    "ganaug_core.jobs.store",
    "ganaug_core.jobs.supervisor",
    "ganaug_core.jobs.runs",
    "ganaug_core.pipeline",
    "ganaug_core.cli",
    "ganaug_core.server",
)


@functools.cache
def imported_by(path: Path) -> set[str]:
    """Return the modules that a file imports anywhere, without those for type checking alone."""
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    modules = set()
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return modules


def test_imports_point_down_and_every_file_has_its_place() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_core_knows_no_pages_and_streamlit_stays_at_the_edge() -> None:
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE).as_posix()
        roots = {name.split(".")[0] for name in imported_by(path)}
        if not place.startswith("ui/") and place != "cli/serve.py":
            assert "streamlit" not in roots, f"{place} imports Streamlit"
        assert not {"pages", "app"} & roots, f"{place} imports a page"


@pytest.mark.parametrize(
    ("framework", "allowed"),
    [
        ("starlette", r"server/.*\.py|ui/.*"),
        ("sqlalchemy", r"storage/database\.py|jobs/store\.py|search/study\.py"),
        ("optuna", r"search/study\.py"),
        ("pydantic", r"config/.*\.py|generators/files\.py"),
    ],
)
def test_only_its_own_file_knows_a_framework(framework: str, allowed: str) -> None:
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE).as_posix()
        roots = {name.split(".")[0] for name in imported_by(path)}
        assert framework not in roots or re.fullmatch(allowed, place), f"{place} imports {framework}"


def test_nothing_loads_a_pickle() -> None:
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text("utf-8")
        for forbidden in ("weights_only=False", "allow_pickle=True", "import pickle", "import joblib", "cloudpickle"):
            assert forbidden not in source, f"{path.name} has {forbidden}"


def test_pages_are_thin_and_compute_nothing() -> None:
    for page in (ROOT / "pages").glob("*.py"):
        source = page.read_text("utf-8")
        heavy = {name.split(".")[0] for name in imported_by(page)} & HEAVY
        assert not heavy, f"{page.name} imports {heavy}"
        assert len(source.splitlines()) <= 80, f"{page.name} is no longer thin"


def test_app_is_a_literal_app_whose_script_is_not_beside_the_pages() -> None:
    from ganaug_core.server import SCRIPT

    tree = ast.parse((ROOT / "app.py").read_text("utf-8"))
    built = [
        node
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "app" and isinstance(node.value, ast.Call)
    ]
    assert [ast.unparse(node.value.func) for node in built if isinstance(node.value, ast.Call)] == ["st.App"]
    assert SCRIPT.is_file()
    assert not (SCRIPT.parent / "pages").exists()
    roots = {re.match(r"[^.]+(\.ui|\.server)?", name)[0] for name in imported_by(ROOT / "app.py")}  # type: ignore[index]
    assert roots <= {"streamlit", "ganaug_core", "ganaug_core.ui", "ganaug_core.server"}


@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_load_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*{sorted(HEAVY)!r} & sys.modules.keys())".replace("*[", "*{").replace(
        "] &", "} &"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_the_package_itself_loads_the_standard_library_alone() -> None:
    code = "import sys; before = set(sys.modules); import ganaug_core; print(*set(sys.modules) - before)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    others = {name.split(".")[0] for name in result.stdout.split()} - sys.stdlib_module_names
    assert others == {"ganaug_core"}


@pytest.mark.parametrize("document", ["DECISIONS.md", "README.md"])
def test_every_path_that_a_document_names_exists(document: str) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / document).read_text("utf-8"), flags=re.DOTALL)  # what a user types
    linked = {target for target in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in target}
    quoted = {
        name for name in re.findall(r"`([\w./-]+)`", text) if "/" in name or name.endswith((".py", ".md", ".toml"))
    }
    named = linked | {name.removeprefix("./") for name in quoted}
    assert named
    missing = {name for name in named if not any((home / name).exists() for home in (ROOT, PACKAGE))}
    assert not missing, f"{document} names {sorted(missing)}"
