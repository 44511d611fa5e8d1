"""Who drew the images: the generator's passport, and the curves of its training."""

from collections.abc import Sequence

from ganaug_core.config import LICENCES, Passport
from ganaug_core.records.training import Checkup
from ganaug_core.report import figures
from ganaug_core.report.blocks import Block, Facts, Figure, Figures, Section, Text, table
from ganaug_core.report.drawing import REAL, SYNTHETIC
from ganaug_core.report.edition import Edition
from ganaug_core.report.stored import Set, Stored
from ganaug_core.terms import MEASURES
from ganaug_core.wording import clean, moment, number

CURVES = (
    (
        "Losses of both networks",
        "loss, each game has its own scale",
        {
            "discriminator_loss": ("discriminator", REAL, "solid"),
            "generator_loss": ("generator", SYNTHETIC, "dash"),
        },
    ),
    (
        "How strongly the networks are pulled",
        "gradient norm",
        {
            "discriminator_gradient": ("discriminator", REAL, "solid"),
            "generator_gradient": ("generator", SYNTHETIC, "dash"),
        },
    ),
)


def generator(stored: Stored, edition: Edition) -> Section:
    """Say who drew the images and how that was learnt."""
    found = stored.set
    blocks: list[Block] = [Facts(tuple(_drawn(found, edition)))]
    if found.passport is None:
        blocks.append(Text("No generator of this workspace drew these images: how they were made is not known here."))
    else:
        blocks.append(Facts(tuple(_passport(found.passport, edition))))
        blocks += _curves(found)
        blocks += _checkpoints(found.checkups, found.kept, edition)
    return Section("generator", "Generator: passport and curves", tuple(blocks))


def _drawn(found: Set, edition: Edition) -> list[tuple[str, str]]:
    origin = found.samples.provenance
    facts = [("Synthetic images", f"{len(found.samples):,} ({edition.text(found.name)})")]
    labels = found.samples.labels.tolist()
    by_class = [f"{labels.count(label):,} {clean(name)}" for label, name in enumerate(found.samples.classes)]
    facts.append(("By class", ", ".join(by_class)))
    for key, title in (("seed", "Seed"), ("truncation", "Truncation (1 is none)"), ("mixing", "Mixing")):
        if key in origin:
            facts.append((title, f"{origin[key]:g}"))
    if "of" in origin:
        facts.append(("Chosen from", "a larger set of the same draw"))
    return facts


def _passport(card: Passport, edition: Edition) -> list[tuple[str, str]]:
    settings = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in card.architecture.settings.items())
    return [
        ("Generator", edition.text(card.title)),
        (
            "Architecture",
            edition.text(f"{card.architecture.name} ({settings})" if settings else card.architecture.name),
        ),
        ("Recipe", f"{edition.text(card.recipe)}, seed {card.seed}"),
        ("Training images shown", f"{card.images:,} (each counts every time)"),
        ("Learnt from", f"cohort {edition.text(card.cohort_name)}"),
        ("Training patients", edition.real(card.patients) if card.patients else "not known"),
        ("Made", f"{moment(card.created)} by {edition.text(card.software)}"),
        ("Licence in the passport", LICENCES[card.licence]),
        ("Intended use", card.intended_use),
        (
            "Looks at the hold-out share so far",
            "not counted" if card.holdout_looks is None else f"{card.holdout_looks:,}",
        ),
    ]


def _curves(found: Set) -> list[Block]:
    if not found.history:
        return [Text("The run that made the generator is not in this workspace, so there are no curves.")]
    drawn = []
    for title, axis, series in CURVES:
        drawing = figures.curves(found.history, series, title, axis)
        if drawing is not None:
            drawn.append(Figure(drawing, f"{title} over the training images shown."))
    return [Figures(tuple(drawn))] if drawn else []


def _checkpoints(checkups: Sequence[Checkup], kept: int | None, edition: Edition) -> list[Block]:
    """Say what the kept checkpoint was worth by the tuning share."""
    if not checkups:
        return []
    chosen = next((checkup for checkup in checkups if checkup.images == kept), checkups[-1])
    rows = [
        (
            MEASURES.get(row.name, (row.name.replace("_", " ").capitalize(), ""))[0],
            number(row.value),
            "–" if row.interval is None else " to ".join(map(number, row.interval)),
            edition.real(row.n_real),
            f"{row.n_synthetic:,}",
        )
        for row in chosen.measurements
        if row.class_name is None
    ]
    caption = f"The kept checkpoint, after {chosen.images:,} images, judged by the tuning share alone."
    return [table(("Measure", "Value", "95 % interval", "Real", "Synthetic"), rows, (3, 1, 2, 1, 1), caption)]
