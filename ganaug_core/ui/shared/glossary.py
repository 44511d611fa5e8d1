"""What the words of the audit mean, for the help beside them."""

import re

VERDICTS = {
    "copying": ("Copying", "Do synthetic images repeat training images, also flipped, turned, shifted or blurred?"),
    "mode_coverage": ("Variety", "Is every kind of real image made often enough, and does no image repeat itself?"),
    "label_fidelity": (
        "Classes",
        "Does a classifier of real images agree with the labels of the synthetic ones?",
    ),
    "fidelity": ("Realism", "Are the synthetic images, taken together, as real ones are?"),
    "intensity": ("Intensities", "Do the pixel values lie where they do in real images, in the physical unit?"),
}
MEASURES = {
    "frechet": ("Fréchet distance", "How far apart the two sets are in mean and spread of their features."),
    "kernel_distance": (
        "Kernel distance (KID)",
        "How far apart the two sets are, whatever their shape; 0 if equal.",
    ),
    "precision": ("Precision", "Share of synthetic images that lie among the real ones. Blind to lost variety."),
    "recall": ("Recall", "Share of real images that lie among the synthetic ones."),
    "density": (
        "Density",
        "How many real neighbourhoods hold a synthetic image, on average; about 1 if alike.",
    ),
    "coverage": ("Coverage", "Share of real neighbourhoods that a synthetic image reaches."),
    "vendi_ratio": ("Variety ratio (Vendi)", "Effective number of different images, over that of as many real ones."),
    "copied_share": (
        "Share of copies",
        "Estimated share of synthetic images that are nearer to what training saw than real images are that it lacks.",
    ),
    "nearer_than_99": (
        "Nearer than 99 % of real ones",
        "Share of synthetic images that are nearer to a seen image than 99 % of real ones are; chance gives 1 %. Blur "
        "raises it too, so it decides nothing.",
    ),
    "nearest_distance_ratio": (
        "Ratio of nearest distances",
        "Mean distance of synthetic images to the nearest seen one, over that of training images to each other; 1 if "
        "alike.",
    ),
    "copied_share_reversed": (
        "Share of copies, sides exchanged",
        "The same of held-out images, which nobody copied; blur and other faults of a whole set raise both shares.",
    ),
    "label_agreement": (
        "Label agreement",
        "Share of synthetic images whose label a classifier confirms.",
    ),
    "label_sureness": (
        "Sureness of the label",
        "How often a classifier is surer of a synthetic image's label than of a real one's; half of pairs if alike.",
    ),
    "self_similarity": (
        "Repeats itself",
        "Share of synthetic images whose nearest other one is closer than half of what is usual among real images.",
    ),
    "discrepancy_multiple": (
        "Difference of the sets",
        "How much more the synthetic images differ from real ones than two sets of 300 real images do; 1 is equal.",
    ),
    "frechet_multiple": (
        "Fréchet difference",
        "The Fréchet distance for endless sets, in multiples of what two sets of 300 real images show; 1 is equal.",
    ),
    "told_apart": (
        "Told apart",
        "Share of pairs in which a simple classifier knows which image is synthetic; half of them is chance.",
    ),
    "detail": (
        "Detail",
        "Share of pairs in which the synthetic image has more power at this spatial frequency; half of them is usual.",
    ),
    "median_intensity": ("Median value", "Half of an image's pixels are darker."),
    "low_intensity": ("5th percentile", "One pixel in twenty of an image is darker."),
    "high_intensity": ("95th percentile", "One pixel in twenty of an image is brighter."),
    "out_of_range": ("At the ends of the range", "Share of an image's pixels that are as dark or bright as can be."),
    "noise_level": ("Noise", "Standard deviation in the most even patch of an image."),
    "noise_frequency": ("Frequency of the noise", "High for a sharp reconstruction kernel, low for a soft one."),
    "sharp_kernel_share": (
        "Share with sharp noise",
        "The training images show two kinds of noise, as of two kernels; this is the share with the sharper one.",
    ),
    "excess_violations": (
        "Unheard-of values",
        "Texture measures outside what 98 % of the training images have, beyond what held-out images show.",
    ),
    "region_median": ("Lesion: median value", "Half of the pixels in the lesion are darker."),
    "region_low": ("Lesion: 5th percentile", "One pixel in twenty of the lesion is darker."),
    "region_high": ("Lesion: 95th percentile", "One pixel in twenty of the lesion is brighter."),
    "region_spread": ("Lesion: spread", "Standard deviation of the pixel values in the lesion."),
    "region_contrast": ("Lesion: contrast", "How much brighter the lesion is than what lies round it."),
    "region_violations": (
        "Lesion: unheard-of values",
        "Numbers of the lesion outside what 98 % of the training images have, beyond what held-out images show.",
    ),
    "region_entropy": ("Lesion: entropy (GLCM)", "How unforeseeable the grey levels of neighbouring pixels are."),
    "region_steps": ("Lesion: contrast (GLCM)", "How far the grey levels of neighbouring pixels lie apart, squared."),
    "region_correlation": ("Lesion: correlation (GLCM)", "How well a pixel foretells its neighbour; 1 is fully."),
    "region_short_runs": (
        "Lesion: short runs (GLRLM)",
        "High where lines of one grey level are short, as in fine texture.",
    ),
    "region_patches": (
        "Lesion: zone percentage (GLSZM)",
        "Connected patches of one grey level, over the number of pixels.",
    ),
    "region_even": (
        "Lesion: high dependence (NGLDM)",
        "High where many of a pixel's eight neighbours have its grey level.",
    ),
    "region_coarseness": ("Lesion: coarseness (NGTDM)", "High where pixels are near the mean of their neighbours."),
    "region_texture_violations": (
        "Lesion: unheard-of texture",
        "Of 79 radiomic texture features, the share outside what 98 % of the training images have, beyond what "
        "held-out images show.",
    ),
    "inception_score": ("Inception score", "For teaching only: one perfect image a class would have the best score."),
    "mode_score": ("Mode score", "For teaching only: the inception score, less where classes are drawn too rarely."),
    "authentic_share": (
        "Authentic share",
        "Share of synthetic images further from a training image than its own neighbour is. High for bad images too.",
    ),
    "copying_score": ("C_T", "Far below 0 where synthetic images lie closer to training than held-out ones do."),
    "likelihood_gap": (
        "Likelihood gap",
        "How much likelier training images are than held-out ones, judged by the synthetic images; about 0 if none "
        "is copied.",
    ),
    "membership": (
        "Discriminator remembers",
        "Share of pairs in which the run's discriminator prefers the training to the held-out image; half is chance.",
    ),
    "membership_sure": (
        "Discriminator is sure",
        "Share of training images that it knows while one held-out image in a hundred is taken for one.",
    ),
    "membership_auc": (
        "Training images lie nearer",
        "Share of pairs in which the training image is nearer to the synthetic images than the held-out one of its "
        "class; half is chance.",
    ),
    "membership_sure_1_percent": (
        "Recognised, 1 % false alarms",
        "Share of training images recognised by their nearness to synthetic ones while one held-out image in a hundred "
        "is taken for one.",
    ),
    "membership_sure_01_percent": (
        "Recognised, 0.1 % false alarms",
        "The same while one held-out image in a thousand is taken for one.",
    ),
    "membership_excess_risk": (
        "Control-corrected risk",
        "What an attack by nearness names among training images beyond what it names among held-out ones; 0 is chance.",
    ),
    "smallest_mode": (
        "Smallest group that is missed",
        "Groups of this size were taken out of the real images, and their absence was noticed four times in five.",
    ),
    "pair_similarity": ("Likeness of pairs", "Structural similarity of two random images of the class; 1 is the same."),
    "birthday_batch": (
        "Birthday test",
        "So many random images hold two that nearly repeat each other half of the time. Few for a class of little "
        "variety.",
    ),
}
PEAK = "Where the pixel values of a tissue pile up."
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
    "pass": ("no problem found", ":material/check_circle:", "green"),
    "warn": ("look closer", ":material/warning:", "orange"),
    "fail": ("problem", ":material/cancel:", "red"),
    "not_assessable": ("cannot be judged", ":material/help:", "gray"),
}
STATES_MEANING = {
    "pass": "The tests found nothing, and would have noticed what the sentence says. It is no proof of the opposite.",
    "warn": "Something was seen that may be chance or harmless: look at the images before using them.",
    "fail": "The finding is so strong that chance explains it less than once in a hundred such audits.",
    "not_assessable": "Too few images, or the audit was not told what it must know. The text says what helps.",
}
SPACES = {
    "simclr": "SimCLR",
    "registered": "aligned pixels",
    "random_convolution": "random convolution",
}


def space(encoder: str) -> str:
    """Return the name of a feature space as people read it."""
    return SPACES.get(encoder, encoder)


def transform(name: str) -> str:
    """Return in words how an image was laid over another one."""
    return "as it is" if name == "identity" else name.replace("+", ", ")


def mentions(text: str, term: str) -> bool:
    """Return whether a term stands in a text of small letters as a word of its own, also as more than one."""
    return re.search(rf"(?<!\w){re.escape(term.lower())}(?:e?s)?(?!\w)", text) is not None


def gloss(text: str) -> str | None:
    """Return what the terms in a sentence mean, for the help beside it; None where it has none."""
    lower = text.lower()
    meanings = [f"**{term.strip(' =<')}**: {meaning}" for term, meaning in TERMS.items() if mentions(lower, term)]
    return "\n\n".join(meanings) or None
