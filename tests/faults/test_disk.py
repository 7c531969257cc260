# SPDX-License-Identifier: MIT
"""Disks that are full at the end, folders that may not be written any more, a shim that is replaced: said, and nothing is lost silently."""
import glob
import os
import shutil
import signal
import subprocess
import time

from disks import fill, fill_beside, on_a_small_disk
from harness import CHAPERONE, SHIM, Running, check, equal, is_running, main, program, promise, settle, verified, wait_until
from session import Session, served
from shop import POLICY, SCHEMA


@promise
@on_a_small_disk()
def a_run_that_ends_while_the_disk_is_full_says_what_is_missing_and_keeps_it(cluster, folder):
    session = Session(cluster, record=folder + '/record')
    check(served(session), 'a read')
    filler = fill_beside(session, folder, 400)
    outcome = session.end()
    equal(outcome.status, 0, 'status')
    check(b'not on the record' in outcome.stderr and b'No space left' in outcome.stderr, outcome)
    kept = glob.glob(cluster.path('home') + '/chaperone/run-*/ring-*')
    check(len(kept) == 1, f'rings: {kept}')
    check(kept[0].rsplit('/', 1)[0].encode() in outcome.stderr, outcome)
    os.unlink(filler)
    report = verified(cluster, folder + '/record')
    check(not report['ends_in_order'], report)
    settle(cluster, erased=401)
    return outcome.stderr.decode().strip()


@promise
def a_record_folder_that_may_not_be_written_any_more_refuses_and_serves_again(cluster):
    """The file that is written stays open; the next agent cannot begin one of its own."""
    session = Session(cluster)
    record = session.running.record
    check(served(session), 'a read')
    os.rename(record, record + '-away')
    open(record, 'w').close()
    agent = session.running.agent()
    check(served(session), 'a read of the agent that has its file open')
    os.kill(agent, signal.SIGKILL)
    wait_until(lambda: not is_running(agent), 5, 'its end')
    said, took = session.call('exec|SELECT count(*) FROM plain')
    check('42501' in said and took < 5, f'{took} s: {said}')
    time.sleep(1.5)
    os.unlink(record)
    os.rename(record + '-away', record)
    wait_until(lambda: served(session), 5, 'service')
    outcome = session.end()
    equal(outcome.status, 0, 'status')
    lines = outcome.stderr.splitlines()
    check(1 <= len(lines) <= 3 and b'statements are refused' in outcome.stderr, f'{len(lines)} lines: {lines[:8]}')
    settle(cluster, unheard=3)
    verified(cluster, record)
    return outcome.stderr.decode().strip()


@promise
@on_a_small_disk('3m')
def a_full_folder_of_rings_refuses_new_programs_and_leaves_those_that_run(cluster, folder):
    session = Session(cluster, environment={'XDG_RUNTIME_DIR': folder})
    check(served(session), 'a read')
    filler = fill(folder)
    path = '{XDG_RUNTIME_DIR}/chaperone/run-{CHAPERONE_RUN}'
    check(served(session, 'exec|SELECT note FROM plain WHERE id = 4'), f'a read beside a full {path}')
    agent = session.running.agent()
    os.kill(agent, signal.SIGKILL)  # the next one cannot make a ring
    wait_until(lambda: not is_running(agent), 5, 'its end')
    said, took = session.call('exec|SELECT count(*) FROM plain')
    check('42501' in said and took < 5, f'{took} s: {said}')
    os.unlink(filler)
    wait_until(lambda: served(session), 5, 'service')
    equal(session.end().status, 0, 'status')
    settle(cluster, unheard=3)
    verified(cluster, session.running.record)
    return None


class Installed:
    """A copy of the command and its library, whose library can be replaced and taken away."""

    def __init__(self, cluster):
        self.cluster, self.tree = cluster, cluster.path(f'installed-{next(cluster.serials)}')
        for source in (CHAPERONE, SHIM):
            os.makedirs(os.path.dirname(self.place(source)))
            shutil.copy(source, self.place(source))
        self.shim = self.place(SHIM)

    def place(self, source):
        return os.path.join(self.tree, *source.split('/')[-3 if source == CHAPERONE else -2:])

    def start(self, *command):
        record = self.cluster.new_record()
        policy = self.cluster.write('installed.yaml', POLICY)
        return Running(self.cluster, [self.place(CHAPERONE), 'run', '--policy', policy, '--record', record, '--', *command], {}, record,
                       stdin=subprocess.DEVNULL)

    def replace(self):
        """As a package manager does it: a new file under the old name."""
        shutil.copy(SHIM, self.shim + '.new')
        os.rename(self.shim + '.new', self.shim)


QUERY = 'SELECT email FROM customers WHERE id = 1'


@promise
def programs_that_run_and_start_while_the_shim_is_replaced_are_governed(cluster):
    installed, count = Installed(cluster), 60
    running = installed.start('sh', '-c', f'{program("load")} runs 2 2 >&2 & for i in $(seq {count}); do psql -XAtc "{QUERY}"; done; wait')
    replaced = 0
    while running.process.poll() is None and replaced < 2000:
        installed.replace()
        replaced += 1
        time.sleep(0.005)
    outcome = running.end()
    equal((outcome.status, outcome.stdout), (0, b'[redacted]\n' * count), outcome)
    statements = [e for e in settle(cluster)[1] if 'FROM customers' in e['statement']]
    equal(len(statements), count, 'statements of programs that started')
    verified(cluster, outcome.record)
    return f'replaced {replaced} times'


@promise
def a_program_that_would_start_without_the_shim_does_not_start(cluster):
    installed = Installed(cluster)
    running = installed.start('sh', '-c', f'psql -XAtc "{QUERY}"; mv {installed.shim} {installed.shim}.away; psql -XAtc "{QUERY}"; '
                              f'echo status $?; exec psql -XAtc "{QUERY}"')
    outcome = running.end()
    check(b'canary' not in outcome.stdout and outcome.stdout.startswith(b'[redacted]\nstatus 126\n'), outcome)
    check(b'is not there any more' in outcome.stderr, outcome)
    settle(cluster)


main(SCHEMA)
