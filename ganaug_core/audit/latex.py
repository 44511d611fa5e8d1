"""An audit as two LaTeX tables; nothing but LaTeX itself is needed, and names from outside stay text."""

import re
from collections.abc import Iterable, Sequence

from ganaug_core.records import Audit, Measurement
from ganaug_core.terms import MAIN
from ganaug_core.wording import number, p_value

UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
ESCAPED = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "`": "{`}", '"': "{''}", "[": "{[}", "]": "{]}",
}  # fmt: skip


def one_line(text: object) -> str:
    """Return text without line breaks and what cannot be seen."""
    return UNSEEN.sub(" ", str(text)).strip()


def escaped(text: object) -> str:
    """Return text that LaTeX prints letter by letter; brackets are held, which could be an option after a line's end.

    Letters beyond ASCII are left: XeLaTeX and LuaLaTeX know all, pdfLaTeX those of its font.
    """
    return "".join(ESCAPED.get(letter, letter) for letter in one_line(text))


def tables(audit: Audit) -> str:
    """Return the verdicts and the main measurements as two tables."""
    synthetic, cohort = one_line(audit.synthetic["name"]), one_line(audit.cohort["name"])
    verdicts = [
        (
            name.replace("_", " "),
            verdict.state.replace("_", " "),
            verdict.test,
            _p(verdict.p),
            _p(verdict.p_corrected),
            _count(verdict.patients),
            _count(verdict.images),
        )
        for name, verdict in audit.verdicts.items()
    ]
    whose = "Patients" if audit.cohort.get("split_by") == "patient" else "Groups"
    measured = [_row(row) for name in MAIN for row in audit.measurements if row.name == name and _is_main(row)]
    return "\n\n".join(
        (
            _table(
                f"Verdicts on {synthetic} against {cohort}; p is corrected within a verdict, then across verdicts.",
                ("Question", "Verdict", "Test", "p", "p, corrected", whose, "Images"),
                verdicts,
            ),
            _table(
                f"Main measurements of {synthetic} against {cohort}: value, 95 % interval, what real images reach "
                "against real ones, numbers of real and synthetic images.",
                ("Measure", "Class", "Space", "Value", "95 % interval", "Real", "n real", "n synthetic"),
                measured,
            ),
        )
    )


def _is_main(row: Measurement) -> bool:
    """Whether a row speaks of all classes, or of a class where that is what the measure is about."""
    return row.class_name is None or row.name == "label_agreement"


def _row(row: Measurement) -> tuple[str, ...]:
    return (
        row.name.replace("_", " "),
        row.class_name or "all",
        row.encoder,
        number(row.value),
        "" if row.interval is None else f"{number(row.interval[0])} to {number(row.interval[1])}",
        "" if row.floor is None else number(row.floor),
        _count(row.n_real),
        _count(row.n_synthetic),
    )


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" & ".join(map(escaped, row)) + r" \\" for row in rows]
    return "\n".join(
        (
            r"\begin{table}",
            r"\centering\small",
            rf"\caption{{{escaped(caption)}}}",
            rf"\begin{{tabular}}{{{'l' * len(head)}}}",
            r"\hline",
            " & ".join(map(escaped, head)) + r" \\",
            r"\hline",
            *lines,
            r"\hline",
            r"\end{tabular}",
            r"\end{table}",
        )
    )


def _p(value: float | None) -> str:
    return "" if value is None else p_value(value)


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
