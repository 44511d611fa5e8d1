"""What a paper says of an audit: a paragraph on the methods, their sources as BibTeX, and the results as LaTeX tables.

The paragraph states what the audit holds and nothing else: what was not recorded is said to be so.
"""

from collections.abc import Iterator
from typing import Any

from ganaug_core.audit import latex, references
from ganaug_core.audit.latex import one_line
from ganaug_core.audit.sentences import FAIL, WARN, without_patients
from ganaug_core.audit.subgroups import INTERVALS
from ganaug_core.metrics.missing_modes import P_LIMIT
from ganaug_core.records import LISTED_BELOW, Audit, Verdict
from ganaug_core.records.subgroups import LEAST
from ganaug_core.wording import count, listing, percent

SHOWN = 16  # hex digits of a digest
SOURCES = {"generator": "a generator of this workspace", "folder": "a folder of images", "npz": "an array file"}
NAMES = {"torch": "PyTorch", "numpy": "NumPy", "scipy": "SciPy", "python": "Python"}


def methods(audit: Audit) -> dict[str, str]:
    """Return `paragraph`, `bibtex` and `latex`."""
    papers = references.used(audit)
    return {
        "paragraph": " ".join((*_sentences(audit), f"Sources (BibTeX keys): {', '.join(papers)}.")),
        "bibtex": "\n\n".join(paper.entry(key) for key, paper in papers.items()),
        "latex": latex.tables(audit),
    }


def as_text(parts: dict[str, str]) -> str:
    """Return all three below each other."""
    return "\n\n".join((parts["paragraph"], parts["bibtex"], parts["latex"])) + "\n"


def _sentences(audit: Audit) -> Iterator[str]:
    yield _compared(audit)
    yield _split(audit.cohort)
    yield _spaces(audit)
    yield (
        "An image that equals an image of the cohort up to noise, also mirrored or turned, fails without a test; "
        "the tests were these."
    )
    unit = "patient" if audit.cohort.get("split_by") == "patient" else "group"
    for name, verdict in audit.verdicts.items():
        yield f"{name.replace('_', ' ').capitalize()}: {_tested(verdict, unit)}."
    yield (
        "The smallest p of a verdict was corrected for the tests inside it, and the verdicts that could be tested for "
        f"each other by Holm's method; a corrected p below {FAIL:g} fails, one below {WARN:g} warns. Single pairs are "
        f"named as copies below a false discovery rate of {percent(LISTED_BELOW)}, and where the set test rejects; "
        f"missing groups below a p of {P_LIMIT:g}, corrected for all regions and classes by permutation and for "
        "spaces and the rule by Bonferroni."
    )
    if audit.odd_scores:
        yield _odd(audit)
    yield _intervals(audit)
    if audit.subgroups:
        yield _subgroups(audit)
    yield f"All draws of the audit used seed {audit.seed}."
    if audit.made is None:
        yield "Date, versions, whether this was planned, and looks at the hold-out share were not recorded."
        return
    software = listing(f"{NAMES.get(name, name)} {version}" for name, version in audit.made.versions.items())
    yield f"It was computed on {audit.made.date[:10]} with {software}."
    yield from audit.made.in_words


def _compared(audit: Audit) -> str:
    about, cohort = audit.synthetic, audit.cohort
    truncation = f" drawn with truncation {about['truncation']:g}" if "truncation" in about else ""
    classes = listing((one_line(name) for name in cohort["classes"]), most=12)
    return (
        f"{count(about['n'], 'synthetic image')} ({one_line(about['name'])}, from "
        f"{SOURCES.get(about['source'], about['source'])}{truncation}, SHA-256 {about['hash'][:SHOWN]}) were compared "
        f"with the cohort {one_line(cohort['name'])} (SHA-256 {cohort['hash'][:SHOWN]}) of {cohort['n_train']:,} "
        f"training, {cohort['n_tuning']:,} tuning and {cohort['n_holdout']:,} held-out images of "
        f"{count(len(cohort['classes']), 'class', 'classes')} ({classes})."
    )


def _split(cohort: dict[str, Any]) -> str:
    if "split_by" not in cohort:
        return "How the cohort was split was not recorded."
    if cohort["own_split"]:
        unit = "patients" if cohort["split_by"] == "patient" else "images, as patients are not known for all of them"
        return f"The split came with the source; tests count {unit}."
    if cohort["split_by"] == "patient":
        return "The cohort was split at random by patient, near-duplicate images kept together; tests count patients."
    return (
        "Patients are not known for all images, so the cohort was split at random by image, near-duplicate images kept "
        "together; tests count these groups, and images of one patient may lie on both sides."
    )


def _spaces(audit: Audit) -> str:
    near = "Nearest images were found by registration (flips, quarter turns, shifts, small rotations and scales)."
    if audit.made is None:
        return f"{near} Digests of the feature spaces were not recorded."
    told = [
        f"{name} (SHA-256 {used.digest[:SHOWN]}, {'not fitted here' if used.seed is None else f'seed {used.seed}'})"
        for name, used in audit.made.encoders.items()
    ]
    if not told:
        return f"{near} No feature space was used."
    return f"{near} Feature spaces were {listing(told)}; those with a seed were fitted on training images alone."


def _subgroups(audit: Audit) -> str:
    columns = listing(dict.fromkeys(one_line(row.column) for row in audit.subgroups))
    tested = [row for row in audit.subgroups if row.p_value is not None]
    by_question = {row.question: row.test for row in tested}
    tests = "; ".join(f"{question} [{test}]" for question, test in by_question.items())
    text = (
        f"Subgroups by {columns} were compared on request, each patient counted once; subgroups of fewer than {LEAST} "
        "patients, and those from which such a number would follow, were withheld. "
        + (
            f"Tests: {tests}. Their {len(tested)} p were corrected together by Holm's method, apart from the verdicts, "
            f"which they do not change; intervals of 95 % [{INTERVALS}]."
            if tested
            else "None could be tested."
        )
    )
    return text if audit.cohort.get("split_by") == "patient" else without_patients(text)


def _tested(verdict: Verdict, unit: str) -> str:
    if verdict.p is None:
        return "could not be tested" if verdict.state == "not_assessable" else "decided by a rule, without a test"
    null = f"; null hypothesis: {verdict.null}" if verdict.null else ""
    margin = "" if verdict.margin is None else f"; margin {verdict.margin:g}"
    sizes = [
        *([] if verdict.patients is None else [count(verdict.patients, f"real {unit}")]),
        *([] if verdict.images is None else [count(verdict.images, "synthetic image")]),
    ]
    of = f"; {listing(sizes)}" if sizes else ""
    return f"{verdict.test or 'a test whose name was not recorded'}{null}{margin}{of}"


def _odd(audit: Audit) -> str:
    measures = {
        "texture": "Mahalanobis distance of texture and local grain",
        "outlines": "Mahalanobis distance of the autocorrelation of edge directions",
        "doubt": "a classifier's log odds against the class",
    }
    used = [text for name, text in measures.items() if name in audit.odd_scores]
    return (
        f"Odd images: the largest of {count(len(used), 'score')} ({listing(used)}; fitted on training images of the "
        "class, covariances shrunk, scaled by tuning images) gave a conformal p against held-out images of the class; "
        f"images are listed below a false discovery rate of {percent(LISTED_BELOW)} (Benjamini and "
        "Hochberg, valid as conformal p-values depend positively on each other); no verdict uses this."
    )


def _intervals(audit: Audit) -> str:
    by_method: dict[str, list[str]] = {}
    for row in audit.measurements:
        if row.interval is not None:
            names = by_method.setdefault(row.interval_method or "method not recorded", [])
            if (name := row.name.replace("_", " ")) not in names:
                names.append(name)
    told = "; ".join(f"{listing(names, most=8)} [{method}]" for method, names in by_method.items())
    return f"Intervals of 95 % and their methods: {told}." if told else "No intervals were computed."
