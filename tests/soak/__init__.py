"""Hours of a busy service in two minutes: many connections, random work, random faults.

`make soak` runs it. `acts` is the work, `faults` what goes wrong meanwhile, `invariants` what must
hold when the dust has settled.
"""
