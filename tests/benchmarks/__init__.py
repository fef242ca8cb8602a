"""What tracing costs: `python -m tests.benchmarks` prints one table.

Method. For each scenario three worker processes stand ready: untraced, untraced once more, and
under `sigtrace run`, everything as a user has it. They are fed over pipes in turns, a batch of
some milliseconds each, in an order that rotates from round to round; a worker that is not asked
sleeps in a read. So the machine's other load, its clock and its caches change for all of them
alike, which they do not for processes that run one after the other. A ratio is that of two
batches of the same round; the median of the rounds is shown with its quartiles. The second
untraced worker shows what the method cannot see: a ratio within its quartiles is noise.
"""
