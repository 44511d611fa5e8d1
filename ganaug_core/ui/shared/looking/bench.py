"""The workbench of one set of synthetic images: what the browser is told, and what it says back."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import streamlit as st

from ganaug_core import app_root, pipeline
from ganaug_core.config.requests import SelectSamples
from ganaug_core.errors import WorkspaceError
from ganaug_core.reading import taken_for_real
from ganaug_core.records import Audit, Cohort, Map
from ganaug_core.server import decisions
from ganaug_core.server.map_stability import stability
from ganaug_core.ui.shared import caches, choosers, show, words
from ganaug_core.ui.shared.components import feature_map
from ganaug_core.ui.shared.components.viewer import WINDOWS, start_window
from ganaug_core.ui.shared.components.workbench import workbench
from ganaug_core.ui.shared.looking import findings, repeats
from ganaug_core.ui.shared.names import free_name

KEY = "workbench"
OTHER_SEED = 1
"""Of the map that the shown one, whose seed is 0, is compared with."""
MEASURES = {
    "distance": "Distance: 1 minus the largest correlation after trying flips, quarter turns, small rotations and "
    "shifts; 0 is the same image.",
    "quick distance": "Quick distance: 1 minus the correlation of the pixels as they lie, without flips, turns and "
    "shifts; 0 is the same image.",
}
LOOKS = """<style>
.stMainBlockContainer { padding: 0.6rem 1rem 0 !important; }
.stMainBlockContainer > div > .stVerticalBlock, [data-testid=stVerticalBlock] { gap: 0.5rem; }
.stMainBlockContainer [data-testid=stWidgetLabel] { display: none; }
[data-testid=stHeader] { background: none; height: 2rem; pointer-events: none; }
[data-testid=stHeader] button { pointer-events: auto; }
</style>"""


@st.fragment
def show_bench(cohort: str, samples: str, *, space: str, view: str) -> None:
    """Draw the workbench; what is asked of it runs only this again."""
    with show.guarded():
        workbench(
            contents(cohort, samples, space=space, view=view),
            key=KEY,
            on_chosen=lambda: None,
            on_audit=lambda: None,
        )
        if (asked := st.session_state[KEY].get("chosen")) is not None:
            keep_chosen(samples, asked["images"], str(asked["name"]))
        if st.session_state[KEY].get("audit"):
            where = {"cohort": cohort, "samples": samples}
            st.switch_page(app_root() / "pages" / "audit.py", query_params=where)


def keep_chosen(samples: str, images: Sequence[str], name: str) -> None:
    """Make a set of its own of some images of a set, and show it."""
    name = free_name(name, "samples")
    pipeline.select_samples(caches.workspace(), SelectSamples(samples=samples, images=tuple(images), name=name))
    choosers.next_time("samples", name)
    st.rerun()


def contents(cohort: str, samples: str, *, space: str, view: str) -> dict[str, Any]:
    """Return what the workbench shows: addresses of what is large, and the findings and decisions themselves.

    Args:
        space: Feature space of the map.
        view: What is shown at first: `gallery`, `map` or `both`.
    """
    record, audit = caches.cohort(cohort), caches.audit_beside(cohort, samples)
    unit = record.intensity.unit
    real, made = f"cohorts/{caches.artefact('cohorts', cohort)}", f"samples/{caches.artefact('samples', samples)}"
    below, above = record.provenance.get("clipped", (0, 0))
    decided = decisions.of_every_reader(caches.workspace(), caches.samples(samples).digest)
    quick = f"/api/nearest/{caches.artefact('cohorts', cohort)}"
    return {
        **feature_map.looks(cohort, samples),
        "lists": {"real": f"/api/list/{real}.json", "synthetic": f"/api/list/{made}.json"},
        "pixels": {"real": f"/api/pixels/{real}/", "synthetic": f"/api/pixels/{made}/"},
        "sprites": {"real": f"/api/sprite/{real}.png", "synthetic": f"/api/sprite/{made}.png"},
        "quick": {"real": f"{quick}/{real}.json", "synthetic": f"{quick}/{made}.json"},
        "audited": _audited(cohort, samples) if audit else None,
        "canBeAudited": can_be_audited(samples),
        "hasNearest": bool(audit and audit.nearest),
        "giveAways": list(audit.give_aways) if audit else [],
        "findings": _findings(cohort, samples, space, audit),
        "states": findings.states(),
        "map": _map(cohort, samples, space),
        "unit": unit,
        "scale": [record.intensity.low, record.intensity.high],
        "start": start_window(unit, record.modality),
        "clipped": [below > 0, above > 0],
        "windows": WINDOWS.get(unit, {}),
        "measures": MEASURES,
        "seen": seen_at(record),
        "samples": samples,
        "reasons": list(decisions.REASONS),
        "decide": decisions.address(caches.artefact("samples", samples)),
        "decisions": decisions.by_reader(decided),
        "view": view,
    }


def seen_at(cohort: Cohort) -> str:
    """Say how much of an image is to be seen at all: its pixels, and how large each is where that is known."""
    _, rows, columns = cohort.shape
    size = f"Seen at {columns} × {rows} pixels"
    original = cohort.provenance.get("original_size")
    had = f"; the originals had {original}" if original and original > max(rows, columns) else ""
    if cohort.spacing_mm is None:
        return f"{size}{had}; how large they are is not known."
    tall, wide = cohort.spacing_mm
    each = f"{wide:.3g} mm" if abs(wide - tall) < 1e-6 else f"{wide:.3g} × {tall:.3g} mm"
    return f"{size} of {each}{had}. Nothing smaller can be judged."


def can_be_audited(samples: str) -> bool:
    """Whether the images are independent draws; an audit refuses others."""
    provenance = caches.samples(samples).provenance
    return not any(provenance.get(key) for key in ("mixing", "recipes", "moments"))


def _audited(cohort: str, samples: str) -> str:
    workspace = caches.workspace()
    name = workspace.newest("audits", caches.inputs(cohort, samples))
    return f"/api/audited/{caches.artefact('audits', str(name))}.json"


def _findings(cohort: str, samples: str, space: str, audit: Audit | None) -> list[dict[str, Any]]:
    by_readers = findings.of_readers(taken_for_real(caches.workspace(), samples))
    told = [] if by_readers is None else [by_readers.for_browser()]
    if audit is None:
        return [
            *(finding.for_browser() for finding in findings.before_audit(can_be_audited=can_be_audited(samples))),
            *told,
        ]
    key = (caches.artefact("cohorts", cohort), caches.artefact("samples", samples), _audited(cohort, samples))
    return [*_findings_of(key, cohort, samples, space), *told]


@lru_cache(maxsize=16)
def _findings_of(key: tuple[str, ...], cohort: str, samples: str, space: str) -> list[dict[str, Any]]:
    """Return the findings of an audit; `key` holds the artefacts, so that a new one under an old name is seen."""
    audit = caches.audit_of(cohort, samples)
    if audit is None:
        return []
    found = [*findings.of_audit(audit, caches.samples(samples).ids.tolist(), space), *repeats.of_audit(audit)]
    found.sort(key=lambda finding: findings.ORDER.index(finding.state))
    return [finding.for_browser() for finding in found]


def _map(cohort: str, samples: str, space: str) -> dict[str, Any] | None:
    name = newest_map(cohort, samples, space)
    if name is None:
        return None
    try:
        map_ = caches.map(name, cohort, samples)
        kept = _stability(name, drawn_anew(cohort, samples, space))
    except WorkspaceError:  # its own page says so
        return None
    says = faithful(map_)
    if kept is not None:
        says = f"Drawn with another seed, {words.percent(kept)} of neighbours on the map stay neighbours. {says}"
    moments = caches.samples(samples).provenance.get("moments")
    return {**feature_map.points(map_, name), "says": says, "moments": moments}


def faithful(map_: Map) -> str:
    """Say how far a map can be trusted."""
    return (
        f"Of the 15 nearest neighbours in the feature space {words.percent(map_.neighbour_hit_rate)} are neighbours "
        f"here; trustworthiness {map_.trustworthiness:.2f} of 1. Distances between distant groups mean nothing."
    )


def newest_map(cohort: str, samples: str, space: str) -> str | None:
    """Return the name of the map that is shown: one of the usual seed, else the newest."""
    workspace, inputs = caches.workspace(), caches.inputs(cohort, samples)
    return workspace.newest("maps", inputs, encoder=space, seed=0) or workspace.newest("maps", inputs, encoder=space)


def drawn_anew(cohort: str, samples: str, space: str) -> str | None:
    """Return the name of the map of the same images that began with another seed, None without one."""
    return caches.workspace().newest("maps", caches.inputs(cohort, samples), encoder=space, seed=OTHER_SEED)


def _stability(name: str, other: str | None) -> float | None:
    """Return the share of neighbours that two maps have in common, None without another one."""
    if other is None or other == name:
        return None
    return _shared_neighbours(caches.artefact("maps", name), caches.artefact("maps", other))


@lru_cache(maxsize=16)
def _shared_neighbours(first: str, second: str) -> float:
    """Return the stability of a map; both are artefacts."""
    workspace = caches.workspace()
    return stability(workspace.open(Map, first), workspace.open(Map, second))
