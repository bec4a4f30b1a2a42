"""What is written from the bank: the schema files for editors, and the table in the bank's README."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from logdojo.errors import QuizError
from logdojo.quiz.bank import SCHEMAS, Bank, load_bank, schema_text

BEGIN = "<!-- table: written by logdojo quiz refresh -->"
END = "<!-- end of table -->"


def refresh(folder: Path) -> list[Path]:
    """Write the schema files and the README's table; return the paths.

    Raises:
        QuizError: the bank is damaged, or the README lacks the two marks around its table.
    """
    written = []
    for name, model in SCHEMAS:
        (folder / name).write_text(schema_text(model), "utf-8")
        written.append(folder / name)
    readme = folder / "README.md"
    readme.write_text(with_table(readme, load_bank(folder)), "utf-8")
    return [*written, readme]


def with_table(readme: Path, bank: Bank) -> str:
    """Return the text of the README with its table made anew.

    Raises:
        QuizError: the marks are missing.
    """
    text = readme.read_text("utf-8") if readme.is_file() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise QuizError(f"{readme}: no table to fill", hint=f"put {BEGIN} and {END} on lines of their own")
    return f"{before}{BEGIN}\n\n{table(bank)}\n\n{END}{after}"


def table(bank: Bank) -> str:
    """Return the number of items of each file and type as a Markdown table."""
    rows = ["| File | Topic | Single choice | Multiple choice | Free text |", "|---|---|--:|--:|--:|"]
    total: Counter[str] = Counter()
    for topic in bank.topics:
        kinds = Counter(item.type for item in topic.items)
        total += kinds
        counts = " | ".join(str(kinds[kind]) for kind in ("single", "multiple", "free"))
        rows.append(f"| [{topic.name}.yaml]({topic.name}.yaml) | {topic.title} | {counts} |")
    counts = " | ".join(str(total[kind]) for kind in ("single", "multiple", "free"))
    rows.append(f"| all | {total.total()} items over {len(bank.syllabus)} rows of the syllabus | {counts} |")
    return "\n".join(rows)
