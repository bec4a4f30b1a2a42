"""Interview rehearsal.

    quizzes/*.yaml ─ bank ─▶ items ─ session ─▶ question ─ answer ─▶ grade ─ feedback ─▶ terminal, notebook
                                                            │
                  free text:  words ─ screening ─ matching (polarity) ─ grading

Nothing here draws, prints or loads a model; the faces are ``logdojo.cli.quiz`` and ``logdojo.widgets.quiz``.
"""
