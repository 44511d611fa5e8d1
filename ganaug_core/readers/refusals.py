"""Words and limits that all header checks share; every refusal's sentence goes on after the file's name."""

from ganaug_core.errors import CohortError

LARGEST_IMAGE = 1 << 30
"""Bytes of decoded pixels."""
LARGEST_RATIO = 400
"""Decoded bytes for one compressed byte; images stay far below, decompression bombs far above."""
LARGEST_SIDE = 20_000
MEMORY = 4 << 30
"""Bytes that a decoder may have: of address space where the system limits it, else in use."""

EXPORT_AGAIN = "Export the file from its source again."


def damaged(what: str, code: str) -> CohortError:
    """The refusal of a file that cannot be what its source once wrote."""
    return CohortError(what, do=EXPORT_AGAIN, code=code)


def bomb(size: int, claims: int) -> CohortError:
    """The refusal of a file that unpacks to more than any image does."""
    return CohortError(
        f"{size:,} compressed bytes claim to hold {claims:,}.", do="Leave the file out: no image does so.", code="bomb"
    )


def truncated(expected: int, held: int) -> CohortError:
    """The refusal of a file that ends early."""
    return damaged(f"the file promises {expected:,} bytes of image and holds {held:,}.", "truncated")


def no_memory() -> CohortError:
    """The refusal of a file that a decoder cannot hold."""
    do = "Cut or resample it and import it again."
    return CohortError("there is not enough memory to decode it.", do=do, code="too_big")


def require_memory(length: int) -> None:
    """Refuse an image of more than `LARGEST_IMAGE` bytes.

    Raises:
        CohortError: `too_big`.
    """
    if length > LARGEST_IMAGE:
        raise CohortError(
            f"the image would take {length / 2**30:.1f} GB of memory; {LARGEST_IMAGE / 2**30:g} GB is the limit.",
            do="Cut or resample it and import it again.",
            code="too_big",
        )
