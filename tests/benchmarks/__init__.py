"""What tracing costs: `python -m tests.benchmarks` prints one table.

Method. For each scenario worker processes stand ready: untraced, untraced once more, under
`sigtrace run` with everything as a user has it, and one with each other tool that is installed (the
extra `bench`). They are fed over pipes in turns, a batch of some milliseconds each, in an order
that rotates from round to round; a worker that is not asked sleeps in a read. So the machine's
other load, its clock and its caches change for all of them alike, which they do not for processes
that run one after the other. A ratio is that of two batches of the same round; the median of the
rounds is shown with its quartiles, for other tools the median alone. The second untraced worker
shows what the method cannot see: a ratio within its quartiles is noise.

Beside it: `starting` (how long programs take to start), `profile` (which part of the probe takes
what), `reading` (big traces), and `test_costs`, which counts what cannot be noisy.
"""
