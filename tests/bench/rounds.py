# SPDX-License-Identifier: MIT
"""Medians of several rounds, each of which measures everything once, so that what disturbs the
machine for a while disturbs all alike."""

import statistics

ROUNDS = 5


def medians(**measures):
    """`measures` are functions that measure once; gives their medians by the same names."""
    taken = {name: [] for name in measures}
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            taken[name].append(measure())
    return {name: statistics.median(values) for name, values in taken.items()}
