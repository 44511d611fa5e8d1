"""The command line of cohorts: what it takes beyond a folder, and what its JSON tells."""

import json
from collections.abc import Callable
from pathlib import Path

import bad_input
import numpy as np
import pytest
from typer.testing import CliRunner

from ganaug_core.cli import app
from ganaug_core.workspace import Workspace

Data = Callable[[str], Path]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path / "home"))
    return Workspace(tmp_path / "home")


def answered(*arguments: str) -> dict[str, object]:
    """Run `ganaug cohort ...` and return its JSON."""
    result = CliRunner().invoke(app, ["cohort", *arguments, "--json", "-"])
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_a_pattern_names_the_patients(place: Workspace, tmp_path: Path) -> None:
    home = bad_input.pictures(tmp_path / "s", {"a": 20, "b": 20})
    for path in home.glob("*/*.png"):
        path.rename(path.with_name(f"{path.parent.name}{int(path.stem) // 4}_{path.stem}.png"))
    told = answered("import", str(home), "--name", "c", "--patient-pattern", "{patient}_*", "--twin-limit", "0")
    assert (told["patients"], told["fixed"], told["suspected_text"]) == (10, True, [])
    roles = {}
    for image in told["images"]:  # type: ignore[attr-defined]
        roles.setdefault(image["patient"], set()).add(image["role"])
    assert all(len(each) == 1 for each in roles.values())
    assert answered("show", "c") == told
    listed = answered("list")["cohorts"]
    assert [(each["name"], each["n"], each["fixed"]) for each in listed] == [("c", 40, True)]  # type: ignore[attr-defined]
    assert answered("remove", "c") == {"removed": "c"}
    assert answered("list") == {"cohorts": []}


def test_a_volume_is_thinned_and_its_range_given_in_percent(place: Workspace, data: Data) -> None:
    source = data("nifti/totalseg/tests/reference_files/example_ct.nii.gz")
    more = ("--every", "8", "--range", "1%,99%", "--size", "64", "--twin-limit", "0")
    told = answered("import", str(source), "--name", "v", *more)
    assert (told["n"], told["volumes"], told["unit"]) == (14, 1, "HU")
    low, high = told["range"]  # type: ignore[misc]
    pixels = place.cohort("v").pixels
    assert -1207 <= low < high < 3382
    assert (pixels.min(), pixels.max()) == (np.ceil(low), np.floor(high))
    assert any("which were set to the ends" in each for each in told["notes"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--range", "1%,99"), "mixes"),
        (("--range", "a,b"), "two numbers"),
        (("--patient-pattern", "P_*"), "{patient}"),
        (("--plane", "diagonal"), "diagonal"),
    ],
)
def test_what_cannot_be_is_answered_in_words(
    place: Workspace, tmp_path: Path, arguments: tuple[str, ...], word: str
) -> None:
    home = bad_input.pictures(tmp_path / "s", {"a": 5, "b": 5})
    result = CliRunner().invoke(app, ["cohort", "import", str(home), "--name", "c", *arguments])
    assert word in str(result.exception) + result.output
    assert place.names("cohorts") == []
