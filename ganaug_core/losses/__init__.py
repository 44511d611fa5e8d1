"""The games that generator and discriminator play."""

from ganaug_core.interfaces import Loss
from ganaug_core.losses.minimax import Minimax
from ganaug_core.losses.non_saturating import NonSaturating
from ganaug_core.losses.relativistic_pairing import RelativisticPairing

LOSSES: dict[str, type[Loss]] = {
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "relativistic_pairing": RelativisticPairing,
}
