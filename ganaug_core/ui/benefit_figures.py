"""Plotly figures of the benefit experiment: every arm with its interval, and the change by synthetic share."""

import plotly.graph_objects as go

from ganaug_core.benefit_records import Benefit
from ganaug_core.ui import charts, palette, words

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
    "auroc": ("AUROC", "area under the ROC curve; 0.5 is guessing, 1 is perfect"),
    "auprc": ("AUPRC", "average precision; 1 is perfect"),
    "sensitivity": ("Sensitivity at 90 % specificity", "share of the class that is found"),
    "brier": ("Brier score", "mean squared error of the probability; lower is better"),
    "calibration": ("Calibration error", "gap between probability and frequency; lower is better"),
}
KINDS = {
    False: ("real images only", "square", palette.ROLES["train"]),
    True: ("with synthetic images", "cross", palette.ROLES["synthetic"]),
}


def arms(found: Benefit, measure: str, class_name: str) -> go.Figure:
    """Each arm's mean over repetitions with its 95 % interval; a line where classical augmentation stands."""
    scores = {each.arm: each for each in found.scores if (each.measure, each.class_name) == (measure, class_name)}
    known = {arm.name: arm for arm in found.arms if arm.name in scores}
    figure = go.Figure()
    for uses_synthetic, (label, symbol, colour) in KINDS.items():
        chosen = [name for name in ORDER if name in known and known[name].uses_synthetic == uses_synthetic]
        shown = [scores[name] for name in chosen]
        figure.add_scatter(
            x=[each.value for each in shown],
            y=[known[name].title for name in chosen],
            mode="markers",
            name=label,
            marker={"symbol": symbol, "size": 11, "color": colour},
            error_x={
                "array": [each.interval[1] - each.value for each in shown],
                "arrayminus": [each.value - each.interval[0] for each in shown],
                "color": colour,
                "thickness": 2,
            },
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    if "classical" in scores:
        line = {"color": palette.TEXT, "dash": "dash", "width": 1}
        figure.add_vline(x=scores["classical"].value, line=line)
    title, axis = MEASURES[measure]
    name = words.clean(class_name)
    charts.dressed(figure, f"{title} of {name} on the hold-out", axis, "", height=170 + 34 * len(known))
    order = [known[name].title for name in ORDER if name in known]
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=order[::-1])
    return _legend_below(figure)


def doses(found: Benefit, measure: str, class_name: str) -> go.Figure:
    """Change against classical augmentation alone, by the share of synthetic images among those of the rare class."""
    moved = {
        each.arm: each
        for each in found.differences
        if (each.against, each.measure, each.class_name) == ("classical", measure, class_name)
    }
    mixed = sorted(
        (arm for arm in found.arms if arm.name in moved and arm.classical and arm.uses_synthetic),
        key=lambda arm: arm.share,
    )
    figure = go.Figure()
    for curated, (label, symbol, colour) in {
        False: ("as drawn", "cross", palette.ROLES["synthetic"]),
        True: ("after curation", "diamond-open", palette.CLASSES[4]),
    }.items():
        chosen = [arm for arm in mixed if arm.curated == curated]
        if not chosen:
            continue
        shown = [moved[arm.name] for arm in chosen]
        shift = 2.0 if curated else 0.0  # beside the other point, so that both intervals can be read
        start = [] if curated else [0.0]
        figure.add_scatter(
            x=[*start, *(100 * arm.share + shift for arm in chosen)],
            y=[*start, *(each.value for each in shown)],
            mode="markers" if curated else "lines+markers",
            name=label,
            line={"color": colour, "width": 2},
            marker={"symbol": symbol, "size": 11, "color": colour},
            error_y={
                "array": [*start, *(each.interval[1] - each.value for each in shown)],
                "arrayminus": [*start, *(each.value - each.interval[0] for each in shown)],
                "color": colour,
                "thickness": 2,
            },
            hovertemplate="%{x:.0f} %: %{y:+.3f}<extra></extra>",
        )
    figure.add_hline(y=0, line={"color": palette.TEXT, "dash": "dash", "width": 1})
    title, _ = MEASURES[measure]
    height = 170 + 34 * len({each.arm for each in found.scores})
    charts.dressed(
        figure,
        f"Change of {title} by dose",
        "synthetic share of the rare class in %",
        "minus classical alone, 95 % interval",
        height=height,
    )
    figure.update_xaxes(range=[-3, 57], tickvals=[0, 10, 25, 50])
    return _legend_below(figure)


def _legend_below(figure: go.Figure) -> go.Figure:
    figure.update_layout(legend={"x": 0, "xanchor": "left", "y": -0.2, "yanchor": "top"}, margin={"b": 96, "t": 48})
    return figure
