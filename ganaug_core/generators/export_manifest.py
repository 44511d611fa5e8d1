"""What stands beside exported images: where each comes from, what was decided, and what an audit said of the set."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ganaug_core.interfaces import Written
from ganaug_core.records import Audit, Intensity, Samples, disclosure
from ganaug_core.storage.workspace import installation_salt
from ganaug_core.wording import count
from ganaug_core.writers import marks

SCHEMA = "ganaug.export/1"
INTENDED_USE = "research only, not for diagnosis"
_PROVENANCE = ("generator", "title", "seed", "truncation", "mixing", "recipes")


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of images beside themselves when they leave.

    Attributes:
        decisions: `keep`, `reject` or `flag`, by id.
        audit: Of exactly these images, None where there is none.
        left_out: How many images were left out because an audit named them as copies.
        named: Ids of images that an audit named and that are among these because somebody asked for them.
        whole: Verdict on copying of the audit of the whole set that these images were chosen from, empty where there
            is none.
        licence: Of the generator's passport.
        searched: They were found in latent space; `left_out` and `named` are then about images that were searched for
            so that they resemble a real one.
    """

    decisions: Mapping[str, str] = field(default_factory=dict)
    audit: Audit | None = None
    left_out: int = 0
    named: frozenset[str] = frozenset()
    whole: str = ""
    licence: str = "internal"
    searched: bool = False


def described(samples: Samples, intensity: Intensity, format: str, written: Written, known: Known) -> dict[str, Any]:
    """Return the document of `manifest.json`; the cohort's digest stays behind, as who has an image could test it."""
    counts = np.bincount(samples.labels, minlength=len(samples.classes)).tolist()
    return {
        "schema": SCHEMA,
        "synthetic": marks.MARK,
        "digital_source_type": marks.SOURCE_TYPE,
        "software": marks.SOFTWARE,
        "name": samples.name,
        "format": format,
        "unit": intensity.unit,
        "physical": "read * slope + offset",
        "slope": written.slope,
        "offset": written.offset,
        "largest_error": written.error,
        "range": [intensity.low, intensity.high],
        "classes": list(samples.classes),
        "counts": dict(zip(samples.classes, counts, strict=True)),
        "n": len(samples),
        "size": list(samples.images.shape[1:]),
        "samples": samples.digest,
        **{key: samples.provenance[key] for key in _PROVENANCE if key in samples.provenance},
        "licence": known.licence,
        "intended_use": INTENDED_USE,
        "left_out": {"named_as_copies": known.left_out, "copying_of_the_whole_set": known.whole or None},
        "named_copies_included": len(known.named),
        "audit": _audit(known.audit, samples),
        "audit_in_words": audit_in_words(known),
    }


def audit_in_words(known: Known) -> str:
    """Return whether exactly these images were audited, and what was left out or let in for it."""
    sentences = []
    if known.named:
        why = (
            "were searched for to resemble real images" if known.searched else "an audit named as copies of real images"
        )
        sentences.append(
            f"{count(len(known.named), 'image')} that {why} are among these, because somebody asked for them."
        )
    if known.left_out:
        why = "were searched for to resemble real images" if known.searched else "an audit named as copies"
        sentences.append(f"{count(known.left_out, 'image')} that {why} were left out.")
    if known.audit is None:
        return " ".join([*sentences, "Exactly these images were not audited."])
    sentences.append(f"Exactly these images were {'audited again' if known.left_out else 'audited'}.")
    if known.left_out:
        sentences.append(
            "They were chosen with the help of the same real images, so they pass more easily than a fresh draw of the "
            "same generator would."
        )
        if known.whole:
            sentences.append(
                f"Of the whole set that they come from, the verdict on copying is: {known.whole.replace('_', ' ')}."
            )
    return " ".join(sentences)


def write(folder: Path, samples: Samples, document: Mapping[str, Any], written: Written, known: Known) -> None:
    """Write `manifest.csv`, one row an image, and `manifest.json`."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    header = ["image", "label", "id", "synthetic", "generator", "seed", "index", "truncation", "decision"]
    table.writerow([*header, "named_as_copy", "unit", "slope", "offset"])
    generator, truncation = (str(samples.provenance.get(key, "")) for key in ("generator", "truncation"))
    seeds_and_places = zip(marks.seeds(samples), marks.indices(samples), strict=True)
    rows = zip(written.names, samples.labels, samples.ids.tolist(), seeds_and_places, strict=True)
    for name, label, image, (seed, index) in rows:
        named = "yes" if image in known.named else "no" if known.audit is not None else ""
        made = [generator, seed, index, truncation]
        told = [known.decisions.get(image, ""), named, document["unit"], document["slope"], document["offset"]]
        table.writerow([name, samples.classes[label], image, "yes", *made, *told])
    (folder / "manifest.csv").write_text(text.getvalue(), "utf-8")
    (folder / "manifest.json").write_text(json.dumps(document, indent=1), "utf-8")


def _audit(audit: Audit | None, samples: Samples) -> dict[str, Any] | None:
    """Return the verdicts, without an id of a real image or the exact number of a few."""
    if audit is None:
        return None
    told, salt = {*samples.ids.tolist(), samples.digest}, installation_salt()
    verdicts = {
        name: {"state": verdict.state, "statement": disclosure.outside(verdict.statement, told, (), salt)}
        for name, verdict in audit.verdicts.items()
    }
    named = sum(suspect.is_listed for suspect in audit.suspects)
    made = audit.made.date if audit.made is not None else None
    return {"verdicts": verdicts, "named_as_copies": named, "seed": audit.seed, "date": made}
