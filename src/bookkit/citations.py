"""How source cites an equation: :eq:`label`.

A room of its own, as a chapter needs no more of equations than this: `bookkit.equations` also reads
notebooks, and what that takes loads for a second.
"""

import re

CITED = re.compile(r":eq:`([^`]+)`")


def cited_labels(source: str) -> list[str]:
    """The labels that source code cites, each once, in their order."""
    return list(dict.fromkeys(CITED.findall(source)))
