"""The Feature map page: the workbench from the side of the map, and the map as a Plotly figure."""

import streamlit as st

from ganaug_core import pipeline
from ganaug_core.config.requests import MAP_SPACE, BuildMap, GatherMoments
from ganaug_core.jobs import runs
from ganaug_core.ui.pages.feature_map import beside, plotly_map, saving
from ganaug_core.ui.pages.feature_map.beside import SPACES
from ganaug_core.ui.shared import address, caches, charts, job_progress, show
from ganaug_core.ui.shared.earlier_results import earlier_results
from ganaug_core.ui.shared.looking import bench

PLOTLY = "plotly"


def space() -> str:
    """Ask for the feature space; it stands in the address."""
    if address.settle("space") not in SPACES:
        st.session_state["space"] = MAP_SPACE
    return str(
        st.selectbox(
            "Feature space",
            list(SPACES),
            format_func=SPACES.__getitem__,
            key="space",
            persist_state="session",
            help="How images become numbers before they are drawn. What is near in one space may be far in another. "
            "The first was learnt by SimCLR from the training images, without their classes.",
        )
    )


def page(cohort: str, samples: str, space: str) -> None:
    """Draw the workbench with the map, or offer to draw the map first."""
    name = bench.newest_map(cohort, samples, space)
    if name is None:
        st.text(
            "The map places every real image near those that resemble it, and every synthetic image between its "
            "nearest real ones. It takes about a minute for a few thousand images."
        )
        job_progress.result_or_button(_request(cohort, samples, space), "Draw the map")
        return
    map_ = caches.map(name, cohort, samples)  # a damaged one is said here, on its own page
    show.withdrawn("samples", samples)
    st.html(bench.LOOKS)
    if beside.chosen():
        beside.two_maps(cohort, samples, space)
        return
    bench.show_bench(cohort, samples, space=space, view="both")
    if st.session_state.get(PLOTLY):
        figure, _ = plotly_map.feature_map(map_, st.query_params.get("image"))
        alt = "Feature map as a Plotly figure"
        st.plotly_chart(figure, key=f"plotly-{name}", theme=None, config=charts.AS_SVG, alt=alt)


def _request(cohort: str, samples: str, space: str) -> BuildMap:
    return BuildMap(cohort=cohort, samples=samples, encoder=space, neighbourhoods=True)


def more(cohort: str, samples: str, space: str) -> None:
    """Draw the button behind which are the map as a file, the Plotly figure and earlier maps."""
    with st.popover("More", icon=":material/more_horiz:", width="stretch", key="more-maps"), show.guarded():
        beside.choose(cohort, samples, space)
        _follow_run(cohort, samples)
        st.toggle("Draw it as a Plotly figure too", key=PLOTLY)
        if name := bench.newest_map(cohort, samples, space):
            map_ = caches.map(name, cohort, samples)
            if not map_.neighbours.size:
                job_progress.result_or_button(_request(cohort, samples, space), "Find true neighbours")
            if bench.drawn_anew(cohort, samples, space) is None:
                other = BuildMap(cohort=cohort, samples=samples, encoder=space, seed=bench.OTHER_SEED)
                job_progress.result_or_button(other, "Draw it with another seed")
            saving.buttons(name, map_, SPACES[space])
        _earlier_maps(cohort, samples)


def _follow_run(cohort: str, samples: str) -> None:
    """Offer a set of what the run behind the images drew over time, whose map can be scrubbed."""
    workspace, record = caches.workspace(), caches.samples(samples)
    run = None if record.provenance.get("moments") else pipeline.run_of(workspace, record)
    sheets = runs.previews(workspace, run) if run else []
    if run and len(sheets) > 1:
        request = GatherMoments(run=run, moments=len(sheets))
        if made := job_progress.result_or_button(request, "Follow its training"):
            show.link("feature_map", "Follow its training on the map", cohort=cohort, samples=made)


def _earlier_maps(cohort: str, samples: str) -> None:
    def tell(name: str) -> None:
        map_ = caches.map(name, cohort, samples)
        st.text(f"{len(map_.ids):,} images, feature space: {SPACES.get(map_.encoder, map_.encoder)}.")
        if st.toggle("Draw it", key=f"earlier-{name}"):
            figure, _ = plotly_map.feature_map(map_)
            alt = f"Earlier map with {len(map_.ids):,} points"
            st.plotly_chart(figure, key=f"figure-{name}", theme=None, config=charts.AS_SVG, alt=alt)

    earlier_results("maps", "Earlier maps", cohort, samples, tell)
