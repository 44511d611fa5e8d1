"""The model card of a generator that leaves: Markdown for people, with the header that hubs read.

The header's keys are those of the Hugging Face Hub's model card (see Mitchell et al., 2019, arXiv:1810.03993, for what
such a card should say).
"""

import json

from ganaug_core.config import LICENCES, MeasureCard, Passport
from ganaug_core.generators.data_card import LICENCES as HUB_LICENCES
from ganaug_core.generators.data_card import QUESTIONS, plain
from ganaug_core.terms import VERDICTS
from ganaug_core.wording import number

_RUN = """```python
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("generator.onnx")
length = session.get_inputs()[0].shape[1]
latent = np.random.default_rng(0).standard_normal((8, length), dtype=np.float32)
label = np.zeros(8, np.int64)  # 0 is the first class of the table
images = session.run(["image"], {{"latent": latent, "label": label}})[0]  # (8, {channels}, {rows}, {columns})
values = {low} + (images + 1) / 2 * {width}  # in {unit}
```"""


def card(passport: Passport) -> str:
    """Return the card of a passport; nothing in it names a patient, a path or the cohort."""
    return f"---\n{_header(passport)}\n---\n\n{_text(passport)}\n"


def _header(passport: Passport) -> str:
    licence = passport.licence
    lines = [
        f"license: {HUB_LICENCES.get(licence, 'other')}",
        *([] if licence in HUB_LICENCES else [f"license_name: {json.dumps(licence)}"]),
        "pipeline_tag: unconditional-image-generation",
        *("tags:", "- gan", "- medical", "- synthetic", "- onnx", "- ganaug"),
    ]
    return "\n".join(lines)


def _text(passport: Passport) -> str:
    return "\n\n".join(
        [
            f"# {plain(passport.title)}",
            f"**A generator of synthetic images; {passport.intended_use}.**",
            "## What it draws",
            _draws(passport),
            "\n".join(["| Number | Class | Training images |", "|---|---|---|", *_classes(passport)]),
            "## How it was made",
            _made(passport),
            "## How to draw images without ganaug",
            _run(passport),
            "## What its audit says",
            _audited(passport),
            "## Use and limits",
            f"Licence: {plain(passport.licence)} ({LICENCES[passport.licence]}). The weights of a network may hold "
            "what it was trained on, and no test can show that they do not. Whoever trains on its images should test "
            "on real ones.",
            f"Not stated in this file: {', '.join(QUESTIONS)}.",
        ]
    )


def _draws(passport: Passport) -> str:
    shape, unit = passport.architecture, passport.intensity
    colour = "in colour" if shape.channels == 3 else "in one channel"
    size = (
        "" if passport.spacing_mm is None else f"; a pixel is {' x '.join(f'{mm:g}' for mm in passport.spacing_mm)} mm"
    )
    return (
        f"Images of {shape.rows} x {shape.columns} pixels, {colour}, with values from {number(unit.low)} to "
        f"{number(unit.high)} {plain(unit.unit)}{size}."
    )


def _classes(passport: Passport) -> list[str]:
    known = passport.cohort_digest is not None
    return [
        f"| {place} | {plain(counts.name)} | {f'{counts.train:,}' if known else 'not known'} |"
        for place, counts in enumerate(passport.classes)
    ]


def _made(passport: Passport) -> str:
    if passport.cohort_digest is None:
        return f"Another program made it ({plain(passport.software)}); on what it was trained is not known here."
    patients = f", of {passport.patients:,} patients" if passport.patients else ""
    total = sum(counts.train for counts in passport.classes)
    return (
        f"Trained by {plain(passport.software)} with the recipe {plain(passport.recipe)} (architecture "
        f"{plain(passport.architecture.name)}, seed {passport.seed}) on {total:,} training images{patients}; it was "
        f"shown {passport.images:,} images."
    )


def _run(passport: Passport) -> str:
    shape, unit = passport.architecture, passport.intensity
    if passport.cohort_digest is None:
        return "It leaves as the ONNX file that it came as; its inputs have the names that its own program gave them."
    facts = {"channels": shape.channels, "rows": shape.rows, "columns": shape.columns}
    return _RUN.format(
        **facts, low=f"{unit.low:g}", width=f"{unit.high - unit.low:g}", unit=plain(unit.unit).replace("\\", "")
    )


def _audited(passport: Passport) -> str:
    audit = passport.audit
    if audit is None:
        return "No audit of its images is known here."
    rows = [
        f"| {VERDICTS[name][0] if name in VERDICTS else plain(name)} | {state.replace('_', ' ')} |"
        for name, state in audit.verdicts.items()
    ]
    lines = [
        f"Audited on {audit.date}, {audit.synthetic:,} synthetic images:",
        "",
        "| Question | Verdict |",
        "|---|---|",
    ]
    measures = [
        f"| {plain(name)} | {number(measured.value if isinstance(measured, MeasureCard) else measured)} |"
        for name, measured in passport.metrics.items()
    ]
    table = ["", "| Measure, feature space | Value |", "|---|---|", *measures] if measures else []
    return "\n".join([*lines, *rows, *table])
