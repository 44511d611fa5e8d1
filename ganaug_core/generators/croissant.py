"""`croissant.json`: exported images described for machines, in the format that data hubs and search engines read.

Source: Croissant 1.0, http://mlcommons.org/croissant/1.0; `mlcroissant validate` accepts it (RESULTS.md).
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganaug_core.interfaces import Written

FILE = "croissant.json"
LICENCES = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-NC-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
}
ENCODINGS = {
    "png": "image/png",
    "png8": "image/png",
    "slides": "image/png",
    "tiff": "image/tiff",
    "dicom": "application/dicom",
    "nifti": "application/gzip",
    "npz": "application/zip",
}
COLUMNS = {
    "image": "File of the image, relative to this one.",
    "label": "Class that was asked of the generator.",
    "id": "Opaque id of the synthetic image.",
    "decision": "What somebody decided after looking: keep, reject, flag, or nothing.",
}
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def write(folder: Path, document: Mapping[str, Any], written: Written) -> None:
    """Write `croissant.json` from the document of `manifest.json`, which lies in the folder with its table."""
    licence = document["licence"]
    content = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": document["name"],
        "description": f"{document['synthetic']} {document['audit_in_words']}",
        "license": LICENCES.get(licence, licence),
        "creator": {"@type": "sc:Organization", "name": "not stated"},
        "version": "1.0.0",
        "keywords": ["synthetic", "medical images", document["digital_source_type"]],
        "isLiveDataset": False,
        "distribution": [_file(folder / "manifest.csv", "text/csv"), _images(folder, document["format"], written)],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "images",
                "name": "images",
                "description": "One record for each synthetic image.",
                "key": {"@id": "images/id"},
                "field": [_field(column, meaning) for column, meaning in COLUMNS.items()],
            }
        ],
    }
    (folder / FILE).write_text(json.dumps(content, indent=1), "utf-8")


def _file(path: Path, encoding: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path.name,
        "name": path.name,
        "contentUrl": path.name,
        "encodingFormat": encoding,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def _images(folder: Path, format: str, written: Written) -> dict[str, Any]:
    first = written.names[0].partition(":")[0]
    if "/" not in first:
        return _file(folder / first, ENCODINGS[format])
    suffix = first[first.index(".", first.rindex("/")) :]
    return {
        "@type": "cr:FileSet",
        "@id": "image-files",
        "name": "image-files",
        "description": "The images, a folder for each class.",
        "encodingFormat": ENCODINGS[format],
        "includes": f"*/*{suffix}",
    }


def _field(column: str, meaning: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"images/{column}",
        "name": column,
        "description": meaning,
        "dataType": "sc:Text",
        "source": {"fileObject": {"@id": "manifest.csv"}, "extract": {"column": column}},
    }
