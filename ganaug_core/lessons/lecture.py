"""The lecture of 90 minutes: its blocks in order, what each screen shows, and their texts, one file a block.

A block's file says, after its title, a part under `## two minutes` (the short version), one under `## notes` (what the
speaker has in mind), and one under a title of its own for each screen.
"""

from dataclasses import dataclass
from pathlib import Path

from ganaug_core import app_root
from ganaug_core.errors import ConfigurationError

SHORT, NOTES = "two minutes", "notes"


@dataclass(frozen=True)
class Screen:
    """One screen.

    Attributes:
        shows: `figure` and `games` are named by `subject`, a demonstration or a lesson; `words` shows nothing besides
            its sentences; the others are screens of the demo's story.
    """

    shows: str
    subject: str = ""


@dataclass(frozen=True)
class Block:
    """One part of the lecture.

    Attributes:
        minutes: What it has.
        pictured: Number of the screen, from 1, whose still stands for the whole block.
    """

    name: str
    minutes: int
    screens: tuple[Screen, ...]
    pictured: int = 1


BLOCKS = (
    Block("vote", 7, (Screen("wedge"), Screen("vote")), pictured=2),
    Block("game", 10, (Screen("words"), Screen("figure", "the_game")), pictured=2),
    Block(
        "gradient",
        10,
        (Screen("figure", "slopes"), Screen("games", "vanishing"), Screen("figure", "heaps")),
        pictured=3,
    ),
    Block("dirac", 8, (Screen("games", "dirac"),)),
    Block(
        "collapse",
        13,
        (
            Screen("games", "rare"),
            Screen("figure", "rare_mode"),
            Screen("missing"),
            Screen("games", "collapse"),
            Screen("games", "underfitting"),
        ),
    ),
    Block("copying", 12, (Screen("flicker"), Screen("nearer"), Screen("figure", "nearest_ratio"))),
    Block("label", 10, (Screen("figure", "does_the_label_stay"),)),
    Block("pitfalls", 8, (Screen("figure", "inception_score"), Screen("figure", "frechet_over_n"))),
    Block("pairs", 9, (Screen("words"),)),
    Block("again", 3, (Screen("verdicts"), Screen("end"))),
)
MINUTES = sum(block.minutes for block in BLOCKS)


@dataclass(frozen=True)
class Said:
    """What is written of a block.

    Attributes:
        short: The version of two minutes, sentences a paragraph.
        notes: For the speaker.
        screens: Title and paragraphs of each screen.
    """

    title: str
    short: tuple[str, ...]
    notes: tuple[str, ...]
    screens: tuple[tuple[str, tuple[str, ...]], ...]


def said(block: Block, language: str = "en") -> Said:
    """Return a block's text.

    Raises:
        ConfigurationError: The file has another number of screens than the block.
    """
    path = _folder() / language / f"{block.name}.md"
    first, *parts = path.read_text("utf-8").strip().split("\n## ")
    told = {title.strip(): _paragraphs(text) for title, _, text in (part.partition("\n") for part in parts)}
    short, notes = told.pop(SHORT), told.pop(NOTES)
    if len(told) != len(block.screens):
        raise ConfigurationError(
            f"{path.name} tells {len(told)} screens, and its block has {len(block.screens)}.", do="Write one for each."
        )
    return Said(first.removeprefix("# ").strip(), short, notes, tuple(told.items()))


def still(block: Block, screen: int) -> Path:
    """Return the picture that stands for a block's screen, numbered from 1, where nothing else can be shown."""
    return _folder() / "stills" / f"{block.name}-{screen}.webp"


def _folder() -> Path:
    return app_root() / "assets" / "lecture"


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n") if paragraph.strip())
