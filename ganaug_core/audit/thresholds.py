"""The levels and margins that verdicts turn on, in one place for a plan; none of them depends on the cohort."""

from ganaug_core.audit.copying import WANTED
from ganaug_core.audit.fidelity import RECOGNISED
from ganaug_core.audit.missing_groups import VISIBLE
from ganaug_core.audit.real_against_real import LIMIT
from ganaug_core.audit.sentences import FAIL, WARN
from ganaug_core.metrics.dominance import SHIFT
from ganaug_core.metrics.label_agreement import DROP, MARGIN
from ganaug_core.metrics.missing_modes import DENSITY_GATE, P_LIMIT, PRECISION_GATE, RATIO_LIMIT
from ganaug_core.metrics.repetition import ALLOWED, LEAST_VARIETY
from ganaug_core.records import LISTED_BELOW

THRESHOLDS: dict[str, float] = {
    "fail below corrected p": FAIL,
    "warn below corrected p": WARN,
    "named as a copy below q": LISTED_BELOW,
    "share of copies that a pass must be able to notice": WANTED,
    "missing group below corrected p": P_LIMIT,
    "missing group below ratio of shares": RATIO_LIMIT,
    "groups compared from precision": PRECISION_GATE,
    "groups compared from density": DENSITY_GATE,
    "share of a class that a pass must be able to miss": VISIBLE,
    "margin of repeated images": ALLOWED,
    "least ratio of variety": LEAST_VARIETY,
    "margin of realism, times real against real": LIMIT,
    "warn where a classifier's area above one half exceeds": RECOGNISED,
    "margin of label agreement": MARGIN,
    "loss of label agreement that a pass must be able to notice": DROP,
    "margin of a shift, chance from one half": SHIFT,
}
