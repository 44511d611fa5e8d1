"""ganaug: class-conditional GANs on medical images, and honest evidence about them.

The flow: `cohort` reads labelled images and splits them by patient; `training` makes a run of it; `generators` keeps,
loads and samples the result; `features` turns images into vectors; `maps` draws them; `audit` judges them; `benefit`
asks whether they help. `pipeline.py` has every step as a function on a workspace: start reading there. `records` says
what flows, `interfaces.py` what can be swapped. From a notebook:

    from ganaug_core import import_cohort, train, sample, build_map, audit_samples, measure_benefit
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganaug_core.notebook import audit_samples, build_map, import_cohort, measure_benefit, sample, train

__version__ = "0.1.0"
__all__ = ["app_root", "audit_samples", "build_map", "import_cohort", "measure_benefit", "sample", "train"]


def app_root() -> Path:
    """Return the folder that holds `app.py`, `pages` and `assets`: inside the installed package, or the checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "_app"
    return installed if (installed / "app.py").is_file() else here.parent


def __getattr__(name: str) -> Any:
    """Load the notebook's doors when they are asked for: `import ganaug_core` alone costs nothing."""
    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module("ganaug_core.notebook"), name)
