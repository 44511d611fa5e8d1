"""What the words of the audit mean, for the help beside them."""

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
    "copied_share": ("Share of copies", "Estimated share of synthetic images that copy a training image."),
    "label_agreement": (
        "Label agreement",
        "Share of synthetic images whose label a classifier confirms.",
    ),
    "self_similarity": (
        "Repeats itself",
        "Share of synthetic images with a nearer twin than 95 % of real images have.",
    ),
}
COLUMNS = {
    "value": "What was measured.",
    "interval": "95 % interval: with other images of the same kind the value would lie here, 19 times of 20.",
    "floor": "The same measure between real images and other real images: no generator should do better.",
    "null": "What is expected if both sets were drawn from one distribution.",
    "sizes": "Number of real and of synthetic images.",
    "encoder": "How the images were turned into numbers.",
}
STATES = {
    "pass": ("no problem found", ":material/check_circle:", "green"),
    "warn": ("look closer", ":material/warning:", "orange"),
    "fail": ("problem", ":material/cancel:", "red"),
    "not_assessable": ("cannot be judged", ":material/help:", "gray"),
}
TRANSFORMS = {"identity": "as it is"}
