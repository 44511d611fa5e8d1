"""The Feature map page: the map, the picked pair beside it, and the images inside the lasso below."""

import re
from functools import partial

import numpy as np
import streamlit as st

from ganaug_core.config.requests import MAP_SPACE, BuildMap
from ganaug_core.records import ROLES, Audit, Integers, Map
from ganaug_core.ui.pages.feature_map import plotly_map
from ganaug_core.ui.shared import address, audited_map, caches, pairs, show, words
from ganaug_core.ui.shared.address import IMAGE
from ganaug_core.ui.shared.components.feature_map import Group, lasso_of
from ganaug_core.ui.shared.components.gallery import MOST, gallery

SPACES = {
    "simclr": "learnt from the images alone (SimCLR)",
    "texture": "texture and shape measures",
    "pixels": "the pixels themselves",
    "classifier": "what tells the classes apart",
}
VIEWS = {"images": "With images", "plotly": "As a Plotly figure"}
SYNTHETIC = len(ROLES)
GROUP = "group"  # in the address: the place of a missing group in the audit
_GATHERED = "gathered"
_OPENED = "group-opened"


def page(cohort: str, samples: str) -> None:
    """Draw the page about one set of synthetic images and their cohort."""
    columns = st.columns([3, 2], vertical_alignment="bottom")
    if address.settle("space") not in SPACES:
        st.session_state["space"] = MAP_SPACE
    space = columns[0].selectbox(
        "Feature space",
        list(SPACES),
        format_func=SPACES.__getitem__,
        key="space",
        persist_state="session",
        help="How images become numbers before they are drawn. What is near in one space may be far in another.",
    )
    name = caches.workspace().newest("maps", caches.inputs(cohort, samples), encoder=space)
    if name is None:
        st.text(
            "The map places every real image near those that resemble it, and every synthetic image between its "
            "nearest real ones. It takes about a minute for a few thousand images."
        )
        show.finished(BuildMap(cohort=cohort, samples=samples, encoder=str(space)), "Draw the map")
        return
    view = columns[1].segmented_control(
        "View", list(VIEWS), format_func=VIEWS.__getitem__, default="images", required=True, key="view"
    )
    _look(name, cohort, samples, str(view))


@st.fragment
def _look(name: str, cohort: str, samples: str, view: str) -> None:
    """Map, pair and gallery; a click runs only this again."""
    with show.guarded():
        address.settle(IMAGE)
        drawn = caches.map(name, cohort, samples)
        audit = _audit(drawn)
        _asked_for(drawn, audit)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            if view == "plotly":
                _plotly(name, drawn)
            else:
                _canvas(name, drawn, audit)
            _faithfulness(drawn)
        with right:
            _pair(drawn)
        _gathered(drawn)


def _audit(drawn: Map) -> Audit | None:
    return caches.audit_beside(drawn.cohort, drawn.synthetic)


def _canvas(name: str, drawn: Map, audit: Audit | None) -> None:
    opened = _group_open(drawn)
    gathered = _rows_gathered(drawn)[0][:MOST] if opened is None else ()  # a group has its outline
    audited_map.show(
        name,
        drawn,
        audit,
        key="map",
        picked=st.session_state.get(IMAGE) or None,
        opened=opened,
        chosen=[str(drawn.ids[row]) for row in gathered],
        on_pick=_picked,
        on_lasso=partial(_lassoed_on, name, drawn.cohort, drawn.synthetic),
        on_group=partial(_opened, name, drawn.cohort, drawn.synthetic),
    )
    if audit is None:
        st.text("Suspected copies and missing groups appear here after an audit.")
        show.link("audit", "Go to the audit", cohort=drawn.cohort, samples=drawn.synthetic)


def _plotly(name: str, drawn: Map) -> None:
    """The same map without the component: box, lasso and click, no image on hover."""
    figure, rows = plotly_map.feature_map(drawn, st.session_state.get(IMAGE))
    key = f"plotly-{name}"
    st.plotly_chart(
        figure,
        key=key,
        theme=None,
        on_select=partial(_selected, name, drawn.cohort, drawn.synthetic, key, rows),
        selection_mode=("points", "box", "lasso"),
        alt=f"Feature map with {len(drawn.ids):,} points",
    )


def _selected(name: str, cohort: str, samples: str, key: str, rows: list[Integers]) -> None:
    """Take over a selection in the Plotly figure: one point is picked, several are gathered."""
    drawn = caches.map(name, cohort, samples)
    points = st.session_state[key]["selection"]["points"]
    chosen = np.unique([int(rows[each["curve_number"]][each["point_index"]]) for each in points]).astype(np.int64)
    if len(chosen) == 1:
        st.session_state[IMAGE] = str(drawn.ids[chosen[0]])
    elif len(chosen):
        _keep(drawn, chosen, "lasso")


def _faithfulness(drawn: Map) -> None:
    """Say how far the map can be trusted."""
    st.markdown(
        f"**How faithful is it?** Of the 15 nearest neighbours of an image in the feature space "
        f"{words.percent(drawn.neighbour_hit_rate)} are its neighbours on the map; trustworthiness "
        f"{drawn.trustworthiness:.2f} of 1. Distances between distant groups mean nothing; lines and lists use the "
        f"feature space itself.",
        help="Trustworthiness (Venna and Kaski, 2001): 1 when no image is drawn near another that is not really near.",
    )


def _pair(drawn: Map) -> None:
    """The picked image beside its nearest ones."""
    image = st.session_state.get(IMAGE) or ""
    found = np.flatnonzero(drawn.ids == image)
    if len(found):
        pairs.show_pair(pairs.of_point(drawn, int(found[0])), drawn.cohort, drawn.synthetic, key="map-pair")
        if drawn.roles[found[0]] == SYNTHETIC:
            show.link("samples", "Decide about it", cohort=drawn.cohort, samples=drawn.synthetic, image=str(image))
    else:
        st.info(
            "Hover over a point to see its image beside the nearest training image. Click it to compare the two here. "
            "Choose Lasso, or hold Shift, and draw round points to list them below.",
            icon=":material/touch_app:",
        )
    st.text_input("Id of the image", key=IMAGE, persist_state="session", max_chars=12)


def _gathered(drawn: Map) -> None:
    """Galleries of a lasso or a missing group, synthetic images first, nearest to a training image first."""
    rows, where = _rows_gathered(drawn)
    if not len(rows):
        return
    st.subheader(f"{words.count(len(rows), 'image')} in the {where}")
    rows = rows[np.argsort(drawn.distances[rows], kind="stable")]
    synthetic = rows[drawn.roles[rows] == SYNTHETIC]
    real = rows[drawn.roles[rows] != SYNTHETIC]
    for kind, name, found, says in (
        ("samples", drawn.synthetic, synthetic, "synthetic"),
        ("cohorts", drawn.cohort, real, "real"),
    ):
        if len(found):
            more = f", the {MOST} nearest to a training image shown" if len(found) > MOST else ""
            if more or len(found) < len(rows):
                st.text(f"{words.count(len(found), f'{says} image')}{more}")
            ids = [str(drawn.ids[row]) for row in found[:MOST]]
            gallery(
                kind,
                name,
                ids,
                [_label(drawn, int(row)) for row in found[:MOST]],
                key=f"lasso-{kind}",
                title=f"{says} images in the {where}",
                picked=st.session_state.get(IMAGE),
                on_pick=partial(_picked_in, f"lasso-{kind}"),
            )


def _label(drawn: Map, row: int) -> str:
    role = words.ROLES[(*ROLES, "synthetic")[int(drawn.roles[row])]]
    return f"{words.clean(drawn.classes[int(drawn.labels[row])])}, {role}, {drawn.ids[row]}"


def _rows_gathered(drawn: Map) -> tuple[Integers, str]:
    """Return the rows of the images that were gathered last, by id (another space keeps them), and what held them."""
    cohort, synthetic, ids, where = st.session_state.get(_GATHERED, ("", "", (), ""))
    if (cohort, synthetic) != (drawn.cohort, drawn.synthetic):
        return np.zeros(0, np.int64), ""
    return np.flatnonzero(np.isin(drawn.ids, ids)), where


def _lassoed_on(name: str, cohort: str, samples: str) -> None:
    drawn = caches.map(name, cohort, samples)
    lasso = lasso_of(st.session_state["map"]["lasso"])
    _keep(drawn, lasso.inside(drawn) if lasso else np.zeros(0, np.int64), "lasso")


def _opened(name: str, cohort: str, samples: str) -> None:
    """Gather the real images of the missing group that was opened on the map, or none where it was closed again."""
    drawn = caches.map(name, cohort, samples)
    audit, number = _audit(drawn), st.session_state["map"]["group"]
    known = audited_map.missing_groups(audit) if audit else []
    if isinstance(number, int) and 0 <= number < len(known):
        _open(drawn, number, known[number])
    else:
        _keep(drawn, np.zeros(0, np.int64), "")


def _asked_for(drawn: Map, audit: Audit | None) -> None:
    """Gather the missing group that a link names, once for each link."""
    asked = st.query_params.get(GROUP, "")
    if (drawn.synthetic, asked) == st.session_state.get(f"{GROUP}-in-address"):
        return
    st.session_state[f"{GROUP}-in-address"] = drawn.synthetic, asked
    known = audited_map.missing_groups(audit) if audit else []
    if re.fullmatch("[0-9]{1,3}", asked) and int(asked) < len(known):
        _open(drawn, int(asked), known[int(asked)])


def _open(drawn: Map, number: int, group: Group) -> None:
    _keep(drawn, np.flatnonzero(np.isin(drawn.ids, group.members)), f"missing group {number + 1}", number)


def _keep(drawn: Map, rows: Integers, where: str, group: int | None = None) -> None:
    st.session_state[_GATHERED] = (drawn.cohort, drawn.synthetic, drawn.ids[rows].tolist(), where)
    st.session_state[_OPENED] = (drawn.cohort, drawn.synthetic, group)


def _group_open(drawn: Map) -> int | None:
    """Return the place of the missing group that was opened last, None where it belongs to other images."""
    cohort, synthetic, group = st.session_state.get(_OPENED, ("", "", None))
    return group if (cohort, synthetic) == (drawn.cohort, drawn.synthetic) else None


def _picked() -> None:
    _picked_in("map")


def _picked_in(key: str) -> None:
    st.session_state[IMAGE] = st.session_state[key]["picked"] or ""
