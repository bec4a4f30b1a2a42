"""The form of a topic file and of the syllabus; every field is described here once and exported as JSON Schema.

A new type of item is one more class with its own ``type`` and one more name in ``Item``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from logdojo.quiz.points import KeyPoint, Misconception

Text = Annotated[str, Field(min_length=1)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$", max_length=80)]
Score = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(_Strict):
    """Where a reader can check what the item says."""

    title: Text
    url: Annotated[
        str, Field(pattern=r"^https://\S+$", description="a page that stays: documentation, standard, paper")
    ]


class _ItemBase(_Strict):
    id: Annotated[Identifier, Field(description="stable for ever; progress is kept under it")]
    objective: Annotated[Identifier, Field(description="id of a row of syllabus.yaml")]
    bloom: Annotated[
        Literal["remember", "understand", "apply", "analyze", "evaluate", "create"],
        Field(description="what the candidate has to do, in Bloom's revised taxonomy"),
    ]
    difficulty: Literal["easy", "medium", "hard"]
    prompt: Annotated[Text, Field(description="a whole question; plain text, code between backticks")]
    explanation: Annotated[Text, Field(description="why the right answer is right, shown afterwards")]
    sources: Annotated[list[Source], Field(min_length=1)]


class Option(_Strict):
    """One option of a choice."""

    text: Text
    key: Annotated[bool, Field(description="true when it is right")] = False
    rationale: Annotated[
        str,
        Field(
            description="for a distractor: what one would have to believe, and why it fails; for a key: why it is right"
        ),
    ] = ""


class _Choice(_ItemBase):
    options: Annotated[list[Option], Field(min_length=3, max_length=6)]

    @property
    def keys(self) -> frozenset[int]:
        """Numbers of the right options, from 0, in the file's order."""
        return frozenset(number for number, option in enumerate(self.options) if option.key)

    @model_validator(mode="after")
    def _rationales(self) -> _Choice:
        for number, option in enumerate(self.options, start=1):
            if not option.key and not option.rationale:
                raise ValueError(f"option {number} is a distractor without a rationale")
        texts = [option.text.casefold() for option in self.options]
        if len(set(texts)) < len(texts):
            raise ValueError("two options are the same")
        return self


class SingleChoice(_Choice):
    """A question with exactly one right option."""

    type: Literal["single"]

    @model_validator(mode="after")
    def _one_key(self) -> SingleChoice:
        if len(self.keys) != 1:
            raise ValueError(f"{len(self.keys)} options have key: true, a single choice needs 1")
        return self


class MultipleChoice(_Choice):
    """A question with two or more right options, but not all of them."""

    type: Literal["multiple"]

    @model_validator(mode="after")
    def _some_keys(self) -> MultipleChoice:
        if not 2 <= len(self.keys) < len(self.options):
            raise ValueError(f"{len(self.keys)} of {len(self.options)} options have key: true, needs 2 up to all but 1")
        return self


class Sample(_Strict):
    """An answer with the score its author gives it; a test holds the grader to it."""

    kind: Literal["passing", "partial", "failing", "contradicting"]
    text: Annotated[str, Field(description="the answer, as somebody would say it")]
    score: Score


class FreeText(_ItemBase):
    """An open question, graded by key points."""

    type: Literal["free"]
    key_points: Annotated[list[KeyPoint], Field(min_length=2, max_length=7)]
    misconceptions: list[Misconception] = []
    samples: list[Sample] = []
    model_answer: Text

    @model_validator(mode="after")
    def _whole_points(self) -> FreeText:
        for point in self.key_points:
            if not (point.text and point.follow_up and point.any and point.weight > 0):
                raise ValueError(f"key point {point.id!r} needs text, follow_up, any, and a weight above 0")
        for wrong in self.misconceptions:
            if not (wrong.match and wrong.say and 0 <= wrong.cap < 1):
                raise ValueError(f"misconception {wrong.say[:40]!r} needs match, say, and a cap from 0 to below 1")
        return self


Item = SingleChoice | MultipleChoice | FreeText
"""Any item."""


class QuizFile(_Strict):
    """A topic file."""

    model_config = ConfigDict(title="logdojo quiz topic", validate_by_name=False)

    schema_: Annotated[Literal[1], Field(alias="schema", description="version of this form")]
    topic: Annotated[Identifier, Field(description="the file's name without .yaml")]
    title: Text
    items: Annotated[list[Annotated[Item, Field(discriminator="type")]], Field(min_length=1)]


class SyllabusRow(_Strict):
    """One thing to learn."""

    id: Identifier
    topic: Text
    build: Annotated[str | None, Field(description="what a lab exercise makes the learner build; null for none")]
    ask: Annotated[int, Field(ge=1, description="least number of quiz items about it")]


class SyllabusSection(_Strict):
    """A part of the syllabus."""

    id: Annotated[str, Field(pattern="^[A-Z]$")]
    title: Text
    rows: Annotated[list[SyllabusRow], Field(min_length=1)]


class Syllabus(_Strict):
    """The syllabus file."""

    model_config = ConfigDict(title="logdojo syllabus")

    schema_: Annotated[Literal[1], Field(alias="schema", description="version of this form")]
    sections: Annotated[list[SyllabusSection], Field(min_length=1)]
