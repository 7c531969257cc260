# SPDX-License-Identifier: MIT
"""All that a program sees of its own process is the same with and without the shim.

The same: every line that `view` prints, but for what is stated here.  The environment has the shim's variables more; the
shim's file is mapped, and after the first connection the run's ring and epoch.  Descriptors of the shim are numbers from 512
on (with a limit below that: from 256, 128 … on, whatever it allows), at most 16, all closed on exec, and none before the
first connection; below them nothing differs, nor does the next free number.  The parent is the supervisor, of the same group
and session; a program that setsid made the leader of its session is none.
"""
import os
import re
import signal
import subprocess

from harness import (ALLOW_EVERYTHING, CHAPERONE, SHIM, Running, check, equal, intents, is_running, kill, main, program,
                     promise, wait_until)
from shop import SCHEMA

VIEW = program('view')
SHIMS = ('CHAPERONE_', 'LD_PRELOAD=')
HIGH_MAX = 16


# What a program may be started with, and would find again.
STARTS = {
    'nothing_special': '',
    'closed_descriptors': 'exec <&- 2>&-',
    'all_standard_descriptors_closed': 'exec 5>&1 <&- >&- 2>&-',
    'more_descriptors': 'exec 3</dev/null 9>&1 200</etc/passwd',
    'ignored_signals': "trap '' HUP INT QUIT PIPE TERM USR1 CHLD TSTP",
    'blocked_signals': 'exec env --block-signal=USR1,TERM,CHLD,INT "$@"',
    'ignored_children': 'exec env --ignore-signal=CHLD "$@"',
    'a_small_stack': 'ulimit -s 256',
    'no_core_and_few_files': 'ulimit -c 0; ulimit -n 700',
    'hardly_any_files': 'ulimit -n 200',
    'other_habits': 'umask 027; cd /; exec nice -n 7 "$@"',
    'hardly_an_environment': 'exec env -i LC_ALL=C ASAN_OPTIONS="$ASAN_OPTIONS" PATH=/nowhere A= PGDATABASE=shop '
                             'PGHOST="$PGHOST" PGPORT="$PGPORT" PGUSER=postgres XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" "$@"',
}


def under_run(cluster, record):
    return [CHAPERONE, 'run', '--policy', cluster.write('view.yaml', ALLOW_EVERYTHING), '--record', record, '--']


def under_an_own_agent(cluster, record):
    """Which writes its record where the environment says that a user's state is."""
    check(record == cluster.path('home/state/chaperone/record'), record)
    policy = cluster.write('view.yaml', ALLOW_EVERYTHING)
    return ['env', f'LD_PRELOAD={SHIM}', f'CHAPERONE_POLICY={policy}']


def view(cluster, start, governed_by, record):
    """What `view` prints into a file, since it may have no standard output."""
    path = cluster.path('view')
    prefix = governed_by(cluster, record) if governed_by else []
    command = ['bash', '-c', f'{start}\nexec "$@"', 'bash', *prefix, VIEW, path]
    outcome = Running(cluster, command, {}, record, stdin=subprocess.PIPE).end(b'', 20)
    check(os.path.exists(path), outcome)
    with open(path) as file:
        lines = file.read().splitlines()
    os.unlink(path)
    check(outcome.status == 0 and not outcome.stderr and not outcome.stdout, outcome)
    check(any(line.startswith('finished: ') for line in lines) and
          any(': query: PGRES_TUPLES_OK' in line for line in lines), lines)
    return lines


def without_shim(cluster, start=''):
    entered = cluster.mark()
    lines = view(cluster, start, None, None)
    cluster.quiet()
    cluster.without.append((entered, cluster.mark()))
    return lines


def with_shim(cluster, start='', governed_by=under_run, record=None):
    record = cluster.governs(record) if record else cluster.new_record()
    lines = view(cluster, start, governed_by, record)
    if governed_by == under_run:
        equal([event['decision'] for event in intents(cluster, record)], ['allow'] * 2, 'the record')
    return lines


def is_the_shims(line):
    """Lines that a governed process has more, and the ungoverned one has none of."""
    _, what, value = line.split(': ', 2)
    return (what == 'environment' and value.startswith(SHIMS) or what == 'high descriptors' or
            what == 'mapped' and (value == SHIM or re.search('^/memfd:chaperone-|/chaperone/(run|own)-.*/ring-', value) is not None))


def split(lines):
    """(the program's own lines, the shim's).  Where in memory a file is mapped is the kernel's choice, so their order is not
    compared."""
    own = [line for line in lines if not is_the_shims(line)]
    mapped = [line for line in own if ': mapped: ' in line]
    return sorted(mapped) + [line for line in own if line not in mapped], [line for line in lines if is_the_shims(line)]


def same_view(without, governed):
    """Both views split; the same but for what is stated above."""
    without, governed = split(without), split(governed)
    different = [line for line in without[0] + governed[0] if (line in without[0]) != (line in governed[0])]
    equal(without[0], governed[0], 'views, in ' + '\n  '.join(different[:40]) + '\n')
    none = [line for line in without[1] if not line.endswith(': high descriptors: 0, 0 without close-on-exec')]
    equal(none, [], "lines of the shim's where it is not")
    check(any('mapped: /memfd:chaperone-control' in line for line in governed[1]), governed[1])
    return f'{len(without[0])} lines'


def started_with(name):
    def test(cluster):
        return same_view(without_shim(cluster, STARTS[name]), with_shim(cluster, STARTS[name]))
    test.__name__ = f'a_program_started_with_{name}_sees_the_same_of_its_process'
    promise(test)


for start_name in STARTS:
    started_with(start_name)


def end_own_agents(cluster):
    for name in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{name}/cmdline', 'rb') as file:
                words = file.read().split(b'\0')
        except OSError:
            continue
        if b'--own' in words and any(word.startswith(cluster.folder.encode()) for word in words):
            kill(int(name), signal.SIGTERM)
            wait_until(lambda: not is_running(int(name)), 10, 'the end of an own agent')


@promise
def a_program_with_an_agent_of_its_own_sees_the_same_of_its_process(cluster):
    try:
        governed = with_shim(cluster, governed_by=under_an_own_agent, record=cluster.path('home/state/chaperone/record'))
    finally:
        end_own_agents(cluster)
    return same_view(without_shim(cluster), governed)


@promise
def what_the_shim_adds_is_what_is_stated(cluster):
    more = split(with_shim(cluster))[1]
    at_main = [line.partition(': ')[2] for line in more if line.startswith('main: ')]
    equal([line for line in at_main if line.startswith('mapped')], [f'mapped: {SHIM}'], 'mapped at main')
    equal([line for line in at_main if line.startswith('high')],
          ['high descriptors: 0, 0 without close-on-exec'], 'descriptors at main')
    for line in more:
        match = re.search('high descriptors: (.*), (.*) without', line)
        check(not match or int(match[1]) <= HIGH_MAX and match[2] == '0', line)
    return ', '.join(line for line in more if 'mapped' in line and line.startswith('queried'))


main(SCHEMA)
