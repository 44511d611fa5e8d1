"""A number has one form, a limit one comparison, an option one meaning: on pages, in verdicts, on the command line."""

import ast
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from looking_records import a_map, an_audit, kept
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from ganaug_core import pipeline, wording
from ganaug_core.audit import closest_pairs
from ganaug_core.cli import benefit, commands, evidence
from ganaug_core.cohort.split import split
from ganaug_core.config.requests import AuditSamples, BuildMap
from ganaug_core.records import HOLDOUT, LISTED_BELOW, Audit, listed
from ganaug_core.records.benefit import Difference
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.pages.audit import audit_page
from ganaug_core.ui.shared import audited_map, words

PACKAGE = Path(wording.__file__).resolve().parent
SAMPLES = "r1-6-seed0"
MAP, AUDIT = BuildMap(cohort="small", samples=SAMPLES), AuditSamples(cohort="small", samples=SAMPLES)
BY_THEMSELVES = {
    "alarms/discriminator.py",  # beside its own limit, which has a decimal too
    "wording.py",
}


@pytest.fixture
def judged(filled: Workspace) -> Workspace:
    cohort, samples = filled.cohort("small"), filled.samples(SAMPLES)
    kept(filled, a_map(cohort, samples), MAP)
    kept(filled, an_audit(cohort, samples), AUDIT)
    return filled


def audit_of(judged: Workspace) -> Audit:
    return judged.audit(str(pipeline.existing_result(judged, AUDIT)))


# forms


@pytest.mark.parametrize(
    ("share", "said"),
    [
        *((0, "0 %"), (0.0004, "< 0.1 %"), (0.003, "0.3 %"), (0.02, "2 %"), (0.0249, "2.5 %"), (0.0996, "10 %")),
        *((0.123, "12 %"), (0.9949, "99 %"), (0.996, "99.6 %"), (0.9999, "99.9 %"), (1, "100 %"), (-0.034, "-3.4 %")),
    ],
)
def test_a_share_has_two_figures_and_nothing_and_all_mean_it(share: float, said: str) -> None:
    assert wording.percent(share) == said


def test_a_p_value_reads_the_same_in_a_table_and_in_a_sentence() -> None:
    values = (7e-26, 0.00034, 0.0312, 0.5, 1)
    assert [wording.p_value(value) for value in values] == ["< 0.0001", "0.00034", "0.031", "0.5", "1"]
    assert [wording.chance(value) for value in values[:3]] == ["p < 0.0001", "p = 0.00034", "p = 0.031"]
    assert wording.chance(0.02, "q") == "q = 0.02"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *((0.2, "1 second"), (59, "59 seconds"), (59.7, "1 minute"), (60, "1 minute"), (600, "10 minutes")),
        *((3600, "1 hour"), (7500, "2 hours 5 minutes"), (None, "an unknown time")),
    ],
)
def test_a_duration_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert wording.duration(seconds) == said
    assert words.duration is wording.duration


def test_a_long_list_ends_with_a_number() -> None:
    assert wording.listing("abcdef", most=4) == "a, b, c, d and 2 more"
    assert wording.listing("abcd", most=4) == "a, b, c and d"
    assert (wording.listing("a"), wording.listing("")) == ("a", "")


def test_there_is_one_function_for_each_form() -> None:
    forms = {"percent", "count", "chance", "p_value", "distance", "duration", "in_words", "listed_names"}
    for path in PACKAGE.rglob("*.py"):
        defined = {
            statement.name
            for statement in ast.parse(path.read_text("utf-8")).body
            if isinstance(statement, ast.FunctionDef)
        }
        assert not defined & forms or path.name in ("wording.py", "space_disagreement.py"), f"{path}: {defined & forms}"


def test_nobody_writes_a_share_by_itself() -> None:
    """Settings (`:g`) keep the digits that they were given, and hover texts of figures their own."""
    own = re.compile(r"\{[^{}]*:\.\d%\}|\{(?!%)[^{}]*:\.\df\} %")
    for path in PACKAGE.rglob("*.py"):
        module = path.relative_to(PACKAGE).as_posix()
        if module not in BY_THEMSELVES:
            lines = [line for line in path.read_text("utf-8").splitlines() if "hovertemplate" not in line]
            assert not own.findall("\n".join(lines)), module


def test_a_share_and_its_p_read_the_same_on_the_page_on_the_map_and_on_the_command_line(
    judged: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = audit_of(judged)
    group = replace(audit.missing_modes[0], real_share=0.1149, synthetic_share=0.0034, interval=(0, 0.0151), p_value=0)
    rare = replace(audit, missing_modes=(group,))
    sentences: list[str] = []
    grounds: list[str] = []

    def say(text: str, help: str = "") -> None:
        sentences.append(text)
        grounds.append(help)

    monkeypatch.setattr(audit_page.st, "text", say)
    monkeypatch.setattr(audit_page, "gallery", lambda *_, **__: None)
    audit_page._show_group(rare, group, "test")
    on_page, on_map, on_terminal = sentences[0], audited_map.missing_groups(rare)[0].says, evidence._in_words(rare)
    for text in (on_page, on_map, on_terminal):
        assert re.findall(r"\b(?:11|0\.3)[\d.]* ?%", text)[:2] in (["11 %", "0.3 %"], ["0.3 %", "11 %"]), text
    assert "(95 % interval 0 % to 1.5 %)" in on_page
    assert "p <" not in on_page
    assert "that of a group chosen beforehand; p < 0.0001, corrected for" in grounds[0]
    assert "alike by shape" in on_terminal


def test_a_change_without_a_corrected_p_has_an_empty_cell() -> None:
    change = Difference(
        arm="mixed25",
        against="classical",
        measure="auroc",
        class_name="c",
        value=0.01,
        interval=(-0.01, 0.03),
        p_value=0.4,
        adjusted=None,
    )
    assert benefit._change(change) == ("+0.010", "-0.010 to +0.030", "")
    assert benefit._change(replace(change, adjusted=3e-7))[-1] == "< 0.0001"


# limits


def test_a_pair_at_the_limit_is_the_same_for_the_list_the_map_and_the_curation(
    judged: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = audit_of(judged)
    below = np.nextafter(LISTED_BELOW, 0)
    at, under, same = (
        replace(suspect, q_value=float(q), identical=identical)
        for suspect, q, identical in zip(
            audit.suspects, (LISTED_BELOW, below, 1.0), (False, False, True), strict=True
        )
    )  # fmt: skip
    edge = replace(audit, suspects=(at, under, same))
    kept(judged, edge, AUDIT)
    wanted = [under.synthetic, same.synthetic]

    linked: list[str] = []
    monkeypatch.setattr(
        audited_map, "feature_map", lambda *_, links, **__: linked.extend(synthetic for synthetic, _ in links)
    )
    audited_map.show("x", judged.map(str(pipeline.existing_result(judged, MAP))), edge, key="k")
    assert linked == wanted

    cohort, samples = judged.identity("cohorts", "small"), judged.identity("samples", SAMPLES)
    assert pipeline.suspected_copies(judged, cohort, samples) == wanted

    counted = closest_pairs.copied(SimpleNamespace(cohort=judged.cohort("small")), edge.suspects)  # type: ignore[arg-type]
    assert sorted(image for copied in counted for image in copied.synthetic) == sorted(wanted)

    assert listed([at.q_value, under.q_value, 1.0], [False, False, True]).tolist() == [False, True, True]
    calm = listed([at.q_value, under.q_value, 1.0], [False, False, True], rejected=False)
    assert calm.tolist() == [False, False, True]  # without a test of the whole set nothing but an equal image is named


# options


def test_the_shares_of_a_split_are_of_images_though_whole_patients_are_drawn() -> None:
    patients = np.concatenate([np.arange(40), np.repeat(np.arange(40, 50), 16)])  # 40 of one image, 10 of sixteen
    labels = np.zeros(len(patients), np.int64)
    of_images, of_patients = [], []
    for seed in range(20):
        held = split(labels, patients, 0.15, 0.25, seed) == HOLDOUT
        of_images.append(held.mean())
        of_patients.append(len(np.unique(patients[held])) / 50)
    assert np.abs(np.array(of_images) - 0.25).max() <= 8 / len(patients)
    assert np.abs(np.array(of_patients) - 0.25).max() > 0.1


@pytest.mark.parametrize("role", ["tuning", "holdout"])
def test_the_command_line_and_the_page_say_the_same_of_a_share(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wording.SHARES[role].startswith("Share of each class's images")
    help_text = CliRunner().invoke(commands(), ["cohort", "import", "--help"], env={"COLUMNS": "300"}).output
    assert wording.SHARES[role] in " ".join(help_text.split())
    page = AppTest.from_function(_shares)
    assert page.run().slider(key=f"share-{role}").help == wording.SHARES[role]


def _shares() -> None:
    from ganaug_core.cohort.patient_groups import Plan
    from ganaug_core.ui.pages.cohort import split_proposal

    split_proposal._choose_shares(None, Plan())  # type: ignore[arg-type]  # the cohort is wanted by the button alone
