# SPDX-License-Identifier: MIT
"""Every stand-in as the process's first call, wherever that is made, ends as libpq's own function does."""
from harness import ALLOW_EVERYTHING, check, equal, main, program, promise, run, settle
from shop import POLICY, SCHEMA

EVERY = program('every')


def first_calls(place):
    def test(cluster):
        lines = []
        for policy in (None, ALLOW_EVERYTHING, POLICY):
            outcome = run(cluster, [EVERY, place], policy)
            equal(outcome.status, 0, outcome)
            lines.append(outcome.stdout.decode().splitlines())
            cluster.forget() if place == 'longjmp' else settle(cluster)
        check(len(lines[0]) > 50, lines[0])
        for governed in lines[1:]:
            # what crashes libpq, NULL being no argument for it, may be refused before that
            different = [pair for pair in zip(lines[0], governed) if pair[0] != pair[1] and not pair[0].endswith(' with b')]
            equal(len(governed), len(lines[0]), 'lines')
            equal(different, [], 'ends without and with the shim')
        died = [line for line in lines[0] if not line.endswith(' with 0')]
        return f'{len(lines[0])} functions, of which end the process by themselves: {died}'
    test.__name__ = f'each_first_call_from_{place}_ends_as_without_the_shim'
    promise(test)


for first_place in ('main', 'constructor', 'thread', 'exit', 'signal', 'child', 'longjmp'):
    first_calls(first_place)

main(SCHEMA)
