"""The Feature map page: the map, the picked pair beside it, and the images inside the lasso below."""

import re
from functools import partial

import numpy as np
import streamlit as st

from ganaug_core.config.requests import MAP_SPACE, BuildMap
from ganaug_core.records import ROLES, Audit, Integers, Map
from ganaug_core.ui.pages.feature_map import plotly_map
from ganaug_core.ui.shared import address, audited_map, caches, job_progress, pairs, show, words
from ganaug_core.ui.shared.address import IMAGE
from ganaug_core.ui.shared.components.feature_map import Group, lasso_of
from ganaug_core.ui.shared.components.gallery import MOST, gallery
from ganaug_core.ui.shared.earlier_results import earlier_results

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
        job_progress.result_or_button(BuildMap(cohort=cohort, samples=samples, encoder=str(space)), "Draw the map")
        _earlier_maps(cohort, samples)
        return
    view = columns[1].segmented_control(
        "View", list(VIEWS), format_func=VIEWS.__getitem__, default="images", required=True, key="view"
    )
    _map_and_pair(name, cohort, samples, str(view))
    _earlier_maps(cohort, samples)


def _earlier_maps(cohort: str, samples: str) -> None:
    def tell(name: str) -> None:
        map_ = caches.map(name, cohort, samples)
        st.text(f"{len(map_.ids):,} images, feature space: {SPACES.get(map_.encoder, map_.encoder)}.")
        if st.toggle("Draw it", key=f"earlier-{name}"):
            figure, _ = plotly_map.feature_map(map_)
            st.plotly_chart(figure, key=f"figure-{name}", theme=None, alt=f"Earlier map with {len(map_.ids):,} points")

    earlier_results("maps", "Earlier maps", cohort, samples, tell)


@st.fragment
def _map_and_pair(name: str, cohort: str, samples: str, view: str) -> None:
    """Map, pair and gallery; a click runs only this again."""
    with show.guarded():
        address.settle(IMAGE)
        map_ = caches.map(name, cohort, samples)
        audit = _audit(map_)
        _group_in_address(map_, audit)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            if view == "plotly":
                _plotly_figure(name, map_)
            else:
                _interactive_map(name, map_, audit)
            _faithfulness(map_)
        with right:
            _pair(map_)
        _gathered_galleries(map_)


def _audit(map_: Map) -> Audit | None:
    return caches.audit_beside(map_.cohort, map_.synthetic)


def _interactive_map(name: str, map_: Map, audit: Audit | None) -> None:
    opened = _opened_group(map_)
    gathered = _gathered_rows(map_)[0][:MOST] if opened is None else ()  # a group has its outline
    audited_map.show(
        name,
        map_,
        audit,
        key="map",
        picked=st.session_state.get(IMAGE) or None,
        opened=opened,
        chosen=[str(map_.ids[row]) for row in gathered],
        on_pick=_on_pick,
        on_lasso=partial(_on_lasso, name, map_.cohort, map_.synthetic),
        on_group=partial(_on_group, name, map_.cohort, map_.synthetic),
    )
    if audit is None:
        st.text("Suspected copies and missing groups appear here after an audit.")
        show.link("audit", "Go to the audit", cohort=map_.cohort, samples=map_.synthetic)


def _plotly_figure(name: str, map_: Map) -> None:
    """The same map without the component: box, lasso and click, no image on hover."""
    figure, rows = plotly_map.feature_map(map_, st.session_state.get(IMAGE))
    key = f"plotly-{name}"
    st.plotly_chart(
        figure,
        key=key,
        theme=None,
        on_select=partial(_on_selection, name, map_.cohort, map_.synthetic, key, rows),
        selection_mode=("points", "box", "lasso"),
        alt=f"Feature map with {len(map_.ids):,} points",
    )


def _on_selection(name: str, cohort: str, samples: str, key: str, rows: list[Integers]) -> None:
    """Take over a selection in the Plotly figure: one point is picked, several are gathered."""
    map_ = caches.map(name, cohort, samples)
    points = st.session_state[key]["selection"]["points"]
    chosen = np.unique([int(rows[point["curve_number"]][point["point_index"]]) for point in points]).astype(np.int64)
    if len(chosen) == 1:
        st.session_state[IMAGE] = str(map_.ids[chosen[0]])
    elif len(chosen):
        _remember_rows(map_, chosen, "lasso")


def _faithfulness(map_: Map) -> None:
    """Say how far the map can be trusted."""
    st.markdown(
        f"**How faithful is it?** Of the 15 nearest neighbours of an image in the feature space "
        f"{words.percent(map_.neighbour_hit_rate)} are its neighbours on the map; trustworthiness "
        f"{map_.trustworthiness:.2f} of 1. Distances between distant groups mean nothing; lines and lists use the "
        f"feature space itself.",
        help="Trustworthiness (Venna and Kaski, 2001): 1 when no image is drawn near another that is not really near.",
    )


def _pair(map_: Map) -> None:
    """The picked image beside its nearest ones."""
    image = st.session_state.get(IMAGE) or ""
    rows = np.flatnonzero(map_.ids == image)
    if len(rows):
        pairs.show_pair(pairs.of_point(map_, int(rows[0])), map_.cohort, map_.synthetic, key="map-pair")
        if map_.roles[rows[0]] == SYNTHETIC:
            show.link("samples", "Decide about it", cohort=map_.cohort, samples=map_.synthetic, image=str(image))
    else:
        st.info(
            "Hover over a point to see its image beside the nearest training image. Click it to compare the two here. "
            "Choose Lasso, or hold Shift, and draw round points to list them below.",
            icon=":material/touch_app:",
        )
    st.text_input("Id of the image", key=IMAGE, persist_state="session", max_chars=12)


def _gathered_galleries(map_: Map) -> None:
    """Galleries of a lasso or a missing group, synthetic images first, nearest to a training image first."""
    rows, where = _gathered_rows(map_)
    if not len(rows):
        return
    st.subheader(f"{words.count(len(rows), 'image')} in the {where}")
    rows = rows[np.argsort(map_.distances[rows], kind="stable")]
    synthetic = rows[map_.roles[rows] == SYNTHETIC]
    real = rows[map_.roles[rows] != SYNTHETIC]
    for kind, name, shown_rows, adjective in (
        ("samples", map_.synthetic, synthetic, "synthetic"),
        ("cohorts", map_.cohort, real, "real"),
    ):
        if len(shown_rows):
            more = f", the {MOST} nearest to a training image shown" if len(shown_rows) > MOST else ""
            if more or len(shown_rows) < len(rows):
                st.text(f"{words.count(len(shown_rows), f'{adjective} image')}{more}")
            ids = [str(map_.ids[row]) for row in shown_rows[:MOST]]
            gallery(
                kind,
                name,
                ids,
                [_label(map_, int(row)) for row in shown_rows[:MOST]],
                key=f"lasso-{kind}",
                title=f"{adjective} images in the {where}",
                picked=st.session_state.get(IMAGE),
                on_pick=partial(_set_image_from, f"lasso-{kind}"),
            )


def _label(map_: Map, row: int) -> str:
    role = words.ROLES[(*ROLES, "synthetic")[int(map_.roles[row])]]
    return f"{words.clean(map_.classes[int(map_.labels[row])])}, {role}, {map_.ids[row]}"


def _gathered_rows(map_: Map) -> tuple[Integers, str]:
    """Return the rows of the images that were gathered last, by id (another space keeps them), and what held them."""
    cohort, synthetic, ids, where = st.session_state.get(_GATHERED, ("", "", (), ""))
    if (cohort, synthetic) != (map_.cohort, map_.synthetic):
        return np.zeros(0, np.int64), ""
    return np.flatnonzero(np.isin(map_.ids, ids)), where


def _on_lasso(name: str, cohort: str, samples: str) -> None:
    map_ = caches.map(name, cohort, samples)
    lasso = lasso_of(st.session_state["map"]["lasso"])
    _remember_rows(map_, lasso.inside(map_) if lasso else np.zeros(0, np.int64), "lasso")


def _on_group(name: str, cohort: str, samples: str) -> None:
    """Gather the real images of the missing group that was opened on the map, or none where it was closed again."""
    map_ = caches.map(name, cohort, samples)
    audit, number = _audit(map_), st.session_state["map"]["group"]
    missing = audited_map.missing_groups(audit) if audit else []
    if isinstance(number, int) and 0 <= number < len(missing):
        _gather_group(map_, number, missing[number])
    else:
        _remember_rows(map_, np.zeros(0, np.int64), "")


def _group_in_address(map_: Map, audit: Audit | None) -> None:
    """Gather the missing group that a link names, once for each link."""
    address = st.query_params.get(GROUP, "")
    if (map_.synthetic, address) == st.session_state.get(f"{GROUP}-in-address"):
        return
    st.session_state[f"{GROUP}-in-address"] = map_.synthetic, address
    missing = audited_map.missing_groups(audit) if audit else []
    if re.fullmatch("[0-9]{1,3}", address) and int(address) < len(missing):
        _gather_group(map_, int(address), missing[int(address)])


def _gather_group(map_: Map, number: int, group: Group) -> None:
    _remember_rows(map_, np.flatnonzero(np.isin(map_.ids, group.members)), f"missing group {number + 1}", number)


def _remember_rows(map_: Map, rows: Integers, where: str, group: int | None = None) -> None:
    st.session_state[_GATHERED] = (map_.cohort, map_.synthetic, map_.ids[rows].tolist(), where)
    st.session_state[_OPENED] = (map_.cohort, map_.synthetic, group)


def _opened_group(map_: Map) -> int | None:
    """Return the place of the missing group that was opened last, None where it belongs to other images."""
    cohort, synthetic, group = st.session_state.get(_OPENED, ("", "", None))
    return group if (cohort, synthetic) == (map_.cohort, map_.synthetic) else None


def _on_pick() -> None:
    _set_image_from("map")


def _set_image_from(key: str) -> None:
    st.session_state[IMAGE] = st.session_state[key]["picked"] or ""
