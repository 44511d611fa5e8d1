"""What every exported file says of itself: a trained algorithm made it, which one, and that it shows nobody."""

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

import ganaug_core
from ganaug_core.records import Samples

MARK = "Synthetic image made by a generative model, not a patient. Research only, not for diagnosis."
VISIBLE = "SYNTHETIC - NOT A PATIENT"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""Term of the IPTC's vocabulary of digital source types: what picture tools and platforms look for."""
SOFTWARE = f"ganaug {ganaug_core.__version__}"
UNKNOWN = "not known"


def origin(samples: Samples) -> Mapping[str, str]:
    """Return `generator` (digest), `seed` and `truncation` in words; `not known` of other programs' images."""
    return {key: str(samples.provenance.get(key, UNKNOWN)) for key in ("generator", "seed", "truncation")}


def indices(samples: Samples) -> list[int]:
    """Return the place of each image in the draw that it comes from: with seed and class it gives the image again."""
    return list(samples.provenance.get("index", range(len(samples))))


def seeds(samples: Samples) -> list[str]:
    """Return the seed that each image was drawn with; empty where it is not known."""
    one = str(samples.provenance.get("seed", ""))
    return [str(seed) for seed in samples.provenance.get("seeds", ())] or [one] * len(samples)


def sentence(samples: Samples) -> str:
    """Return who drew the images: generator, seed, version."""
    facts = origin(samples)
    if facts["generator"] == UNKNOWN:
        return f"Drawn by another program, exported by {SOFTWARE}."
    return f"Generator {facts['generator']}, seed {facts['seed']}, truncation {facts['truncation']}, {SOFTWARE}."


def xmp(samples: Samples) -> bytes:
    """Return the packet of XMP metadata, where picture tools look for the digital source type."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f"Iptc4xmpExt:DigitalSourceType={quoteattr(SOURCE_TYPE)} xmp:CreatorTool={quoteattr(SOFTWARE)}>"
        '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">'
        f"{escape(f'{MARK} {sentence(samples)}')}</rdf:li></rdf:Alt></dc:description>"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()
