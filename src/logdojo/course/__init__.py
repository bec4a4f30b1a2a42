"""Labs: one source a lab → the learner's and the solution notebook → checks → grades.

catalog   what the thirteen labs are, and where they lie
source    solutions/NN_slug.py → cells with roles
build     cells → two notebooks, deterministic; labs/README.md
lint      the form that every lab keeps
check     the @check decorator, and running checks against what a learner wrote
my_soc    what passed is kept, and offered to later labs
sandbox   the child process that runs one submission
grade     a folder of submissions → one graded row each
report    rows → grades.csv and one page a learner
"""
