"""Everything that decides a run, apart from the cohort."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Setting = bool | int | float | str
FAMILIES = ("architecture", "loss", "terms", "regularisers", "augmentations")
SINGLE = ("architecture", "loss")


class PartConfig(BaseModel):
    """One part by name; settings that are not given keep the part's defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    settings: dict[str, Setting] = {}


class TrainingConfig(BaseModel):
    """Everything that decides a run, apart from the cohort.

    Attributes:
        terms: What is added to the losses.
        augment: `auto` applies the augmentations to fewer than 1,000 training images and in runs of half an hour or
            a million images and more. `adaptive` applies each of them with a probability that rises while the
            discriminator is more certain of training images than `adaptive_target`, and falls while it is less.
        adaptive_target: Mean sign of the logits of real images that is aimed at, in (0, 1).
        adaptive_images: Real images in which the probability can go from 0 to 1.
        class_sampling: `natural` draws classes as often as they occur, `tempered` by the square root of that,
            `balanced` equally; `auto` is natural, and tempered where one class is over five times another.
        optimiser: `adam`; `rmsprop`, whose memory is `betas[1]`; `sgd`, whose momentum is `betas[0]`.
        discriminator_steps, generator_steps: Updates of each network in a step.
        discriminator_learning_rate, generator_learning_rate: At the beginning; different ones are two time scales.
        learning_rate_schedule: `cosine` stays constant in the first half of the budget, then falls along a cosine to
            `final_learning_rate` times the value; `cosine_from_start` falls along it from the first step, as the cosine
            was published (Loshchilov and Hutter, 2017, arXiv:1608.03983); `exponential` falls there by the same factor
            in equal times.
        final_penalty: The gradient penalties fall linearly to this share over the second half.
        ema_half_life_images: Half-life of the averaged generator; never more than `ema_share` of the images seen.
        ema_statistics: Running statistics of batch norm in the averaged generator: `copied` from the current one, or
            `averaged` as its weights are; those that fit the averaged weights would have to be measured anew.
        keep: The checkpoint that becomes the generator: the `best` one without copying, judged by the tuning share, or
            the `last`, to study how a run ends.
        minutes, images: The budget, exactly one of them: minutes of training, or real images shown.
        precision: `bfloat16` where the processor multiplies it in hardware (`auto`), else `float32`.
        threads: 0 measures once which number is fastest for this machine, recipe and size, and remembers it.
        deterministic: On a GPU, the same bits every time; slower. A processor gives them anyway.
        compiled: Compile the networks where no second derivative is needed: a minute before the first step, for long
            runs on a GPU. Not for networks that grow.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    recipe: str = "recommended"
    architecture: PartConfig
    loss: PartConfig
    terms: tuple[PartConfig, ...] = ()
    regularisers: tuple[PartConfig, ...] = ()
    augmentations: tuple[PartConfig, ...] = ()
    augment: Literal["auto", "on", "off", "adaptive"] = "auto"
    adaptive_target: Annotated[float, Field(gt=0, lt=1)] = 0.6
    adaptive_images: Annotated[int, Field(ge=1000)] = 100_000
    class_sampling: Literal["auto", "natural", "tempered", "balanced"] = "auto"
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 32
    optimiser: Literal["adam", "rmsprop", "sgd"] = "adam"
    discriminator_steps: Annotated[int, Field(ge=1, le=100)] = 1
    generator_steps: Annotated[int, Field(ge=1, le=100)] = 1
    discriminator_learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    generator_learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    learning_rate_schedule: Literal["cosine", "cosine_from_start", "exponential"] = "cosine"
    final_learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.1
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.0, 0.99)
    final_penalty: Annotated[float, Field(ge=0, le=1)] = 0.1
    ema_half_life_images: Annotated[float, Field(gt=0)] = 10_000.0
    ema_share: Annotated[float, Field(gt=0, le=1)] = 0.05
    ema_statistics: Literal["copied", "averaged"] = "copied"
    keep: Literal["best", "last"] = "best"
    minutes: Annotated[float, Field(gt=0)] | None = None
    images: Annotated[int, Field(gt=0)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    threads: Annotated[int, Field(ge=0, le=256)] = 0
    deterministic: bool = False
    compiled: bool = False

    @model_validator(mode="before")
    @classmethod
    def _label_term_is_a_part(cls, content: Any) -> Any:
        """Runs of the first version name the label term's weights as fields; as a short form they are still good."""
        if not isinstance(content, dict) or not {"label_term", "label_term_end"} & content.keys():
            return content
        content = dict(content)
        terms = [term if isinstance(term, dict) else term.model_dump() for term in content.get("terms", ())]
        others = [term for term in terms if term.get("name") != "label_matching"]
        begin = content.pop("label_term", None)
        end = content.pop("label_term_end", 0.0)
        label_term: dict[str, Any] = next(
            (term for term in terms if term.get("name") == "label_matching"), {"settings": {}}
        )
        begin = label_term["settings"].get("weight", 0.0) if begin is None else begin
        if begin or end:
            others.append({"name": "label_matching", "settings": {"weight": begin, "end": end}})
        content["terms"] = others
        return content

    @model_validator(mode="after")
    def _one_budget(self) -> "TrainingConfig":
        if (self.minutes is None) == (self.images is None):
            raise ValueError("give a budget either in minutes or in images")
        return self
