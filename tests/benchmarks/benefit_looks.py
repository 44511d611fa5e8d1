"""How often does the benefit experiment claim something where nothing is so? Simulation, nothing is trained.

    python tests/benchmarks/benefit_looks.py [experiments, 10,000 if none is given]

First one look: how often p falls below a level, by Student's t with Satterthwaite's degrees of freedom (until 2026-12)
and as it is now. Then the old rule with a verdict after each repetition from the third on, and the present one: planned
looks, an opportunist, other numbers of shares, shares that lose exactly the margin. "From patients": the hold-out's
part of the variance of one repetition's change. Prints tables for RESULTS.md; about ten minutes of one core.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from repeated_looks import Means, World, experiments, opportunist, planned, satterthwaite, watched

from ganaug_core.benefit.estimate import half_width

OF_PATIENTS = (0.0, 0.02, 0.1, 0.2, 0.5, 0.8)
LEVELS = (0.05, 0.01, 0.005, 0.001)
PLANS = {
    "3": (3,),
    "5": (5,),
    "10": (10,),
    "20": (20,),
    "5, 10": (5, 10),
    "5, 10, 15, 20": (5, 10, 15, 20),
    "3, 4, ... 20": tuple(range(3, 21)),
}
WORLDS = {
    "1 share": (0.0,),
    "3 shares": (0.0, 0.0, 0.0),
    "8 shares": (0.0,) * 8,
    "3 that lose the margin": (-1.0, -1.0, -1.0),
    "2 of 3 that lose it": (-1.0, -1.0, 0.0),
}


def drawn(effects: tuple[float, ...], of_patients: float, count: int, seed: int) -> tuple[World, Means]:
    world = World(effects, of_patients)
    return world, experiments(world, count, 20, np.random.default_rng(seed))


def one_look(count: int) -> None:
    levels = "; ".join(f"p < {level:g}" for level in LEVELS)
    print(f"\n| repetitions | one look, highest rate, until 2026-12: {levels} | now | 95 % now covers |")
    for done in (3, 4, 5, 7, 10, 20):
        old, new, covered = np.zeros(len(LEVELS)), np.zeros(len(LEVELS)), []
        for of_patients in OF_PATIENTS:
            _, means = drawn((0.0,), of_patients, 10 * count, done)
            value, patients, seeds = (part[:, 0, done - 1] for part in means)
            p_values = satterthwaite(means, done)[:, 0]
            old = np.maximum(old, [(p_values < level).mean() for level in LEVELS])
            outside = [(np.abs(value) > half_width(level, patients, seeds, done)).mean() for level in LEVELS]
            new = np.maximum(new, outside)
            covered.append(1 - outside[0])
        rates = " | ".join("; ".join(f"{rate:.4f}" for rate in rates) for rates in (old, new))
        print(f"| {done} | {rates} | {min(covered):.3f} to {max(covered):.3f} |", flush=True)


def old_rule(count: int) -> None:
    print("\n| old rule, from patients | one look at 5 | after each, 3 to 5 | 3 to 10 | 3 to 20 | at 5 and 10 |")
    for name in ("1 share", "3 shares"):
        for of_patients in OF_PATIENTS:
            _, means = drawn(WORLDS[name], of_patients, count, 1)
            places = ((5,), range(3, 6), range(3, 11), range(3, 21), (5, 10))
            rates = " | ".join(f"{watched(means, place):.3f}" for place in places)
            print(f"| {name}, {of_patients:g} | {rates} |", flush=True)


def present_rule(count: int) -> None:
    plans = " | ".join(f"plans {plan}" for plan in PLANS)
    print(f"\n| present rule, any wrong claim; from patients | {plans} | opportunist to 20 |")
    for name, effects in WORLDS.items():
        for of_patients in OF_PATIENTS:
            world, means = drawn(effects, of_patients, count, 2)
            rates = [planned(means, world, plan) for plan in PLANS.values()] + [opportunist(means, world, 20)]
            print(f"| {name}, {of_patients:g} | " + " | ".join(f"{rate:.3f}" for rate in rates) + " |", flush=True)


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    one_look(asked)
    old_rule(asked)
    present_rule(asked)
