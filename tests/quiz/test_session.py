from __future__ import annotations

import pytest

from logdojo.errors import UsageError
from logdojo.quiz.bank import Bank
from logdojo.quiz.feedback import as_text, feedback_on
from logdojo.quiz.session import answer, in_file_order, present, start_session

SINGLE, MULTIPLE, FREE = "log.access.mode-after-rotation", "log.sensitive.failed-login", "interview.what-llm"


def test_seed_decides_questions_and_order(bank: Bank):
    """The same seed gives the same session, another seed another one."""
    assert start_session(bank, number=10, seed=1) == start_session(bank, number=10, seed=1)
    assert start_session(bank, number=10, seed=1) != start_session(bank, number=10, seed=2)


def test_conditions_narrow_the_choice(bank: Bank):
    """Topic and objective keep only their items, and nothing left is an error with a remedy."""
    session = start_session(bank, topic="log_security", objective="log.sensitive", number=9)
    assert {question.item.objective for question in session.questions} == {"log.sensitive"}
    with pytest.raises(UsageError) as caught:
        start_session(bank, topic="log_security", objective="llm.what")
    assert "quiz list" in caught.value.hint


def test_letters_follow_the_shown_order(bank: Bank):
    """Under every seed, the letter beside the right option is the right answer."""
    item = bank.item(SINGLE)
    places = set()
    for seed in range(20):
        question = present(item, seed)
        letter = next(letter for letter, option in question.options if option.key)
        places.add(letter)
        assert answer(question, letter.upper()).grade.score == 1
    assert places == {"a", "b", "c", "d"}


@pytest.mark.parametrize("given", ["a b", "ab", "a,b", "1, 2", "b) a)", " A;B "])
def test_letters_may_be_written_in_many_ways(bank: Bank, given: str):
    """Letters and numbers, with or without separators, mean the same options."""
    assert answer(in_file_order(bank.item(MULTIPLE)), given).chosen == {0, 1}


@pytest.mark.parametrize("given", ["z", "0", "7", "a z", "²", "yes"])
def test_unknown_letters_are_refused(bank: Bank, given: str):
    """An answer that names no option is a usage error that lists the letters."""
    with pytest.raises(UsageError) as caught:
        answer(in_file_order(bank.item(MULTIPLE)), given)
    assert "a or b" in caught.value.hint


def test_single_choice_takes_one(bank: Bank):
    """Two letters for a single choice are refused."""
    with pytest.raises(UsageError, match="one right option"):
        answer(in_file_order(bank.item(SINGLE)), "a b")


def test_session_records_and_averages(bank: Bank):
    """Recording moves to the next question; the score is the mean."""
    session = start_session(bank, topic="log_security", number=2)
    for wanted in (1.0, 0.0):
        question = session.current
        assert question
        right = wanted == 1.0
        session = session.record(
            answer(
                question, question.item.keys if right else set(range(len(question.item.options))) - question.item.keys
            )
            if question.item.type == "multiple"
            else answer(question, next(letter for letter, option in question.options if option.key is right))
        )
    assert session.current is None
    assert session.score == 0.5


def test_feedback_of_a_choice_explains_every_option(bank: Bank):
    """Each distractor's rationale, the explanation and the sources are in the text, in words."""
    item = bank.item(SINGLE)
    text = as_text(feedback_on(answer(in_file_order(item), "a")))
    for option in item.options:
        assert option.text in text
        assert option.rationale in text
    assert item.explanation in text
    assert item.sources[0].url in text
    assert "right, but you did not choose it" in text


def test_feedback_of_a_free_text_quotes_and_asks(bank: Bank):
    """What was said is quoted, what is missing comes with its follow-up, the score with its band."""
    text = as_text(
        feedback_on(answer(in_file_order(bank.item(FREE)), "It guesses the next word from the ones before."))
    )
    assert "In your words: \u201cIt guesses the next word from the ones before\u201d" in text
    assert "An interviewer would ask: How does a word far back in the text influence the next one?" in text
    assert "so read it as between" in text
