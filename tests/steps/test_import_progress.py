"""The share that an import tells grows with the clock, whichever of its parts is the longer one."""

import pytest

from ganaug_core.cohort.import_progress import ImportProgress


@pytest.mark.parametrize(("read", "search"), [(10.0, 100.0), (100.0, 10.0), (5.0, 600.0)])
@pytest.mark.parametrize("wrong", [0.8, 1.0, 1.3])
def test_the_time_left_is_right_within_a_half_from_a_tenth_on(read: float, search: float, wrong: float) -> None:
    now, told = [0.0], list[tuple[float, float]]()
    progress = ImportProgress(
        lambda share, doing: told.append((now[0], share)), 5000, lambda images: wrong * search, clock=lambda: now[0]
    )
    for step in range(1, 51):
        now[0] = read * step / 50
        progress.reading(step / 50, "reading")
    for step in range(1, 51):
        now[0] = read + search * step / 50
        progress.searching(step / 50, "searching")
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    for seconds, share in told:
        if 0.1 < share < 0.95:
            left = seconds * (1 - share) / share
            assert left == pytest.approx(read + search - seconds, rel=0.5)


def test_few_files_are_read_without_a_trial() -> None:
    told: list[float] = []

    def trial(images: int) -> float:
        raise AssertionError("so few files are searched at once")

    progress = ImportProgress(lambda share, doing: told.append(share), 20, trial)
    progress.reading(1.0, "reading")
    progress.searching(1.0, "searching")
    assert told == [0.5, 0.99]
