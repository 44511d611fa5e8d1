"""The data card of exported images: Markdown for people, with the header that data hubs read.

The header's keys are those of the Hugging Face Hub's dataset card; names from outside are quoted in it and escaped in
the text, so that none of them becomes a link or a picture.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganaug_core.terms import VERDICTS
from ganaug_core.wording import number

FILE = "README.md"
LICENCES = {"CC0-1.0": "cc0-1.0", "CC-BY-4.0": "cc-by-4.0", "CC-BY-NC-4.0": "cc-by-nc-4.0"}
"""The hub's names of the passport's licences; others are `other` with a name."""
_PATTERNS = {"png": "*/*.png", "png8": "*/*.png", "tiff": "*/*.tif", "slides": "*/*.png"}
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))
_MARKS = re.compile(r"([\\`*_\[\]<>|$~#&])")
QUESTIONS = ("legal basis or consent", "approval number", "who may receive it", "deletion date", "owner")


def write(folder: Path, document: Mapping[str, Any]) -> None:
    """Write `README.md` from the document of `manifest.json`."""
    (folder / FILE).write_text(f"---\n{_header(document)}\n---\n\n{_text(document)}\n", "utf-8")


def _header(document: Mapping[str, Any]) -> str:
    licence = document["licence"]
    size = next((name for most, name in _SIZES if document["n"] < most), "100K<n<1M")
    lines = [
        f"license: {LICENCES.get(licence, 'other')}",
        *([] if licence in LICENCES else [f"license_name: {json.dumps(licence)}"]),
        f"pretty_name: {json.dumps('Synthetic images ' + document['name'])}",
        *("task_categories:", "- image-classification", "annotations_creators:", "- machine-generated"),
        *("tags:", "- synthetic", "- medical", "- gan", "- ganaug"),
        *("size_categories:", f"- {size}"),
    ]
    if pattern := _PATTERNS.get(document["format"]):
        lines += ["configs:", "- config_name: default", f"  data_files: {json.dumps(pattern)}"]
    return "\n".join(lines)


def _text(document: Mapping[str, Any]) -> str:
    return "\n\n".join(
        [
            f"# Synthetic images {plain(document['name'])}",
            f"**{document['synthetic']}**",
            "## What is here",
            _contents(document),
            "\n".join(["| Class | Synthetic images |", "|---|---|", *_counts(document)]),
            "## How to read the values",
            _values(document),
            "## How the images were made",
            _making(document),
            "## What the audit says",
            _audited(document),
            "## Use and limits",
            f"Intended use: {document['intended_use']}. Licence: {plain(document['licence'])}. No sentence here says "
            "that a real person cannot be recognised in an image: no test can show that. Whoever trains on these "
            "images should test on real ones.",
            f"Not stated in this export: {', '.join(QUESTIONS)}.",
        ]
    )


def _contents(document: Mapping[str, Any]) -> str:
    channels, rows, columns = document["size"]
    colour = "in colour" if channels == 3 else "in one channel"
    return (
        f"{document['n']:,} images of {rows} x {columns} pixels, {colour}. `manifest.csv` has a row for each: file, "
        "class, id, generator, seed, place in the draw, truncation, decision. `manifest.json` says the same of the "
        "whole set, `croissant.json` describes it for machines."
    )


def _counts(document: Mapping[str, Any]) -> list[str]:
    return [f"| {plain(name)} | {images:,} |" for name, images in document["counts"].items()]


def _values(document: Mapping[str, Any]) -> str:
    unit = plain(document["unit"])
    low, high = map(number, document["range"])
    if document["slope"] is None:
        return f"These are pictures for the eye, from {low} (black) to {high} (white) {unit}; no values come back."
    slope, offset, error = document["slope"], document["offset"], document["largest_error"]
    scaled = "" if (slope, offset) == (1, 0) else f" x {slope:.12g} + {offset:.12g}"
    exact = f"exact to {number(error)}" if error else "not rounded"
    return (
        f"The value is the number that a reader finds{scaled}; its unit: {unit}; {exact}. The generator makes values "
        f"from {low} to {high}. A pixel has no size and no place in a body."
    )


def _making(document: Mapping[str, Any]) -> str:
    if "generator" not in document:
        return f"Drawn by another program and exported by {document['software']}."
    settings = [f"{key} {document[key]}" for key in ("seed", "truncation", "mixing") if key in document]
    return (
        f"Drawn by the generator with the digest `{document['generator']}` ({', '.join(settings)}) and exported by "
        f"{document['software']}. The same generator gives the same image for the same seed, class and place in the "
        "draw."
    )


def _audited(document: Mapping[str, Any]) -> str:
    said, audit = document["audit_in_words"], document["audit"]
    if audit is None:
        return str(said)
    rows = [
        (
            VERDICTS[name][0] if name in VERDICTS else name,
            verdict["state"].replace("_", " "),
            plain(verdict["statement"]),
        )
        for name, verdict in audit["verdicts"].items()
    ]
    lines = ["| Question | Verdict | In words |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join([said, "", *lines])


def plain(text: object) -> str:
    """Return text from outside in one line, as Markdown shows it letter by letter."""
    return _MARKS.sub(r"\\\1", " ".join("".join(sign if sign.isprintable() else " " for sign in str(text)).split()))
