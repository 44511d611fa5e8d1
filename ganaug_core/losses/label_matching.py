"""The matching-aware label term."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import softplus

from ganaug_core.errors import ConfigurationError
from ganaug_core.losses.weights import check_weights, linear_weight


@dataclass(frozen=True)
class LabelMatching:
    """The discriminator must like a real image better with its own label than with a wrong one.

    The wrong label is drawn evenly from the other classes. Kept up, the term bends p(image | class) into a caricature
    (two classes N(+-.7, 1) came out with means of .97), so it falls over the run.

    Settings:
        weight: Weight at the beginning, in [0, 10].
        end: Weight at the end, in [0, 10], reached in a straight line.
        form: `relativistic` compares the two logits of an image; `published` calls a real image with a wrong label
            generated, -log(1 - D(x, wrong)), for losses whose logit is that of a probability.

    Source: Reed et al., 2016, arXiv:1605.05396, algorithm 1 (pairs of image and wrong text). There the wrong pairs and
    the generated images count half each, as `published` does at weight 0.5 but for the generated images, which keep
    their whole weight. The relativistic form is ours.
    """

    says: ClassVar[str] = (
        "Makes the generator obey the class early; kept up to the end it draws caricatures, and with the hinge loss it "
        "collapsed."
    )
    compares: ClassVar[Literal["labels", "features"]] = "labels"

    weight: float = 0.5
    end: float = 0.0
    form: Literal["relativistic", "published"] = "relativistic"

    def __post_init__(self) -> None:
        check_weights(self.weight, self.end)
        if self.form not in ("relativistic", "published"):
            raise ConfigurationError(
                f"A label term of the form {self.form!r} cannot be.", do="Choose relativistic or published."
            )

    def weight_at(self, share: float) -> float:
        """Return the weight when `share` of the budget is spent."""
        return linear_weight(self.weight, self.end, share)

    def value(self, right_logits: Tensor, wrong_logits: Tensor) -> Tensor:
        """Return a scalar > 0; relativistic log 2 where both labels are liked equally, published where D says 1/2."""
        return softplus(wrong_logits if self.form == "published" else wrong_logits - right_logits).mean()
