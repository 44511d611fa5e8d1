"""ganaug: class-conditional GANs on medical images, and honest evidence about them.

The flow: `cohort` reads labelled images and splits them by patient; `training` makes a run of it; `generators` keeps,
loads and samples the result; `features` turns images into vectors; `maps` draws them; `audit` judges them.
`pipeline.py` runs all of it from top to bottom: start reading there. `records.py` says what flows, `interfaces.py`
what can be swapped.
"""

from pathlib import Path

__version__ = "0.1.0"


def app_root() -> Path:
    """Return the folder that holds `app.py`, `pages` and `assets`: inside the installed package, or the checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "_app"
    return installed if (installed / "app.py").is_file() else here.parent
