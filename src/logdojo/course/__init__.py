"""Labs: one source a lab → the learner's and the solution notebook → checks → grades.

::

    catalog      what the thirteen labs are, and where they lie
    source       solutions/NN_slug.py → cells with roles
    lint         the form that every lab keeps
    build        cells → two notebooks, always the same bytes; labs/README.md
    check        the @check decorator, and running checks against what a learner wrote
                 (contain: time limit and silence; explain: an exception in the learner's words)
    my_soc       what passed is kept, and offered to later labs
                 (extract: the source it needs; parts: the library's own under the same name)
    submissions  what was handed in, read however damaged
    runner       one submission → child processes, restarted where one dies
    sandbox      the child process
    grade        a folder of submissions → one graded row each
    report       rows → grades.csv and one page a learner
"""
