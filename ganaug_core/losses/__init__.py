"""What generator and discriminator minimise, and terms that are added to it."""

from ganaug_core.interfaces import Loss, Term
from ganaug_core.losses.feature_matching import FeatureMatching
from ganaug_core.losses.hinge import Hinge
from ganaug_core.losses.label_matching import LabelMatching
from ganaug_core.losses.least_squares import LeastSquares
from ganaug_core.losses.minimax import Minimax
from ganaug_core.losses.non_saturating import NonSaturating
from ganaug_core.losses.relativistic_pairing import RelativisticPairing
from ganaug_core.losses.wasserstein import Wasserstein

LOSSES: dict[str, type[Loss]] = {
    "hinge": Hinge,
    "least_squares": LeastSquares,
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "relativistic_pairing": RelativisticPairing,
    "wasserstein": Wasserstein,
}
TERMS: dict[str, type[Term]] = {"feature_matching": FeatureMatching, "label_matching": LabelMatching}
