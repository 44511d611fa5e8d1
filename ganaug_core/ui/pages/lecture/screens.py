"""The lecture's screens: each block's texts, with a figure, two games, or a screen of the demo's story."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cache
from typing import Any

import numpy as np

from ganaug_core.lessons import LESSONS, demonstrations, kept_outcome, translation
from ganaug_core.lessons.lecture import BLOCKS, Block, said, still
from ganaug_core.playground import Game, load, shipped
from ganaug_core.playground.orbit import orbit
from ganaug_core.records import Cohort
from ganaug_core.ui.pages.playground.playground_page import setting_title, setting_value
from ganaug_core.ui.pages.story import chapters
from ganaug_core.ui.pages.story.chapters import FAR, Chapter, Told
from ganaug_core.ui.shared import words
from ganaug_core.ui.shared.components.playground import link
from ganaug_core.wording import percent

WORDS = {
    "en": {
        **{"back": "Back", "next": "Next", "leave": "Leave", "start": "Start clock (T)", "stop": "Stop clock (T)"},
        **{"block": "Block", "used": "used", "left": "left", "over": "over", "lecture": "lecture"},
        **{"short": "Short (2)", "zero": "Clock to 0", "two_minutes": "In two minutes", "coming": "Next screen"},
        "log": "log scale",
        "failed": "Failed if {sign}: {counts}.",
        "nearer": "{share} of {n:,} synthetic images have a lower copy score than {most} of {held:,} held-out ones.",
        "score": "Copy score: distance to what training saw over distance to held-out images; far below 1 is "
        "suspicious.",
    },
    "zh": {
        **{"back": "后退", "next": "前进", "leave": "离开", "start": "开始计时 (T)", "stop": "停止计时 (T)"},
        **{"block": "环节", "used": "已用", "left": "剩余", "over": "超时", "lecture": "全场"},
        **{"short": "简短版 (2)", "zero": "计时归零", "two_minutes": "两分钟版", "coming": "下一屏"},
        "log": "对数刻度",
        "failed": "失败的标志：{sign}。{counts}。",
        "nearer": "{n:,} 幅合成图像中，{share} 的复制分数低于 {held:,} 幅留出图像中 {most} 的分数。",
        "score": "复制分数：到训练所见图像的距离与到留出图像的距离之比；远低于 1 则可疑。",
    },
}


def of(
    language: str, cohort: Cohort | None, cohort_artefact: str, told: Sequence[Told]
) -> tuple[list[Chapter], dict[str, Any]]:
    """Return the screens in order, and the blocks with what the clock and the speaker's window show.

    Where the demo is not in the workspace (no cohort), a screen of its story is the block's still picture.
    """
    screens, block_of = [], []
    for number, block in enumerate(BLOCKS):
        for place, (title, says) in enumerate(said(block, language).screens, 1):
            chapter = _chapter(block, place, language, cohort=cohort, cohort_artefact=cohort_artefact, told=told)
            screens.append(replace(chapter, title=title, says=(*says, *chapter.says)))
            block_of.append(number)
    return screens, {
        "blocks": [{name: part for name, part in block.items() if name != "stills"} for block in blocks(language)],
        "block_of": block_of,
        "words": WORDS[language],
        "language": language,
    }


def blocks(language: str) -> list[dict[str, Any]]:
    """Return title, minutes, short version, notes, the still and the stills of the screens of each block."""
    told = [(block, said(block, language)) for block in BLOCKS]
    return [
        {
            "title": text.title,
            "minutes": block.minutes,
            "short": text.short,
            "notes": text.notes,
            "still": picture(block, block.pictured),
            "stills": [picture(block, screen) for screen in range(1, len(block.screens) + 1)],
        }
        for block, text in told
    ]


@cache
def picture(block: Block, screen: int) -> str:
    """Return the still of a block's screen, numbered from 1, as a data address, so that a saved page holds it."""
    file = still(block, screen)
    return f"data:image/webp;base64,{base64.b64encode(file.read_bytes()).decode()}" if file.is_file() else ""


def _chapter(
    block: Block, place: int, language: str, *, cohort: Cohort | None, cohort_artefact: str, told: Sequence[Told]
) -> Chapter:
    """Return what a screen shows, with sentences of its own where they are not in the block's text."""
    screen = block.screens[place - 1]
    plain: dict[str, Callable[[], Chapter]] = {
        "figure": lambda: _figure(screen.subject, language),
        "games": lambda: _games(screen.subject, language),
        "words": lambda: Chapter(kind="words", title=""),
        "wedge": lambda: replace(chapters.WEDGE, says=()),
    }
    if screen.shows in plain:
        return plain[screen.shows]()
    if cohort is None:
        return Chapter(kind="still", title="", content={"title": block.name, "still": picture(block, place)})
    of_demo: dict[str, Callable[[], Chapter]] = {
        "vote": lambda: chapters.vote(cohort, told),
        "missing": lambda: _titled(chapters.missing(cohort_artefact, told)),
        "flicker": lambda: chapters.copies(cohort_artefact, told),
        "nearer": lambda: _nearer(told, language),
        "verdicts": lambda: _verdicts(told),
        "end": lambda: chapters.end(told),
    }
    return of_demo[screen.shows]()


def _titled(chapter: Chapter) -> Chapter:
    """Return a screen whose own title is its first sentence, as the block's text has a title for it."""
    return replace(chapter, says=(chapter.title, *chapter.says))


def _figure(name: str, language: str) -> Chapter:
    figure = translation.figure(demonstrations.kept(name), language, name)
    return Chapter(kind="figure", title="", content={"figure": figure})


def _games(name: str, language: str) -> Chapter:
    """Return a lesson's two games, with the one setting in which they differ and the seeds that say so."""
    lesson = LESSONS[name]
    games = [replace(request, seed=lesson.shown_seed) for request in (lesson.failure, lesson.cure)]

    def said(text: str) -> str:
        return translation.say(text, language, translation.GAMES)

    orbits = [_orbit(game) for game in games] if lesson.failure.target == "dirac" else None
    title, outcome = said(setting_title(lesson.changed)), kept_outcome(lesson)
    values = [said(setting_value(lesson.changed, getattr(game, lesson.changed))) for game in games]
    sides = [f"{side}: {title.lower()} {value}" for side, value in zip("AB", values, strict=True)]
    failed = WORDS[language]["failed"]
    counted = (
        failed.format(sign=said(lesson.signature.says), counts=said(outcome.says(lesson.signature))) if outcome else ""
    )
    return Chapter(
        kind="games",
        title="",
        content={
            "games": [{**asdict(game), "drawn": link(game.drawn)} for game in games],
            "sides": sides,
            "says": counted,
            "orbits": orbits,
        },
    )


def _orbit(game: Game) -> list[list[float]]:
    """Return both numbers of the smallest game at each moment, from its recording."""
    return [[round(float(number), 3) for number in moment] for moment in orbit(load(shipped(game)))]


def _verdicts(told: Sequence[Told]) -> Chapter:
    """Return the five verdicts, with what each generator is called."""
    chapter = chapters.verdicts(told)
    titles = [f"{one.title}: {words.clean(one.samples.name)}" for one in told]
    return replace(chapter, says=(), content=chapter.content | {"titles": titles})


def _nearer(told: Sequence[Told], language: str) -> Chapter:
    """Return how many images of each set are nearer to training images than nearly all held-out ones."""
    lines, texts = [], WORDS[language]
    for one in told:
        held, drawn = one.audit.scores["holdout"], one.audit.scores["synthetic"]
        limit = float(np.quantile(held, FAR))
        share = float((drawn < limit).mean())
        lines.append(
            {
                "title": one.title,
                "text": texts["nearer"].format(
                    share=percent(share), n=len(drawn), most=percent(1 - FAR), held=len(held)
                ),
            }
        )
    return Chapter(kind="benefit", title="", says=(texts["score"],), content={"lines": lines})
