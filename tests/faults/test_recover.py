# SPDX-License-Identifier: MIT
"""What a run could not put on its record is put there by `chaperone audit recover`: all of it, once, and nothing else."""
import glob
import json
import os
import shutil
import signal

from disks import fill_beside, on_a_small_disk
from harness import chaperone, check, equal, intents, is_running, main, notes, promise, settle, verified, wait_until
from session import READ, Session, served

HEADER, SLOT = 4096, 64  # common/ring.h


def recover(cluster, folder, record, *options):
    return chaperone(cluster, 'audit', 'recover', folder, '--record', record, *options)


def found(result):
    """Its counts, of which only what is not 0."""
    check(result.stdout, result.stderr)
    return {name: count for name, count in json.loads(result.stdout).items() if count}


def rings(cluster):
    return glob.glob(cluster.path('home') + '/chaperone/run-*/ring-*')


def tidy(cluster):
    """Removes what runs left before."""
    for folder in glob.glob(cluster.path('home') + '/chaperone/run-*'):
        shutil.rmtree(folder)


def entries(cluster, record):
    return verified(cluster, record)['entries']


def abandoned(cluster, count=5):
    """A run of so many reads whose agent never read a ring, and whose supervisor and program were killed; returns record and folder."""
    tidy(cluster)
    session = Session(cluster)
    check(served(session), 'a read')
    agent, program = session.running.agent(), session.running.child()
    wait_until(lambda: len(intents(cluster, session.running.record)) == 2, 5, 'its event')
    supervisor = session.running.process.pid
    for pid in (supervisor, agent):
        os.kill(pid, signal.SIGSTOP)
    for i in range(count):
        session.call(READ)  # known by now: it needs no answer, as long as the lease lasts
    for pid in (agent, program, supervisor):
        os.kill(pid, signal.SIGKILL)
    session.running.process.wait()
    wait_until(lambda: not is_running(program) and not is_running(agent), 5, 'their ends')
    folder = os.path.dirname(rings(cluster)[0])
    return session.running.record, folder


@promise
@on_a_small_disk()
def what_a_full_disk_kept_from_the_record_is_put_there(cluster, folder):
    record = folder + '/record'
    tidy(cluster)
    session = Session(cluster, record=record)
    check(served(session), 'a read')
    filler = fill_beside(session, folder, 400)
    outcome = session.end()
    place = os.path.dirname(rings(cluster)[0])
    command = f'chaperone audit recover --record {record} {place}'
    check(command.encode() in outcome.stderr, outcome)
    full = recover(cluster, place, record)
    equal((full.returncode, full.stdout), (2, ''), 'while the disk is full')
    check('No space left' in full.stderr and len(rings(cluster)) == 1, full.stderr)
    os.unlink(filler)
    copy = shutil.copytree(place, cluster.path('copy'), ignore=shutil.ignore_patterns('*.socket'))
    os.chmod(copy, 0o700)
    before = len(intents(cluster, record))
    result = recover(cluster, place, record, '--json')
    equal((result.returncode, result.stderr), (0, ''), 'status and errors')
    counts = found(result)
    more = intents(cluster, record)[before:]
    equal(len(more), counts['statements'], 'events more')
    equal(sum('statement' not in event for event in more), counts.get('without_text', 0), 'statements whose text was in memory alone')
    check(not os.path.exists(place), 'its folder')
    check(verified(cluster, record)['ends_in_order'], 'the end')
    size = entries(cluster, record)
    equal((found(recover(cluster, copy, record, '--json')), entries(cluster, record)), ({}, size), 'a second time')
    check(not os.path.exists(copy), 'the copy, of which all is on the record')
    equal(recover(cluster, place, record).returncode, 2, 'a folder that is gone')
    settle(cluster)
    return f"{counts['statements']} statements, {counts.get('without_text', 0)} without text"


@promise
def what_nobody_was_left_to_record_is_put_there(cluster):
    record, folder = abandoned(cluster)
    result = recover(cluster, folder, record)
    equal((result.returncode, result.stderr), (0, ''), 'status and errors')
    events = intents(cluster, record)
    reads = [event for event in events if event['statement'] == 'SELECT id FROM plain WHERE id = ?']
    check(len(reads) >= 2 and 'without text' not in result.stdout and all(event['verdict'] == 'allow' for event in reads), events)
    check(any('taken up' in note for note in notes(cluster, record)), notes(cluster, record))
    check(not os.path.exists(folder), 'its folder')
    verified(cluster, record)
    settle(cluster, lost=1, unheard=5)
    return result.stdout.strip()


@promise
def a_run_that_is_under_way_is_left_alone(cluster):
    tidy(cluster)
    session = Session(cluster)
    session.call(READ)
    folder = os.path.dirname(rings(cluster)[0])
    result = recover(cluster, folder, session.running.record)
    equal((result.returncode, len(rings(cluster))), (2, 1), result.stderr)
    check('in use' in result.stderr, result.stderr)
    check(served(session), 'a read')
    equal(session.end().status, 0, 'status')


@promise
def what_cannot_be_read_is_said_and_stays(cluster):
    record, folder = abandoned(cluster)
    ring = rings(cluster)[0]
    with open(ring, 'rb') as file:
        whole = file.read()
    events, size = len(intents(cluster, record)), entries(cluster, record)
    for name, contents in (('ring-1-zz', b''), ('ring-2-1', b'RNG1' * 100), ('ring-3-' + '1' * 90, whole),
                           ('ring-4-1', whole), ('ring-5-5', bytes(len(whole))), ('ring-\x1b[2J', b'x')):
        with open(os.path.join(folder, name), 'wb') as file:
            file.write(contents)
    os.symlink('/etc/passwd', folder + '/ring-6-1')
    os.mkfifo(folder + '/ring-7-1')
    os.mkdir(folder + '/ring-8-1')
    os.rename(ring, folder + '/away')
    result = recover(cluster, folder, record)
    equal((result.returncode, len(result.stderr.splitlines()), entries(cluster, record)), (1, 9, size), result.stderr)
    check('\x1b' not in result.stderr and 'another record' in result.stderr, result.stderr)
    for path in rings(cluster):
        os.rmdir(path) if os.path.isdir(path) else os.unlink(path)
    # Damage in the middle of what is missing: the rest is taken.
    damaged = bytearray(whole)
    first = next(i for i in range(8, 8192) if any(whole[HEADER + i * SLOT:HEADER + (i + 1) * SLOT]) and int.from_bytes(
        whole[HEADER + i * SLOT:HEADER + i * SLOT + 8], 'little') == i + 1)
    damaged[HEADER + first * SLOT + 20] ^= 0xff
    with open(ring, 'wb') as file:
        file.write(damaged)
    result = recover(cluster, folder, record, '--json')
    equal((result.returncode, found(result).get('damaged_slots'), found(result)['left']), (1, 1, 1), result.stderr)
    check(len(intents(cluster, record)) > events, 'the rest')
    size = entries(cluster, record)
    again = recover(cluster, folder, record, '--json')
    equal(entries(cluster, record), size, f'a second time: {again.stdout}')
    settle(cluster, lost=1, unheard=5, erased=1)


@promise
def bytes_at_random_do_no_harm(cluster):
    import random
    record, folder = abandoned(cluster)
    ring = rings(cluster)[0]
    with open(ring, 'rb') as file:
        whole = file.read()
    dice = random.Random(7)
    for _ in range(25):
        bytes_now = bytearray(whole)
        for _ in range(dice.choice((1, 10, 1000))):
            bytes_now[dice.randrange(dice.choice((200, HEADER + 40 * SLOT, len(whole))))] = dice.randrange(256)
        with open(ring, 'wb') as file:
            file.write(bytes_now[:dice.choice((len(whole), len(whole), dice.randrange(len(whole))))])
        result = recover(cluster, folder, record)
        check(result.returncode in (0, 1), f'{result.returncode}: {result.stderr}')
        verified(cluster, record)
        os.makedirs(folder, mode=0o700, exist_ok=True)
    settle(cluster, lost=1, unheard=5, erased=10, more=0)


@promise
def wrong_folders_and_records_are_said(cluster):
    record, folder = abandoned(cluster)
    away = cluster.path('away')
    for arguments in ((folder, away), (away, record), (cluster.path('more.conf'), record), ('/tmp', record)):
        result = recover(cluster, *arguments)
        equal((result.returncode, result.stdout), (2, ''), f'{arguments}: {result.stderr}')
        check(result.stderr.startswith('chaperone audit recover: '), result.stderr)
    check(not os.path.exists(away), 'a record where none was')
    equal(chaperone(cluster, 'audit', 'recover').returncode, 2, 'without a folder')
    equal(recover(cluster, folder, record).returncode, 0, 'with the right ones')
    settle(cluster, lost=1, unheard=5)


main('CREATE TABLE plain (id int PRIMARY KEY); INSERT INTO plain VALUES (1);')
