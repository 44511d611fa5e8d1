"""How good a run is, in one sentence: by its measured checkpoints, else by the audits of its images."""

import streamlit as st

from ganaug_core.jobs import runs
from ganaug_core.records import Audit
from ganaug_core.ui.shared import caches, checkpoint_measurements, glossary, show, words


def say(name: str, live: bool) -> None:
    """Say how good a run is, and draw what its checkpoints are worth."""
    checkups, _ = runs.checkups(caches.workspace(), name)
    if checkups:
        checkpoint_measurements.checkpoints(name, live)
        return
    audited = audits_of_run(name)
    for samples, audit in audited:
        st.write(sentence(samples, audit))
        cohort = str(audit.cohort["name"])
        show.link("audit", "Open the audit", cohort=cohort, samples=samples)
    if not audited and not live:
        st.text("Its checkpoints were not measured, and no audit has looked at its images: draw some and audit them.")


def sentence(samples: str, audit: Audit) -> str:
    """Say what an audit found of images of a run, what is worst first."""
    found: dict[str, list[str]] = {}
    for key, (title, _) in glossary.VERDICTS.items():
        found.setdefault(glossary.STATES[audit.verdicts[key].state][0], []).append(title)
    order = [
        word for state in ("fail", "warn", "not_assessable", "pass") if (word := glossary.STATES[state][0]) in found
    ]
    said = "; ".join(f"{word}: {words.listing(found[word])}" for word in order)
    return f"Its checkpoints were not measured; the audit of its images {words.plain(samples)} says **{said}**."


def audits_of_run(run: str) -> list[tuple[str, Audit]]:
    """Return the sets drawn from a run's generators that were audited with its cohort, each with its audit."""
    workspace = caches.workspace()
    cohort = workspace.named("cohorts", workspace.reference("runs", run).origin.inputs.get("cohort", ""))
    if cohort is None:
        return []
    generators = workspace.made_from("generators", "run", workspace.identity("runs", run))
    audits = []
    for generator, _ in generators:
        for samples, _ in workspace.made_from("samples", "generator", workspace.identity("generators", generator)):
            if (audit := caches.audit_beside(cohort, samples)) is not None:
                audits.append((samples, audit))
    return audits
