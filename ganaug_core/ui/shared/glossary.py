"""What the words of the audit mean, for the help beside them."""

import re

from ganaug_core import terms
from ganaug_core.terms import MEASURES as MEASURES
from ganaug_core.terms import PEAK as PEAK
from ganaug_core.terms import STATES_MEANING as STATES_MEANING
from ganaug_core.terms import VERDICTS as VERDICTS
from ganaug_core.terms import space as space
from ganaug_core.terms import transform as transform

TERMS = {
    "hold-out": "Real images that were kept back from training here.",
    "held-out": "Kept back from training here.",
    "tuning image": "A real image by which checkpoints are chosen.",
    "hold-out image": "A real image that was kept back from training here.",
    "training image": "A real image that the generator has learnt from.",
    "training patient": "A patient from whose images the generator has learnt.",
    "synthetic": "Made by the generator.",
    "95 % interval": "Made so that 95 of 100 such intervals hold what they are about; All measurements says how.",
    "p =": "How often chance alone would give a finding as strong: p = 0.01 is once in a hundred.",
    "p <": "How often chance alone would give a finding as strong: p < 0.0001 is less than once in ten thousand.",
    "copy score": "Distance to what training saw over distance to held-out images; far below 1 is suspicious.",
    "distance": "1 minus the correlation after turning, mirroring, scaling and moving: 0 is the same image.",
    "group": "Real images that resemble each other, found without their labels.",
    "subgroup": "Real patients who share a value of a column, such as a sex, an age or a scanner.",
    "column": "A column of the table that came with the real images; it was kept at import.",
    "after correction": "The more is asked together, the stronger a finding must be: Holm's method.",
    "patient": "All images of one patient, and images that are nearly the same, count as one.",
    "classifier": "A small network that learnt the classes from the training images.",
    "simple classifier": "A straight rule that weighs brightness and detail at each place of an image.",
    "caricature": "Images that show their class more clearly than real patients do.",
    "blur": "Fine detail washed out; a blur of 1 pixel mixes each pixel with its neighbours.",
    "texture": "Measures of grain, edges and brightness, as in radiomics.",
    "median": "Half of the pixels are darker, half are brighter.",
    "percentile": "The 5th percentile: one pixel in twenty is darker.",
    "mean discrepancy": "How far apart two sets are in everything that an encoder sees, whatever their shape.",
    "Fréchet distance": "How far apart two sets are in mean and spread.",
    "HU": "Hounsfield units: water is 0, air is -1000.",
    "proof of privacy": "A passed test means that no copies were found, not that nobody can be recognised.",
    "near-duplicate": "An image that is much closer to another than real images of the class usually are.",
    "natural near-duplicate": "Two real images that nearly are one, such as neighbouring slices.",
    "variety": "How many really different images there are.",
    "feature": "One of the numbers that stand for an image.",
    "effective number": "A set of many images of which most are alike counts as few.",
    "precision": "Share of synthetic images that lie among the real ones.",
    "density": "How many real neighbourhoods hold a synthetic image, on average; about 1 if alike.",
    "feature space": "A way to turn an image into numbers; images that are near in one may be far apart in another.",
    "SimCLR": "A network that learnt, from the training images alone, which views show the same image.",
    "counterpart": "A synthetic image that is nearer than the next real images of the class.",
    "radiomic": "Measures of grain, edges, brightness and shape that radiology has agreed on.",
    "random convolution": "A network that has learnt nothing and so sees only small patterns.",
    "discriminator": "The network that taught the generator, by telling its images from real ones.",
    "augmentation": "Showing each training image turned, moved or brightened, so that none is learnt by heart.",
    "recipe": "All settings of a training together.",
    "membership": "Whether an image is one of those that the generator was trained on.",
    "odd": "Unlike real images of its class.",
    "odder": "More unlike real images of its class.",
    "oddest": "Most unlike real images of its class.",
    "false discovery rate": "Of a list made so, the share that is expected to stand there by chance, at most.",
    "texture unlike the class": "Grain, edges or patterns that training images of the class do not have.",
    "outlines that repeat": "Edges of one direction come back beside themselves, as where an organ is drawn twice.",
    "attack": "A way to guess, from the synthetic images, whether an image was trained on.",
    "control-corrected risk": "What an attack names of training images beyond what it names of held-out ones.",
    "histogram": "How often each pixel value occurs.",
    "split": "Which patients are for training, which for the audit.",
    "--trust-split": "What the command line is told; here it is the tick above the button that starts the audit.",
    "window": "Which pixel value is black and which is white.",
    "range": "The pixel values from the darkest to the brightest that an image can hold.",
    "pixel": "One point of an image.",
    "samples": "Synthetic images drawn together.",
    "train longer": "Let the generator learn from more training images, more often.",
    "generator": "The network that draws synthetic images.",
    "cohort": "The real images with their classes and patients.",
    "lesion": "What the masks of the cohort mark: a tumour, an organ.",
    "mask": "Says which pixels of a real image belong to the lesion. Synthetic images have none.",
    "entropy": "How unforeseeable the grey levels of neighbouring pixels are.",
    "coarseness": "High where pixels are near the mean of their neighbours.",
    "class": "What an image shows, as its label says.",
}
NO_VERDICT = "This describes; no verdict looks at it."
COLUMNS = {
    "value": "What was measured.",
    "interval": "95 % interval: made so that 95 of 100 such intervals hold what they are about; Interval by says how.",
    "floor": "The same measure between real images and other real images: what images as good as real ones would give.",
    "null": "What is expected if both sets were drawn from one distribution.",
    "sizes": "Number of real patients (groups of images where patients are unknown) and of synthetic images.",
    "encoder": "How the images were turned into numbers.",
    "p": "How often chance alone would give a value as extreme as this, if what the test rejects (the null) held; not "
    "corrected for the number of rows.",
    "test": "The test behind p: what it rejects where p is small (the null), and up to which margin that may hold.",
    "method": "How the interval was made.",
    "reference": "Which real images it was compared with.",
}
SUBGROUP_COLUMNS = {
    "Question": "Coverage: are images like the subgroup's made? Intensities: are its pixel values? Labels: what does a "
    "classifier lose in it by learning from synthetic images?",
    "Here": "Share of the subgroup among the real images most like a synthetic one; for labels the classifier's loss.",
    "Compared with": "The same around held-out images; for labels the loss in other images of the same classes.",
    "95 % interval": "Of the difference of both.",
    "p": "How often chance alone would give a difference as large; one-sided, not corrected.",
    "p, corrected": "For all subgroups and questions of this audit together (Holm).",
    "In the cohort": "Patients of the subgroup (images where patients are unknown). From 1 to 10 it is not shown.",
    "Real": "Held-out patients that the test counts.",
    "Synthetic": "Synthetic images that it counts.",
}
STATES = {
    "pass": (terms.STATES["pass"], ":material/check_circle:", "green"),
    "warn": (terms.STATES["warn"], ":material/warning:", "orange"),
    "fail": (terms.STATES["fail"], ":material/cancel:", "red"),
    "not_assessable": (terms.STATES["not_assessable"], ":material/help:", "gray"),
}
"""Word, sign and colour of a state."""


def mentions(text: str, term: str) -> bool:
    """Return whether a term stands in a text of small letters as a word of its own, also as more than one."""
    return re.search(rf"(?<!\w){re.escape(term.lower())}(?:e?s)?(?!\w)", text) is not None


def gloss(text: str) -> str | None:
    """Return what the terms in a sentence mean, for the help beside it; None where it has none."""
    lower = text.lower()
    meanings = [f"**{term.strip(' =<')}**: {meaning}" for term, meaning in TERMS.items() if mentions(lower, term)]
    return "\n\n".join(meanings) or None
