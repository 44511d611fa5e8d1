"""Revision of each method: raise it in the commit that changes the method's numbers.

A result is found only by the revision that made it; older ones are shown as such and can be made again.
"""

REVISIONS = {
    "cohorts": 1,
    "runs": 1,
    "sweeps": 1,
    "generators": 1,
    "samples": 1,
    "encoders": 2,
    "features": 1,
    "searches": 4,  # what a cohort's own images show among themselves
    "maps": 1,
    "audits": 5,
    "trials": 1,
    "benefits": 3,
    "readings": 1,
}
