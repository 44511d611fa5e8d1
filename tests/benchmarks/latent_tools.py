"""How soon the sampler answers a hand: what each latent tool asks for, through the pipe, with the demo's generator.

    python tests/benchmarks/latent_tools.py [REPETITIONS, default 20]

Milliseconds of the clock, median and 90th percentile, and of the processor for the median; the sampler has one thread.
Every wish is another one, so nothing that is kept is sent again. Then the first directions of a class, and the search
for a real image.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from statistics import median, quantiles
from typing import Any

import psutil

from ganaug_core import atlas, pipeline
from ganaug_core.config.requests import FindLatent
from ganaug_core.server.players import Players
from ganaug_core.storage.workspace import Workspace

Recipe = dict[str, Any]
BENIGN, MALIGNANT = {"benign": 1}, {"malignant": 1}
_indices = count()


def start() -> Recipe:
    """Return a place that nobody has asked for."""
    return {"seed": 1, "index": next(_indices) % 16_000}


def slowly(place: Recipe) -> list[Recipe]:
    return [{"place": place, "classes": BENIGN}]


def between() -> list[Recipe]:
    first, second = start(), start()
    return [{"place": {"between": [first, second], "at": step / 8}, "classes": BENIGN} for step in range(9)]


def every_class() -> list[Recipe]:
    place = start()
    return [{"place": place, "classes": classes} for classes in (BENIGN, MALIGNANT)]


def between_classes() -> list[Recipe]:
    place = start()
    return [{"place": place, "classes": {"benign": 1 - step / 8, "malignant": step / 8}} for step in range(9)]


def varies() -> list[Recipe]:
    place = start()
    moves = [{"from": place, "principal": row, "class": "benign", "by": by} for row in range(5) for by in range(-3, 4)]
    return [{"place": move, "classes": BENIGN} for move in moves]


def towards_group() -> list[Recipe]:
    away, towards, place = [start() for _ in range(8)], [start() for _ in range(8)], start()
    moves = [{"from": place, "away": away, "towards": towards, "by": by} for by in range(-3, 4)]
    return [{"place": move, "classes": BENIGN} for move in moves]


def typical() -> list[Recipe]:
    place = start()
    return [{"place": {"from": place, "scale": step / 4}, "classes": BENIGN} for step in range(7)]


TOOLS: dict[str, Callable[[], list[Recipe]]] = {
    "slider, one image": lambda: slowly(start()),
    "between two images (9)": between,
    "all classes (2)": every_class,
    "between two classes (9)": between_classes,
    "what varies most (35)": varies,
    "towards a group of 8 and 8 (7)": towards_group,
    "typical or unusual (7)": typical,
    "images to start from (30)": lambda: [{"place": start(), "classes": BENIGN} for _ in range(30)],
}


def main(repetitions: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(folder)
        atlas.install(workspace)
        artefact = workspace.artefact("generators", "working")
        players = Players(1, "ganaug_core.generators.sampler", folder)
        print(f"load {os.getloadavg()[0]:.1f}")

        def ask(recipes: list[Recipe]) -> tuple[float, float]:
            """Return milliseconds of the clock and of the sampler's processor."""
            line = json.dumps({"generator": "working", "artefact": artefact, "recipes": recipes})
            before = processor_seconds()
            began = time.perf_counter()
            answer = b"".join(players.play(line))
            took = time.perf_counter() - began
            assert len(answer) > 8192 * len(recipes), answer[:200]
            return 1000 * took, 1000 * (processor_seconds() - before)

        def processor_seconds() -> float:
            times = [psutil.Process(player.pid).cpu_times() for player in players._free]
            return sum(one.user + one.system for one in times)

        print(f"first answer, with the start of the process: {ask(slowly(start()))[0]:,.0f} ms")
        for name in ("benign", "malignant"):
            place = {"from": start(), "principal": 0, "class": name, "by": 1}
            clock, processor = ask([{"place": place, "classes": {name: 1}}])
            print(f"first directions of {name}: {clock:.0f} ms, processor {processor:.0f} ms")
        for tool, wish in TOOLS.items():
            taken = [ask(wish()) for _ in range(repetitions)]
            clock = [one for one, _ in taken]
            print(
                f"{tool}: {median(clock):.0f} ({quantiles(clock, n=10)[-1]:.0f}) ms, "
                f"processor {sum(one for _, one in taken) / repetitions:.0f} ms"
            )
        cohort = workspace.cohort(atlas.COHORT)
        for row in (0, len(cohort) // 2):
            began, worked = time.perf_counter(), time.process_time()
            request = FindLatent(generator="working", cohort=atlas.COHORT, image=str(cohort.ids[row]))
            found = workspace.samples(pipeline.find_latent(workspace, request)).provenance["differences"]
            said = {name: round(value, 3) for name, value in found.items()}
            took = f"{time.perf_counter() - began:.1f} s, processor {time.process_time() - worked:.1f} s"
            print(f"search for image {row}: {took}, differences {said}")
        for player in players._free:
            player.kill()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
