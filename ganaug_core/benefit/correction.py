"""One family of two questions an arm: does it differ from classical augmentation, and is it worse by the margin?"""

from collections.abc import Mapping


def corrected(
    differs: Mapping[str, float], worse: Mapping[str, float] | None = None
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the corrected p of both questions, so that any wrong claim among all has the chance of one.

    An arm that equals the other one is not worse by the margin: of its two null hypotheses one is true at most. So the
    smallest p is multiplied by the number of arms, not of questions, and the next ones by the arms with a question that
    is still open (Shaffer, Journal of the American Statistical Association, 1986). With one question it is Holm's.

    Args:
        differs: By arm, p of its being equal.
        worse: By arm, p of its being worse by the margin or more; arms may be missing.
    """
    questions = {(arm, "differs"): chance for arm, chance in differs.items()}
    questions |= {(arm, "worse"): chance for arm, chance in (worse or {}).items()}
    waiting = dict(questions)
    result: dict[tuple[str, str], float] = {}
    largest = 0.0
    for question in sorted(questions, key=lambda question: questions[question]):
        arms_open = len({arm for arm, _ in waiting})
        largest = max(largest, min(1.0, arms_open * waiting.pop(question)))
        result[question] = largest
    return {arm: result[arm, "differs"] for arm in differs}, {arm: result[arm, "worse"] for arm in worse or {}}
