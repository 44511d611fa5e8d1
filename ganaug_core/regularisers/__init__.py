"""What steadies the training: penalties, bounds, noise, and layers that look at the whole batch.

Label smoothing is a setting of the losses that have labels (`minimax`, `non_saturating`).
"""

from ganaug_core.interfaces import Regulariser
from ganaug_core.regularisers.consistency import Consistency
from ganaug_core.regularisers.dragan import AroundReal
from ganaug_core.regularisers.dropout import Dropout
from ganaug_core.regularisers.gradient_penalty import UnitGradient
from ganaug_core.regularisers.historical_averaging import HistoricalAveraging
from ganaug_core.regularisers.instance_noise import InstanceNoise
from ganaug_core.regularisers.lecam import LeCam
from ganaug_core.regularisers.minibatch import MinibatchDeviation, MinibatchDiscrimination
from ganaug_core.regularisers.pseudo import PseudoReal
from ganaug_core.regularisers.spectral import SpectralNorm
from ganaug_core.regularisers.unrolled import Unrolled
from ganaug_core.regularisers.weight_clipping import WeightClipping
from ganaug_core.regularisers.zero_centred import R1, R2

REGULARISERS: dict[str, type[Regulariser]] = {
    "consistency": Consistency,
    "dragan": AroundReal,
    "dropout": Dropout,
    "gradient_penalty": UnitGradient,
    "historical_averaging": HistoricalAveraging,
    "instance_noise": InstanceNoise,
    "lecam": LeCam,
    "minibatch_deviation": MinibatchDeviation,
    "minibatch_discrimination": MinibatchDiscrimination,
    "pseudo_real": PseudoReal,
    "r1": R1,
    "r2": R2,
    "spectral_norm": SpectralNorm,
    "unrolled": Unrolled,
    "weight_clipping": WeightClipping,
}
