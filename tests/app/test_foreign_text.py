"""Text of strangers (names, units, notes, passports, statements) reaches every page as text, never as markdown."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from benefit_results import a_benefit
from looking_records import a_map, an_audit, kept
from reading_records import read
from small_workspace import a_cohort, a_generator, a_run, some_samples
from streamlit.testing.v1 import AppTest

from ganaug_core.config.requests import AuditSamples, BuildMap, ImportCohort, MeasureBenefit, Sample
from ganaug_core.jobs import store
from ganaug_core.reading import design
from ganaug_core.records import Intensity, OddImage, Skipped, Subgroup
from ganaug_core.records.benefit import Benefit
from ganaug_core.storage.workspace import Workspace

Open = Callable[..., AppTest]

HOSTILE = "![x](http://198.51.100.7/a.png) [y](javascript:alert(1)) <img src=x> :red[z] $a^2$ `c` *e*"
RENDERED = re.compile(r"!\[x\]\(|(?<!\\)\[y\]\(|(?<!\\):red\[|(?<!\\)\$a|(?<!\\)`c`|(?<!\\)\*e")
TAGS = ("<img", "\\u003cimg")
ABOUT = {"cohort": "small", "samples": "r1-6-seed0"}
PAGES = (
    *("cohort", "training", "compare", "generators", "samples", "feature_map", "audit", "benefit"),
    *("reading", "failure_atlas", "lessons", "playground"),
)
SHOWN_AS_TEXT = {
    "Text.body",
    "TextInput.value",
    "TextInput.default",
    "BidiComponent.json",  # our components set text, never HTML: tests/browser/test_looking.py
    "Selectbox.options",
    "Selectbox.raw_value",
    "MultiSelect.options",
    "Code.code_text",
    "PageLink.query_string",
    "ImgProto.alt",
    "ImageList.imgs.alt",
    "PlotlyChart.alt",
    "PlotlyChart.spec",  # Plotly knows links and a few tags, no markdown: checked for these
}


@pytest.fixture
def hostile(home: Workspace) -> Workspace:
    """A workspace in which every text that can come from outside is hostile."""
    skipped = tuple(Skipped(f"one/{HOSTILE}.png", code, HOSTILE, HOSTILE) for code in ("truncated", "two_labels"))
    small = a_cohort()
    cohort = replace(
        small,
        classes=tuple(f"{name} {HOSTILE}" for name in ("zero", "one", "two")),
        intensity=Intensity(HOSTILE, 0, 16),
        modality=HOSTILE,
        skipped=skipped,
        suspected_text={str(small.ids[3]): HOSTILE},
        provenance={"notes": [HOSTILE], "dropped": {HOSTILE: 3}},
        near_duplicates=np.array([[0, 3], [1, 20]], np.int64),
        near_duplicate_distances=np.array([0.01, 0.02], np.float32),
        columns=(HOSTILE,),
        column_values=np.where(np.arange(len(small)) % 2, HOSTILE, "b")[:, None],
    )
    home.keep(cohort, cohort.name)
    a_run(home, cohort)
    a_generator(home, cohort)
    card = home.manifest("generators", "r1")
    card["passport"] |= {"title": HOSTILE, "software": HOSTILE, "recipe": HOSTILE, "metrics": {HOSTILE: 0.5}}
    card["passport"]["intensity"]["unit"] = HOSTILE
    card["passport"]["intended_use"] = HOSTILE
    (home.folder("generators", "r1") / "manifest.json").write_text(json.dumps(card))
    samples_drawn = some_samples(cohort)
    provenance = {**samples_drawn.provenance, "skipped": [vars(entry) for entry in skipped]}
    samples = replace(samples_drawn, classes=cohort.classes, provenance=provenance)
    kept(home, samples, Sample(generator="r1", per_class=6))
    samples = home.samples(ABOUT["samples"])
    kept(home, a_map(cohort, samples), BuildMap(**ABOUT))
    audit = an_audit(cohort, samples)
    verdicts = {name: replace(verdict, statement=HOSTILE, do=HOSTILE) for name, verdict in audit.verdicts.items()}
    odd_image = OddImage(
        synthetic=str(samples.ids[0]), class_name=HOSTILE, score="doubt", says=HOSTILE, p_value=0.01, q_value=0.02
    )
    odd_scores = {name: np.zeros(len(samples), np.float32) for name in ("p", "q", "doubt")}
    odd = {"odd_images": (odd_image,), "odd_scores": odd_scores}
    kept(
        home,
        replace(
            audit,
            verdicts=verdicts,
            spaces=(HOSTILE,),
            regions=(HOSTILE,),
            membership=(HOSTILE,),
            subgroups=(Subgroup(column=HOSTILE, group=HOSTILE, question="coverage", state="not_shown", says=HOSTILE),),
            subgroup_notes=(HOSTILE,),
            odd=(HOSTILE,),
            **odd,
        ),
        AuditSamples(**ABOUT),
    )
    benefit: Benefit = a_benefit(cohort, samples)
    benefit = replace(benefit, notes=(HOSTILE,), verdict=replace(benefit.verdict, statement=HOSTILE, do=HOSTILE))
    kept(home, benefit, MeasureBenefit(**ABOUT))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(design, "LEAST_IMAGES", 20)  # there are few images here
        reading = design.make(home, cohort.name, samples.name, "room", images=24, readers=2)
    for reader in range(2):
        read(home, reading, reader)
    job = store.submit(home, ImportCohort(source=f"/nowhere/{HOSTILE}", name="other"))
    assert store.begin(home, store.claim(home, store.SHORT).id)  # type: ignore[union-attr]
    store.progress(home, job.id, 0.5, HOSTILE, None)
    return home


def protos(block: Any) -> Iterator[Any]:
    """Yield the messages of all elements below a block of a page."""
    for child in getattr(block, "children", {}).values():
        if getattr(child, "proto", None) is not None:
            yield child.proto
        yield from protos(child)


def entries(value: Any) -> list[Any]:
    """Return the entries of a repeated field, the values of a mapping; a number alone has no text."""
    if hasattr(value, "values"):
        return list(value.values())
    return list(value) if hasattr(value, "__iter__") else []


def texts(message: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of a message with the names that lead to it."""
    for field, value in message.ListFields():
        where = f"{path or type(message).__name__}.{field.name}"
        for entry in [value] if isinstance(value, str | bytes) or hasattr(value, "ListFields") else entries(value):
            if isinstance(entry, str):
                yield where, entry
            elif hasattr(entry, "ListFields"):
                yield from texts(entry, where)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_renders_text_of_strangers(hostile: Workspace, page: Open, name: str) -> None:
    for query in (ABOUT, {**ABOUT, "image": f"{4096:012x}"}, {**ABOUT, "group": "0"}):
        app = page(name, **query)
        assert not app.exception
        everything = [entry for message in protos(app._tree) for entry in texts(message)]
        rendered = [entry for entry in everything if entry[0] not in SHOWN_AS_TEXT and RENDERED.search(entry[1])]
        assert rendered == []
        figures = [text for where, text in everything if where == "PlotlyChart.spec"]
        tags = [text[max(0, text.find(tag) - 150) :][:300] for text in figures for tag in TAGS if tag in text]
        assert tags == []


def test_the_check_would_see_it(home: Workspace) -> None:
    def script() -> None:
        import streamlit as st

        st.metric("![x](http://evil.example)", "1")
        st.text("![x](http://evil.example)")

    app = AppTest.from_function(script).run()
    places = [where for message in protos(app._tree) for where, text in texts(message) if RENDERED.search(text)]
    assert sorted(places) == ["Metric.label", "Text.body"]
