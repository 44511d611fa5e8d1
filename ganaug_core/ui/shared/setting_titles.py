"""What the settings of a training are called on the pages, and one line about each."""

from ganaug_core.config.short_names import SHORT_NAMES

TITLES = {
    "architecture": ("Networks", "What draws and what judges."),
    "loss": ("Loss", "The game that the two play."),
    "terms": ("Added terms", "What is added to the losses."),
    "regularisers": ("Regularisers", "What steadies the game."),
    "augmentations": ("Augmentations", "Random changes that both sides see."),
}
FIELDS = {
    "Time and batches": {
        "batch_size": ("Images per step", "More is steadier and slower per step."),
        "discriminator_steps": ("Discriminator updates per step", "Critics of Wasserstein games need several."),
        "generator_steps": ("Generator updates per step", "More where the discriminator is too strong."),
        "class_sampling": ("How often each class is drawn", "Auto: as often as it occurs, unless very unbalanced."),
    },
    "Optimisers": {
        "optimiser": ("Optimiser", "Adam, RMSprop as the first WGAN, or plain gradient steps with momentum."),
        "discriminator_learning_rate": ("Learning rate of the discriminator", "How far one step moves it."),
        "generator_learning_rate": (
            "Learning rate of the generator",
            "Other than the discriminator's: two time scales.",
        ),
        "learning_rate_schedule": (
            "How the rates fall",
            "Cosine: in the second half. The others: from the first step.",
        ),
        "final_learning_rate": ("Rates at the end, as a share", "1 keeps them constant."),
        "final_penalty": (
            "Gradient penalties at the end, as a share",
            "They fall to it over the second half: with 0.1 a penalty of weight 10 ends at 1. 1 keeps them constant.",
        ),
        "ema_half_life_images": ("Half-life of the averaged generator, in images", "Longer is smoother."),
        "keep": ("Checkpoint that is kept", "Best by the tuning share, without copying; or the last."),
    },
    "When to augment": {
        "augment": ("Augmentation", "Auto: for small cohorts and long runs. Adaptive: as often as is needed."),
        "adaptive_target": ("Certainty that is aimed at", "Adaptive only: higher augments less."),
        "adaptive_images": ("Images until the probability can be 1", "Adaptive only: fewer adapts faster."),
    },
    "This computer": {
        "seed": ("Seed", "The same seed starts from the same networks."),
        "device": ("Device", "Auto: the graphics card where there is one, else the processor."),
        "precision": ("Precision", "Auto: the faster one that this machine multiplies in hardware."),
        "threads": ("Processor threads", "0 measures once which number is fastest, and remembers it."),
        "deterministic": ("The same bits every time", "On a graphics card, and slower; a processor gives them anyway."),
        "compiled": ("Compile the networks", "For long runs on a graphics card; a minute before the first step."),
    },
}


def title_of(name: str) -> str:
    """Return a part's name as people read it."""
    return name.upper() if name in ("r1", "r2", "mlp", "dcgan") else name.replace("_", " ").capitalize()


def in_full(key: str) -> str:
    """Return the full name of a setting that a textbook calls by a short one; a single beta keeps its own."""
    return SHORT_NAMES.get(key, key)


def label(key: str) -> str:
    """Return what a setting of a configuration, or `part.setting`, is called in the form."""
    part, dot, setting = key.partition(".")
    titles = {family: title for family, (title, _) in TITLES.items()}
    titles |= {field: title for fields in FIELDS.values() for field, (title, _) in fields.items()}
    if dot:
        return f"{title_of(part)}: {setting.replace('_', ' ')}"
    return titles.get(key) or key.replace("_", " ").capitalize()
