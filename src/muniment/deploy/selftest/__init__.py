"""The alarm, tested: a copy of a deployment is broken on purpose, in every way that is known, and looked at each time.

``standin`` answers in the copy for an engine, ``copy`` brings the copy up, ``faults`` says how it is broken and which
claims have to be found broken, and ``rehearsal`` goes through them.
"""
