"""What the words of an audit mean: the same on pages, in reports and on data cards."""

from collections.abc import Mapping

from ganaug_core.wording import listing

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
MAIN = (
    "copied_share", "nearer_than_99", "nearest_distance_ratio", "membership", "vendi_ratio", "coverage", "recall",
    "precision", "density", "discrepancy_multiple", "frechet_multiple", "kernel_distance", "frechet", "told_apart",
    "label_agreement",
)  # fmt: skip
"""Measures in the tables of papers and reports, in their order; the others stand in the JSON."""
PEAK = "Where the pixel values of a tissue pile up."
STATES = {
    "pass": "no problem found",
    "warn": "look closer",
    "fail": "problem",
    "not_assessable": "cannot be judged",
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


def in_one_sentence(states: Mapping[str, str]) -> str:
    """Return what the five verdicts say together, the worst first; it never says that there is no problem.

    Args:
        states: By name of the verdict.
    """
    by_state: dict[str, list[str]] = {}
    for name, (title, _) in VERDICTS.items():
        by_state.setdefault(states[name], []).append(title.lower())
    fail, warn, unknown = (by_state.get(state, []) for state in ("fail", "warn", "not_assessable"))
    if fail:
        sentence = f"Do not use these images as they are: there is a problem with {listing(fail)}."
        return sentence + (f" Look closer at {listing(warn)}." if warn else "")
    if warn:
        return f"Use these images with care: look closer at {listing(warn)}."
    if len(unknown) == len(VERDICTS):
        return "Nothing could be judged with these images."
    sentence = f"No problem was found with {listing(by_state['pass'])}."
    return sentence + (f" Nothing can be said about {listing(unknown, 'or')}." if unknown else "")
