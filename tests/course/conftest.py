"""A whole course in little: one lab with two exercises, public and hidden checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from logdojo.course.catalog import LABS, Course, Lab

SOURCE = '''# %% [markdown]
# # Tiny lab
#
# ## Begin

# %%
import logging
from logdojo import dojo
dojo.lab("01_logging_foundations")

# %%
LIMIT = 3

# %% exercise="double"
def double(x):
    """Return twice x."""
    # BEGIN SOLUTION
    return 2 * x
    # END SOLUTION

# %% check="double"
dojo.check("double")

# %% [markdown]
# <details><summary>Hint 1</summary>a</details>
# <details><summary>Hint 2</summary>b</details>
# <details><summary>Hint 3</summary>c</details>

# %%
print(double(2))

# %% tags=["measure"]
measured = [double(n) for n in range(3)]

# %% exercise="Counter"
class Counter:
    """Count up to LIMIT."""

    def __init__(self):
        self.n = 0

    def up(self):
        """Add one, at most to LIMIT."""
        # BEGIN SOLUTION
        self.n = min(LIMIT, double(self.n + 1) // 2)
        logging.getLogger("tiny").warning("now %d", self.n)
        return self.n
        # END SOLUTION

# %% check="Counter"
dojo.check("Counter")

# %% [markdown]
# <details><summary>Hint 1</summary>a</details>
# <details><summary>Hint 2</summary>b</details>
# <details><summary>Hint 3</summary>c</details>
'''

PUBLIC = '''"""Public checks."""

from logdojo.course.check import check


@check("double", points=2)
def doubles_two(lab):
    """Double two."""
    assert lab.double(2) == 4, "twice two is four"


@check("Counter", points=3)
def counts(lab):
    """Count one."""
    assert lab.Counter().up() == 1, "the first count is one"
'''

HIDDEN = '''"""Hidden checks."""

from logdojo.course.check import check


@check("double")
def doubles_negative(lab):
    """Double a negative number."""
    assert lab.double(-3) == -6, "negative numbers too"


@check("Counter")
def stops(lab):
    """Stop at the limit."""
    counter = lab.Counter()
    assert [counter.up() for _ in range(5)] == [1, 2, 3, 3, 3], "it does not stop at the limit"
'''


@pytest.fixture
def lab() -> Lab:
    """The catalog's first lab, whose files the tiny course fakes."""
    return LABS[0]


@pytest.fixture
def course(tmp_path: Path, lab: Lab) -> Course:
    """A course folder with the tiny lab as lab 01."""
    here = Course(tmp_path / "course")
    for path, text in (
        (here.source(lab), SOURCE),
        (here.public_checks(lab), PUBLIC),
        (here.hidden_checks(lab), HIDDEN),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return here
