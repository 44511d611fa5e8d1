"""Plotly figures of the benefit experiment: every arm with its interval, and the change by synthetic share."""

from collections.abc import Mapping

import plotly.graph_objects as go

from ganaug_core.records.benefit import Benefit
from ganaug_core.ui.shared import charts, palette

ORDER = (
    "real",
    "weights",
    "duplication",
    "classical",
    "mixed10",
    "mixed25",
    "mixed50",
    "curated",
    "topped",
    "synthetic",
)
MEASURES = {
    "auroc": ("Pairs ranked right", "share of pairs; 0.5 is guessing, 1 is perfect", "AUROC"),
    "auprc": ("Average precision", "1 is perfect", "AUPRC"),
    "sensitivity": ("Sensitivity at 90 % specificity", "share that is found", "Sensitivity at 90 % specificity"),
    "brier": ("Squared error of the probability", "lower is better", "Brier score"),
    "calibration": ("Calibration error", "lower is better", "Calibration error"),
}
"""Each measure for a first glance, what its values mean, and its term."""
KINDS = {
    False: ("real images only", "square", palette.ROLES["train"]),
    True: ("with synthetic images", "cross", palette.ROLES["synthetic"]),
}
PLOTTED = 0.4  # of the width of the arms' figure; the rest shows what each arm looks at
ROW, FEWEST_ROWS = 29, 5  # height of an arm in pixels; of fewer arms each gets more
STRIP = 26  # height of a picture in pixels


def arms(benefit: Benefit, measure: str, class_name: str, pictures: Mapping[str, str]) -> go.Figure:
    """Each arm's mean over repetitions with its 95 % interval; a line where classical augmentation stands.

    Args:
        pictures: By arm, the address of a picture of its training images, laid beside its point.
    """
    scores = {
        score.arm: score for score in benefit.scores if (score.measure, score.class_name) == (measure, class_name)
    }
    arms_by_name = {arm.name: arm for arm in benefit.arms if arm.name in scores}
    figure = go.Figure()
    for uses_synthetic, (label, symbol, colour) in KINDS.items():
        names = [name for name in ORDER if name in arms_by_name and arms_by_name[name].uses_synthetic == uses_synthetic]
        arm_scores = [scores[name] for name in names]
        figure.add_scatter(
            x=[score.value for score in arm_scores],
            y=[arms_by_name[name].title for name in names],
            mode="markers",
            name=label,
            marker={"symbol": symbol, "size": 11, "color": colour},
            error_x={
                "array": [score.interval[1] - score.value for score in arm_scores],
                "arrayminus": [score.value - score.interval[0] for score in arm_scores],
                "color": colour,
                "thickness": 2,
            },
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    if "classical" in scores:
        line = {"color": palette.TEXT, "dash": "dash", "width": 1}
        figure.add_vline(x=scores["classical"].value, line=line)
    title, axis, _ = MEASURES[measure]
    charts.dressed(figure, f"{title}: {charts.label(class_name)}", axis, "", height=_height(benefit))
    order = [name for name in reversed(ORDER) if name in arms_by_name]
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=[arms_by_name[name].title for name in order]
    )
    figure.update_yaxes(range=[-0.5, len(order) - 0.5])
    if pictures:
        figure.update_xaxes(domain=[0, PLOTTED])
        _beside(figure, {row: pictures[name] for row, name in enumerate(order) if name in pictures})
        caption = f"What was shown of {charts.label(benefit.rare)}"
        figure.add_annotation(
            text=caption, x=1, xref="paper", xanchor="right", y=1, yref="paper", yanchor="bottom", yshift=18,
            showarrow=False, font={"size": 16, "color": palette.TEXT},
        )  # fmt: skip
    return _legend_below(figure)


def _beside(figure: go.Figure, pictures: Mapping[int, str]) -> None:
    """Lay pictures to the right of the points, each at the height of its row."""
    for row, address in pictures.items():
        figure.add_layout_image(
            source=address, xref="paper", x=1, xanchor="right", sizex=0.98 - PLOTTED,
            yref="y", y=row, yanchor="middle", sizey=STRIP / ROW,
        )  # fmt: skip


def _height(benefit: Benefit) -> int:
    return 142 + ROW * max(FEWEST_ROWS, len({score.arm for score in benefit.scores}))


def doses(benefit: Benefit, measure: str, class_name: str) -> go.Figure:
    """Change against classical augmentation alone, by the share of synthetic images among those of the rare class."""
    differences = {
        difference.arm: difference
        for difference in benefit.differences
        if (difference.against, difference.measure, difference.class_name) == ("classical", measure, class_name)
    }
    mixed_arms = sorted(
        (arm for arm in benefit.arms if arm.name in differences and arm.classical and arm.uses_synthetic),
        key=lambda arm: arm.share,
    )
    figure = go.Figure()
    for curated, (label, symbol, colour) in {
        False: ("as drawn", "cross", palette.ROLES["synthetic"]),
        True: ("after curation", "diamond-open", palette.CLASSES[4]),
    }.items():
        arms = [arm for arm in mixed_arms if arm.curated == curated]
        if not arms:
            continue
        arm_differences = [differences[arm.name] for arm in arms]
        shift = 2.0 if curated else 0.0  # beside the other point, so that both intervals can be read
        start = [] if curated else [0.0]
        figure.add_scatter(
            x=[*start, *(100 * arm.share + shift for arm in arms)],
            y=[*start, *(difference.value for difference in arm_differences)],
            mode="markers" if curated else "lines+markers",
            name=label,
            line={"color": colour, "width": 2},
            marker={"symbol": symbol, "size": 11, "color": colour},
            error_y={
                "array": [*start, *(difference.interval[1] - difference.value for difference in arm_differences)],
                "arrayminus": [*start, *(difference.value - difference.interval[0] for difference in arm_differences)],
                "color": colour,
                "thickness": 2,
            },
            hovertemplate="%{x:.0f} %: %{y:+.3f}<extra></extra>",
        )
    figure.add_hline(y=0, line={"color": palette.TEXT, "dash": "dash", "width": 1})
    title, _, _ = MEASURES[measure]
    short, _, _ = title.partition(" at ")
    titles = f"Change of {short[0].lower()}{short[1:]}", "synthetic share in %", "minus classical, 95 % interval"
    charts.dressed(figure, *titles, height=_height(benefit))
    figure.update_xaxes(range=[-3, 57], tickvals=[0, 10, 25, 50])
    return _legend_below(figure)


def _legend_below(figure: go.Figure) -> go.Figure:
    figure.update_layout(
        legend={"x": 0, "xanchor": "left", "yref": "container", "y": 0, "yanchor": "bottom"},
        margin={"b": 84, "t": 44, "r": 4},
    )
    return figure
