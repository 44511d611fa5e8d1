"""What can go wrong, in words: every error tells what happened and what to do."""

from collections.abc import Mapping, Sequence


class GanaugError(Exception):
    """A request or data that cannot be used; everything else is our bug and keeps its traceback.

    Attributes:
        what: What happened, naming the file, setting or count.
        do: One next step.
        code: A short machine-readable name, stable across versions (`truncated`, `unknown_name`).
        skipped: Files that could not be used, as in the JSON of a cohort: `file`, `code`, `say`, `do`.
    """

    code = "unusable"

    def __init__(
        self, what: str, *, do: str, code: str | None = None, skipped: Sequence[Mapping[str, str]] = ()
    ) -> None:
        super().__init__(what)
        self.what = what
        self.do = do
        self.skipped = skipped
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.what} {self.do}"


class CohortError(GanaugError):
    """Images, labels, patients or splits that cannot be used."""

    code = "cohort"


class ConfigurationError(GanaugError):
    """A setting or a name that does not exist, or settings that exclude each other."""

    code = "configuration"


class TrainingError(GanaugError):
    """A run that cannot start, go on or be resumed."""

    code = "training"


class GeneratorError(GanaugError):
    """A generator file that is foreign, damaged or does not do what it says."""

    code = "generator"


class EvidenceError(GanaugError):
    """Too few images, or images that do not fit, for a map or an audit."""

    code = "evidence"


class WorkspaceError(GanaugError):
    """A name that is taken or missing, a full disk, a folder that may not be read."""

    code = "workspace"
