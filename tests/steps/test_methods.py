"""What a paper must state of an audit: how it was made, and the words, references and table that say so."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import digit_cohort
import pytest

from ganaug_core import cli, features, pipeline
from ganaug_core.audit import as_json, as_text, methods, references
from ganaug_core.config.requests import AuditSamples
from ganaug_core.records import Audit
from ganaug_core.storage.workspace import Workspace

HOSTILE = (
    r"\input{/etc/passwd}\end{tabular}",
    'a & b % c # d $e$ f_g ^^41 {h} ~ <i> |j| "k" `l\'',
    "two\nlines\r\n\x00\u202e\u2028[3pt]",
)
COMMANDS = {
    *("begin", "end", "centering", "small", "caption", "hline", "textbackslash", "textasciicircum"),
    *("textasciitilde", "textless", "textgreater", "textbar"),
}
ASKED = AuditSamples(cohort="digits", samples="drawn", encoders=("pixels", "random_convolution"), seed=3)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with an audit of noise against digits of nobody known."""
    workspace = Workspace(tmp_path_factory.mktemp("methods") / "workspace")
    workspace.keep(digit_cohort.cohort(count=200), "digits")
    workspace.keep(digit_cohort.samples(), "drawn")
    pipeline.audit_samples(workspace, ASKED)
    return workspace


@pytest.fixture
def audit(judged: Workspace) -> Audit:
    return judged.audit(str(pipeline.existing_result(judged, ASKED)))


def test_the_document_names_encoders_versions_and_the_day(judged: Workspace, audit: Audit) -> None:
    document = json.loads(json.dumps(as_json(audit), allow_nan=False))
    fitted = features.fit(judged.cohort("digits"), "pixels", cache=judged)
    assert document["encoders"].keys() == {"pixels", "random_convolution"}
    assert document["encoders"]["pixels"] == {"digest": fitted.digest, "seed": 0}
    assert document["versions"].keys() == {"python", "ganaug", "torch", "numpy", "scipy", "scikit-learn"}
    assert document["versions"]["scipy"] == version("scipy")
    made = datetime.fromisoformat(document["date"])
    assert abs((datetime.now(UTC) - made).total_seconds()) < 600
    assert made.utcoffset() is not None


def test_an_audit_made_again_another_day_is_the_same_audit(judged: Workspace, audit: Audit) -> None:
    name = pipeline.existing_result(judged, ASKED)
    before = as_json(audit)
    assert pipeline.audit_samples(judged, ASKED) == name
    again = as_json(judged.audit(str(name)))
    changing = ("date", "holdout")
    assert {key: value for key, value in again.items() if key not in changing} == {
        key: value for key, value in before.items() if key not in changing
    }


def test_an_audit_from_before_this_was_kept_still_opens(judged: Workspace, tmp_path: Path) -> None:
    name = str(pipeline.existing_result(judged, ASKED))
    manifest = judged.manifest("audits", name)
    del manifest["made"]
    arrays = {
        path.stem: judged.array("audits", name, path.stem) for path in judged.folder("audits", name).glob("*.npy")
    }
    older = Workspace(tmp_path)
    older.write("audits", name, manifest, arrays)
    document = as_json(older.audit(name))
    assert (document["encoders"], document["versions"], document["date"]) == (None, None, None)


def words_of(latex: str) -> list[str]:
    """Return what LaTeX would see: commands, escaped characters, and single characters."""
    return re.findall(r"\\[A-Za-z]+|\\.|.", latex, re.DOTALL)


def test_the_tables_hold_no_command_that_a_name_brought(audit: Audit) -> None:
    rows = tuple(
        replace(audit.measurements[0], name="label_agreement", class_name=name, encoder="classifier")
        for name in HOSTILE
    )
    named = replace(
        audit,
        measurements=rows,
        cohort={**audit.cohort, "name": HOSTILE[0]},
        synthetic={**audit.synthetic, "name": HOSTILE[1]},
    )
    latex = methods(named)["latex"]
    tokens = words_of(latex)
    assert {token[1:] for token in tokens if token[0] == "\\" and token[1].isalpha()} <= COMMANDS
    assert {token for token in tokens if token[0] == "\\" and not token[1].isalpha()} <= {
        r"\\", r"\&", r"\%", r"\#", r"\$", r"\_", r"\{", r"\}",
    }  # fmt: skip
    assert not set(tokens) & set('%#$_^~<>|"')
    assert tokens.count("{") == tokens.count("}")
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 2
    assert r"\textbackslash{}input\{/etc/passwd\}" in latex
    for table in latex.split(r"\begin{tabular}")[1:]:
        head, *lines = [line for line in table.splitlines() if line.endswith(r" \\")]
        assert {words_of(line).count("&") for line in lines} == {words_of(head).count("&")}
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u2028\u202e]", latex)
    assert "[3pt]" not in latex, "after the end of a line it would be an option"


def test_the_paragraph_says_what_was_done_and_nothing_that_was_not_recorded(judged: Workspace, audit: Audit) -> None:
    said = methods(audit)["paragraph"]
    cohort = judged.cohort("digits")
    sizes = [len(cohort.where(role)) for role in range(3)]
    assert f"{sizes[0]} training, {sizes[1]} tuning and {sizes[2]} held-out images of 10 classes" in said
    assert "Patients are not known for all images, so the cohort was split at random by image" in said
    assert f"pixels (SHA-256 {features.fit(cohort, 'pixels').digest[:16]}, seed 0)" in said
    assert "All draws of the audit used seed 3." in said
    assert f"SciPy {version('scipy')}" in said
    assert "Copying: could not be tested." in said
    assert "; null hypothesis: synthetic values lie above real ones in half of pairs; margin 0.15" in said
    assert "Not planned: there is no plan for this hold-out share." in said
    assert "looked at the hold-out share before" in said or "had been looked at" in said
    known = replace(audit, cohort={**audit.cohort, "split_by": "patient"})
    assert "split at random by patient" in methods(known)["paragraph"]
    source = replace(audit, cohort={**audit.cohort, "own_split": True})
    assert "The split came with the source" in methods(source)["paragraph"]
    bare = methods(replace(audit, made=None, cohort={k: v for k, v in audit.cohort.items() if k != "split_by"}))
    assert "How the cohort was split was not recorded." in bare["paragraph"]
    assert "looks at the hold-out share were not recorded" in bare["paragraph"]
    assert "\n" not in methods(replace(audit, synthetic={**audit.synthetic, "name": HOSTILE[2]}))["paragraph"]


def test_the_sources_are_those_of_what_was_used(audit: Audit) -> None:
    parts = methods(audit)
    keys = re.findall(r"^@\w+\{(\w+),", parts["bibtex"], re.MULTILINE)
    assert keys == sorted(set(keys))
    assert {"holm1979", "heusel2017", "naeem2020", "saxe2011", "evangelidis2008"} <= set(keys)
    assert "chen2020" not in keys, "no SimCLR space was used"
    assert parts["paragraph"].endswith(f"Sources (BibTeX keys): {', '.join(keys)}.")
    assert "eprint = {1706.08500}" in parts["bibtex"]
    used_names = {row.name for row in audit.measurements}
    without = replace(audit, measurements=tuple(row for row in audit.measurements if row.name != "frechet"))
    assert "frechet" in used_names
    assert "heusel2017" not in methods(replace(without, measurements=without.measurements[:1]))["bibtex"]


@pytest.mark.parametrize("key", references.REFERENCES)
def test_every_source_is_whole_and_found(key: str) -> None:
    paper = references.REFERENCES[key]
    assert paper.arxiv or paper.doi or paper.where
    assert re.fullmatch(r"(\d{4}\.\d{4,5})?", paper.arxiv)
    assert str(paper.year) in key
    entry = paper.entry(key)
    assert entry.count("{") == entry.count("}")
    assert entry.isascii(), "BibTeX knows no other letters"


def test_every_key_that_a_method_names_is_a_source() -> None:
    tables = (*references.OF_MEASURES.values(), *references.OF_SPACES.values())
    named = {
        *references.ALWAYS,
        *references.ODD_IMAGES,
        *references.OF_WORDS.values(),
        *(key for keys in tables for key in keys),
    }
    assert named == references.REFERENCES.keys()


def test_every_encoder_that_somebody_else_thought_of_has_its_source() -> None:
    assert features.SPACES.keys() - references.OF_SPACES.keys() == {"pixels", "classifier"}


def test_the_command_prints_them_and_adds_them_to_the_document(
    judged: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["audit", "digits", "drawn", "--encoder", "pixels", "--methods", "--workspace", str(judged.root)]
    assert cli.run(asked) == 0
    said = capsys.readouterr().out
    assert "@article{holm1979," in said
    assert said.rstrip().endswith(r"\end{table}")
    assert cli.run([*asked, "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["methods"].keys() == {"paragraph", "bibtex", "latex"}
    assert document["methods"]["bibtex"] in said
    assert document["holdout"]["by"]["audit"] >= 1


def test_they_lie_beside_the_audit_for_the_page(judged: Workspace, audit: Audit) -> None:
    text = judged.attached("audits", str(pipeline.existing_result(judged, ASKED)), pipeline.METHODS)
    assert text is not None
    assert text.decode() == as_text(methods(audit))
