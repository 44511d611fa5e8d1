"""Where feature spaces disagree, in words."""

from ganaug_core.audit.space_disagreement import in_words
from ganaug_core.records import Measurement


def sized(space: str, low: float, high: float) -> Measurement:
    return Measurement(
        name="discrepancy_multiple",
        encoder=space,
        value=(low + high) / 2,
        interval=(low, high),
        floor=1.0,
        null=1.0,
        n_real=99,
        n_synthetic=99,
        better="lower",
    )


def covered(space: str, low: float, high: float, name: str = "one") -> Measurement:
    return Measurement(
        name="coverage",
        encoder=space,
        value=(low + high) / 2,
        interval=(low, high),
        floor=0.95,
        null=0.97,
        n_real=99,
        n_synthetic=99,
        better="higher",
        class_name=name,
    )


def test_spaces_that_disagree_are_named_with_what_to_make_of_it() -> None:
    sentences = in_words(
        [
            *(sized("texture", 20, 30), sized("simclr", 0.5, 1.5), sized("pixels", 2, 4)),
            *(covered("texture", 0.2, 0.4), covered("simclr", 0.8, 1), covered("simclr", 0.3, 0.5, "two")),
            covered("pixels", 0.7, 0.9),
        ]
    )
    assert sentences == (
        "The feature spaces disagree: the sets differ in grain, edges and fine detail (texture), but not in the look "
        "as a whole (SimCLR). Undecided: pixels. Rely on these images only for studies of what does not differ.",
        "The feature spaces agree that some real images have no synthetic counterpart: texture and SimCLR. Undecided: "
        "pixels.",
    )


def test_spaces_that_agree_say_so_and_a_single_one_says_nothing() -> None:
    assert in_words([sized("texture", 0.5, 1), sized("dino", 0, 2)]) == (
        "It is not seen in texture and dino that the sets differ.",
    )
    assert in_words([sized("texture", 0.5, 1), sized("pixels", 2, 4)]) == ()
    assert in_words([]) == ()


def test_a_space_of_another_name_is_said_as_it_is() -> None:
    sentences = in_words([sized("texture", 20, 30), sized("dino", 0.5, 1.5)])
    assert "but not in what dino looks at" in sentences[0]
