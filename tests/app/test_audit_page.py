"""The first screen of the Audit page: every term has a plain gloss on hover, every verdict leads to its images."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ganaug_core import app_root, atlas
from ganaug_core.config.requests import AuditSamples, BuildMap
from ganaug_core.records import Audit, Examples
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.shared import glossary
from ganaug_core.ui.shared.looking import bench
from tests.looking_records import a_map, an_audit, kept

SAMPLES = "r1-6-seed0"
SPEAKING = (
    "copying",
    "mode_coverage",
    "fidelity",
    "power_spectrum",
    "label_fidelity",
    "intensity",
    "real_against_real",
    "space_disagreement",
    "lesion_regions",
    "sentences",
    "identity",
    "source_split",
    "planted_copies",
    "membership_attack",
    "subgroups",
    "odd_images",
)
NAMES = {" 1  cycles a pixel"}  # of a space, in the table below
METHODS = ("test", "null", "interval_method")
WORD = re.compile(r"[a-zé]+(?:-[a-z]+)*")
PLAIN = set(
    WORD.findall(
        """
        a about absence absent again against agree all allowed alone also among an and another any apart are as
        at audit away be because been before behind between both brightness but by can cannot chance check chose
        clear closer closest coarse comes command comparing comparisons copies copying could counted detail
        differ difference different differently differs disagree do does doubts draw drawn each edges either
        elsewhere end ends enough equal even every exact far few finds fine first five for form former found
        four from full give gives go good grain had has have he help here hide holds how if image images import
        in intensities interval into is it its itself judged just keep kept kind know knows labels large larger
        last latter least left less lie like line longer look looking looks loss lost made make makes many map
        maps may me measurements might mirrored missing more most much must named near nearly needed never new next no
        nobody none not nothing noticed number numbers of often old on once one ones only or other others out
        over own pairs part patterns per place possible put puts rarer rather real realism really rely repeated
        repeats right s said same say says second see seem seen sees set sets shall shape share shares should
        show shown shows side simply since single small smallest so some space spread still stronger studies
        study such sure surest take taken tell tells than that the their them themselves then there these they
        third this three through tick times to together told too train trained turned two typical undecided
        under unless unnoticed until up us use usual values very want wanted was way ways we were what when
        where which while who whole whose why will with without work worst would wrong you your measured varied
        around compared fit half hardly likeness needed neighbours overlap patches read steps came site scanner
        degrees smaller equals shifted twelfth quarter copy perhaps picture find scaled tenth contrast noisy blurred
        looked unlike expected ten ordinary list listed verdict describes largest twenty shortest
        range px pictures warning those lack training tuning fewer nearer names takes needs
        verdict question asked fifths rare below learnt well outside tested lose follow count corrected known ask fare
        worse stand coverage rule keep-column sizes join compare table resemble higher slices body close
    """
    )
)


def sentences(module: str) -> Iterator[str]:
    """Yield every text of three words and more that a module of the audit can say; what it fills in is left out.

    Names of tests and of ways to make an interval are for the methods section of a paper, not for the page.
    """
    tree = ast.parse((app_root() / "ganaug_core" / "audit" / f"{module}.py").read_text("utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    silent |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    methods = [node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in METHODS]
    methods += [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TEST"
    ]
    silent |= {id(part) for method in methods for part in ast.walk(method)}
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        if isinstance(node, ast.JoinedStr):
            sentence = "".join(str(part.value) if isinstance(part, ast.Constant) else " 1 " for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            sentence = node.value
        else:
            continue
        if len(sentence.split()) >= 3 and sentence not in NAMES:
            yield sentence


@pytest.mark.parametrize("module", SPEAKING)
def test_a_word_that_the_audit_can_say_is_plain_or_explained(module: str) -> None:
    for sentence in sentences(module):
        text = sentence.lower()
        terms = [term.lower() for term in glossary.TERMS if glossary.mentions(text, term)]
        explained = {word + end for term in terms for word in WORD.findall(term) for end in ("", "s", "es")}
        left = set(WORD.findall(text)) - PLAIN - explained
        assert not left, f"explain {left} in the glossary, or say it plainly: {sentence}"


def test_a_term_is_a_word_of_its_own() -> None:
    assert glossary.mentions("3 patients and p < 0.0001", "patient")
    assert glossary.mentions("3 patients and p < 0.0001", "p <")
    assert not glossary.mentions("a classifier", "class")
    assert not glossary.mentions("shut", "HU")
    assert all(meaning.endswith((".", "thousand.")) for meaning in glossary.TERMS.values())


def first_screen(block: Any) -> Iterator[Any]:
    """Yield what stands on the page outside of what folds out."""
    for child in block.children.values():
        if type(child).__name__ == "Expander":
            continue
        if hasattr(child, "children"):
            yield from first_screen(child)
        else:
            yield child


def rich(audit: Audit) -> Audit:
    """Return the audit with images behind every verdict."""
    images = [suspect.synthetic for suspect in audit.suspects]
    missing = tuple(replace(mode, nearest=(images[1],)) for mode in audit.missing_modes)
    examples = {"label_fidelity": Examples("Doubted.", (images[2],)), "intensity": Examples("Bright.", (images[1],))}
    spaces = ("The feature spaces disagree: the sets differ in grain, edges and fine detail (texture).",)
    return replace(audit, missing_modes=missing, examples=examples, give_aways=tuple(images[:1]), spaces=spaces)


def judged(workspace: Workspace) -> Audit:
    cohort, samples = workspace.cohort("small"), workspace.samples(SAMPLES)
    audit = rich(an_audit(cohort, samples))
    kept(workspace, a_map(cohort, samples), BuildMap(cohort="small", samples=SAMPLES))
    kept(workspace, audit, AuditSamples(cohort="small", samples=SAMPLES))
    return audit


def links(app: Any) -> list[tuple[str, str]]:
    """Return the page and the query of every link outside of what folds out."""
    protos = [element.proto for element in first_screen(app.main) if element.type == "page_link"]
    return [(link.page, link.query_string) for link in protos]


def test_every_verdict_leads_to_its_image_among_the_samples_and_on_the_map(filled: Workspace, page: Any) -> None:
    audit = judged(filled)
    app = page("audit", samples=SAMPLES)
    assert not app.exception
    mode = audit.missing_modes[0]
    synthetic = [
        *(audit.suspects[0].synthetic, mode.nearest[0], audit.give_aways[0]),
        *(examples.images[0] for examples in audit.examples.values()),
    ]
    for image in synthetic:
        assert any("samples" in name and f"image={image}" in query for name, query in links(app)), image
    for image in {*synthetic, mode.exemplars[0]} - {mode.nearest[0]}:
        assert any("feature_map" in name and f"image={image}" in query for name, query in links(app)), image
    assert any("finding=missing-0" in query and f"space={mode.encoder}" in query for _, query in links(app))
    assert any(query.endswith("space=texture") for _, query in links(app))


def test_a_link_to_a_missing_group_names_a_finding_of_the_workbench(filled: Workspace, page: Any) -> None:
    audit = judged(filled)
    shown = bench.contents("small", SAMPLES, space="simclr", view="both")["findings"]
    (group,) = [finding for finding in shown if finding["key"] == "missing-0"]
    assert set(group["real"]) >= set(audit.missing_modes[0].members)
    for anything in ("missing-0", "missing-7", "x", "9" * 5000):
        assert not page("feature_map", samples=SAMPLES, finding=anything).exception


def test_the_closest_pair_is_the_smallest_number_of_the_page(filled: Workspace, page: Any) -> None:
    audit = judged(filled)
    suspects = tuple(
        replace(one, identical=False, q_value=0.5, distance=0.9 - row / 10) for row, one in enumerate(audit.suspects)
    )
    nearest = {**audit.nearest, "tuning.distance": audit.nearest["tuning.distance"].copy()}
    nearest["tuning.distance"][4] = 0.0123
    kept(filled, replace(audit, suspects=suspects, nearest=nearest), AuditSamples(cohort="small", samples=SAMPLES))
    app = page("audit", samples=SAMPLES)
    assert not app.exception
    assert any(element.value.startswith("Distance 0.012 (0 is") for element in app.text)
    (table,) = [frame.value for frame in app.dataframe if "Copy score" in frame.value]
    assert table["Distance"].is_monotonic_increasing


def test_every_line_of_the_shipped_audits_that_holds_a_term_explains_it(home: Workspace, page: Any) -> None:
    atlas.install(home)
    for lesson in atlas.LESSONS:
        app = page("audit", cohort=atlas.COHORT, samples=str(atlas.samples_of(home, lesson.generator)))
        assert not app.exception
        lines = [element for element in first_screen(app.main) if element.type in ("text", "markdown", "header")]
        spoken = [line for line in lines if glossary.gloss(str(line.value))]
        assert len(spoken) > 8
        assert all(element.help for element in first_screen(app.main) if element.type == "selectbox")
        pages = [element.proto for element in first_screen(app.main) if element.type == "page_link"]
        assert [bool(link.help) for link in pages if link.label.startswith("Map by")] == [True] * 3
        for element in spoken:
            assert element.help, element.value
            if element.type == "text" or "What to do" in element.value:
                said = str(element.value).replace("\\", "")  # markdown escapes its signs
                assert str(element.help).startswith(str(glossary.gloss(said))[:40]), element.value
