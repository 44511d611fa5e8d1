"""The Report page: choose the edition and what a person has to state, see the report, save it."""

import json
from collections.abc import Callable
from functools import partial

import streamlit as st

from ganaug_core import report
from ganaug_core.report import Report
from ganaug_core.report.html import as_html
from ganaug_core.storage import exports, public_cohorts
from ganaug_core.ui.shared import caches, show, words
from ganaug_core.ui.shared.components.document import document

EDITIONS = {
    "Outside: nothing of the cohort": False,
    "Inside: with real images": True,
}
NOBODY = "nothing"
HEIGHT = 720  # CSS pixels of the preview
HELP = (
    "Outside: no real image, no synthetic one that may be a copy, and 10 or fewer real images or patients are not told "
    "exactly. Inside: real images and exact numbers, marked in red. A cohort that is stated to be public shows all in "
    "both."
)


def page(cohort: str, samples: str) -> None:
    """Draw the page about one audited set."""
    if caches.audit_of(cohort, samples) is None:
        show.next_step("A report states what an audit found, and these images were not audited yet.", page="audit")
    withdrawn = show.withdrawn("samples", samples)
    left, middle, right = st.columns([4, 3, 3], vertical_alignment="bottom")
    edition = left.radio("Edition", list(EDITIONS), key="report-edition", horizontal=True, help=HELP)
    against = middle.selectbox("Compare with", [NOBODY, *_audited(cohort, samples)], key=f"report-against-{samples}")
    titles = {name: title for name, (title, _) in report.SECTIONS.items() if name not in (*report.ALWAYS, "against")}
    without = right.multiselect("Leave out", list(titles), key="report-without", format_func=titles.__getitem__)
    sharing = _sharing()
    _public(cohort)
    made = report.report(
        caches.workspace(),
        cohort,
        samples,
        against=None if against == NOBODY else str(against),
        inside=EDITIONS[str(edition)],
        without=without,
        sharing=sharing,
    )
    if made.band:
        st.error(made.band, icon=":material/warning:")
    if not withdrawn or st.checkbox("Let it leave all the same", key=f"report-leave-{samples}"):
        _save(made, samples)
    document(as_html(made), key="report-preview", title="The report as it will be saved", height=HEIGHT)


def _audited(cohort: str, samples: str) -> list[str]:
    """Return the other sets that were audited against the cohort, the newest first."""
    workspace = caches.workspace()
    identity = workspace.identity("cohorts", cohort)
    others = [name for name in workspace.names("samples")[::-1] if name != samples]
    return [
        name
        for name in others
        if workspace.newest("audits", {"cohort": identity, "samples": workspace.identity("samples", name)})
    ]


def _sharing() -> report.Sharing:
    """Ask what only a person knows; nothing of it is kept."""
    with st.expander("Before sharing: what stands on the last page", icon=":material/edit_note:"):
        st.text("ganaug answers none of these and keeps none of the answers. What is left empty prints as not stated.")
        columns = st.columns(3)
        typed = {
            name: columns[number % 3].text_input(question, key=f"report-{name}", max_chars=300)
            for number, (name, question) in enumerate(report.QUESTIONS.items())
        }
    return report.Sharing(**{name: str(text or "") for name, text in typed.items()})


def _public(cohort: str) -> None:
    """Ask whether the cohort is public; only a person can say so."""
    workspace, record = caches.workspace(), caches.cohort(cohort)
    source = public_cohorts.source(workspace, record)
    with st.expander("The cohort is public" if source else "Is the cohort public?", icon=":material/public:"):
        if source:
            st.text(f"Stated to be public: {words.clean(source)}.")
            if st.button("It is not public", key=f"report-not-public-{cohort}"):
                public_cohorts.state(workspace, record, "")
                st.rerun()
            return
        st.text("Then the outside edition shows its images and exact numbers too.")
        said = st.text_input(
            "What says so: name and licence of the published set", key=f"report-public-{cohort}", max_chars=200
        )
        if st.button("State it", key=f"report-state-{cohort}", disabled=not said):
            public_cohorts.state(workspace, record, str(said))
            st.rerun()


def _save(made: Report, samples: str) -> None:
    """Offer the three files."""
    files: tuple[tuple[str, str, str, Callable[[Report], bytes]], ...] = (
        ("Save as PDF", "pdf", "application/pdf", _pdf),
        ("Save as HTML", "html", "text/html", as_html),
        ("Save as JSON", "json", "application/json", _json),
    )
    with st.container(horizontal=True):
        for label, suffix, mime, write in files:
            st.download_button(
                label,
                partial(_leave, made, samples, write),
                file_name=f"{samples}-report-{made.edition}.{suffix}",
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"report-save-{suffix}",
            )


def _leave(made: Report, samples: str, write: Callable[[Report], bytes]) -> bytes:
    """Return a file, and write down that it left."""
    content = write(made)
    exports.record(caches.workspace(), "samples", samples, f"report, {made.edition} edition")
    return content


def _pdf(made: Report) -> bytes:
    from ganaug_core.report.pdf import as_pdf  # reportlab: only who saves pays

    return as_pdf(made)


def _json(made: Report) -> bytes:
    return json.dumps(report.as_json(made), indent=1, ensure_ascii=False).encode("utf-8", "replace")
