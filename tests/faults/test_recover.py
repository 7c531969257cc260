# SPDX-License-Identifier: MIT
"""What a run could not put on its record is put there by `chaperone audit recover`: all of it, once, and nothing else."""
import glob
import hashlib
import json
import os
import random
import shutil
import signal

from disks import fill, fill_beside, on_a_small_disk
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


NEW = [f'SELECT ? AS a_longer_name_to_fill_the_record_{i}' for i in range(400)]  # what fill_beside sends


def fault_of(event):
    """What an event lacks, or nothing."""
    missing = [name for name in ('statement', 'verdict', 'decision', 'reason') if not event.get(name)]
    return f"{event.get('statement')}: {missing}" if missing else None


def kept(cluster):
    """What agents keep beside the rings because the disk is full."""
    return glob.glob(cluster.path('home') + '/chaperone/run-*/unwritten-*')


def each_new_once(cluster, record, count):
    """All of the first so many statements of fill_beside, with text and verdict."""
    events = intents(cluster, record)
    texts = [event.get('statement') for event in events]
    equal([text for text in NEW[:count] if texts.count(text) != 1], [], 'statements that are not there once')
    equal([fault for fault in map(fault_of, events) if fault], [], 'events without text or verdict')
    verified(cluster, record)


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
    counts, events = found(result), intents(cluster, record)
    equal((len(events) - before, counts.get('without_text')), (counts['statements'], None), 'events more, and those without text')
    each_new_once(cluster, record, 400)
    check(not os.path.exists(place), 'its folder')
    check(verified(cluster, record)['ends_in_order'], 'the end')
    size = entries(cluster, record)
    equal((found(recover(cluster, copy, record, '--json')), entries(cluster, record)), ({}, size), 'a second time')
    check(not os.path.exists(copy), 'the copy, of which all is on the record')
    equal(recover(cluster, place, record).returncode, 2, 'a folder that is gone')
    settle(cluster)
    return f"{counts['statements']} of {len(events)} statements"


@promise
@on_a_small_disk()
def what_was_new_while_the_disk_was_full_outlives_its_agent(cluster, folder):
    record, count = folder + '/record', 100
    tidy(cluster)
    session = Session(cluster, record=record)
    check(served(session), 'a read')
    filler = fill_beside(session, folder, count)
    agent = session.running.agent()
    os.kill(agent, signal.SIGKILL)
    wait_until(lambda: not is_running(agent), 5, 'its end')
    os.unlink(filler)
    wait_until(lambda: served(session), 5, 'service')
    equal((session.end().status, kept(cluster), rings(cluster)), (0, [], []), 'status and what is left')
    each_new_once(cluster, record, count)
    check(any('could not write' in note for note in notes(cluster, record)), notes(cluster, record))
    settle(cluster, unheard=20)


@promise
@on_a_small_disk('1m')
def what_was_new_is_there_once_where_the_next_agent_finds_too_little_room(cluster, folder):
    record, count = folder + '/record', 300
    tidy(cluster)
    session = Session(cluster, record=record)
    check(served(session), 'a read')
    filler = fill_beside(session, folder, count)
    agent = session.running.agent()
    os.kill(agent, signal.SIGKILL)
    wait_until(lambda: not is_running(agent), 5, 'its end')
    os.truncate(filler, os.path.getsize(filler) - 4 * 4096)
    wait_until(lambda: served(session), 5, 'reads by policy')
    equal(len(kept(cluster)), 2, 'what both agents keep')
    check('cannot be recorded' in session.call('exec|UPDATE plain SET id = id WHERE id = 1')[0], 'a write')
    os.unlink(filler)
    wait_until(lambda: "tag 'UPDATE" in session.call('exec|UPDATE plain SET id = id WHERE id = 1')[0], 5, 'writes')
    equal((session.end().status, kept(cluster), rings(cluster)), (0, [], []), 'status and what is left')
    each_new_once(cluster, record, count)
    settle(cluster, unheard=20)


@promise
@on_a_small_disk()
def what_was_new_while_the_disk_was_full_outlives_the_whole_run(cluster, folder):
    record, count = folder + '/record', 100
    tidy(cluster)
    session = Session(cluster, record=record)
    check(served(session), 'a read')
    filler = fill_beside(session, folder, count)
    supervisor, agent, program = session.running.process.pid, session.running.agent(), session.running.child()
    for pid in (supervisor, agent, program):
        os.kill(pid, signal.SIGKILL)
    session.running.process.wait()
    wait_until(lambda: not is_running(program) and not is_running(agent), 5, 'their ends')
    os.unlink(filler)
    place = os.path.dirname(kept(cluster)[0])
    kept_bytes = shutil.copytree(place, cluster.path('kept'), ignore=shutil.ignore_patterns('*.socket'))
    result = recover(cluster, place, record, '--json')
    equal((result.returncode, result.stderr, found(result).get('without_text')), (0, '', None), 'status, errors, without text')
    check(not os.path.exists(place), 'its folder')
    each_new_once(cluster, record, count)
    settle(cluster)
    size, name = entries(cluster, record), os.path.basename(glob.glob(kept_bytes + '/unwritten-*')[0])
    with open(os.path.join(kept_bytes, name), 'rb') as file:
        whole = file.read()
    shutil.rmtree(kept_bytes)

    def offered(contents):
        os.makedirs(place, mode=0o700, exist_ok=True)
        with open(os.path.join(place, name), 'wb') as file:
            file.write(contents)
        return recover(cluster, place, record)

    equal((offered(whole).returncode, entries(cluster, record)), (0, size), 'the same again')
    dice = random.Random(7)
    length = int.from_bytes(whole[16:20], 'little')
    for _ in range(40):
        damaged = bytearray(whole)
        damaged[dice.choice((dice.randrange(56), 4096 + dice.randrange(length)))] ^= 1 << dice.randrange(8)
        cut = dice.choice((len(whole), dice.randrange(4096 + length)))
        result = offered(damaged[:cut])
        equal((result.returncode, entries(cluster, record)), (1, size), result.stderr)
        check('stays: it is damaged' in result.stderr, result.stderr)
    for _ in range(40):  # and with a hash that fits: whoever has the agent's user id can make one
        forged = bytearray(whole[:4096 + length])
        for _ in range(dice.choice((1, 5, 200))):
            forged[4096 + dice.randrange(length)] = dice.randrange(256)
        forged[20:24] = dice.choice((whole[20:24], dice.randbytes(4), bytes(4)))
        forged[24:56] = hashlib.sha256(forged[:24] + forged[4096:]).digest()
        result = offered(forged)
        check(result.returncode in (0, 1), f'{result.returncode}: {result.stderr}')
        verified(cluster, record)
    os.makedirs(place, mode=0o700, exist_ok=True)
    size = entries(cluster, record)
    for plant in (lambda path: os.symlink('/etc/passwd', path), os.mkfifo, os.mkdir):
        if os.path.lexists(os.path.join(place, name)):
            os.unlink(os.path.join(place, name))
        plant(os.path.join(place, name))
        result = recover(cluster, place, record)
        equal((result.returncode, len(result.stderr.splitlines()), entries(cluster, record)), (1, 1, size), result.stderr)
        if plant is os.mkdir:
            os.rmdir(os.path.join(place, name))


@promise
@on_a_small_disk('4m')
def what_there_is_no_room_for_is_refused(cluster, folder):
    record = folder + '/record'
    tidy(cluster)
    session = Session(cluster, record=record)
    check(served(session), 'a read')
    filler = fill(folder)
    columns = ', '.join(f'{i} AS column_{i}' for i in range(270))
    said = [session.call(f'exec|SELECT 1 AS number_{i}, {columns}')[0] for i in range(330)]
    refused = ['cannot be recorded' in text for text in said]
    check(refused == sorted(refused) and 30 < refused.count(True) < 150, refused)
    check(session.end().stderr.count(b'audit recover') == 1, 'how it is put there')
    os.unlink(filler)
    counts = found(recover(cluster, os.path.dirname(rings(cluster)[0]), record, '--json'))
    equal((counts['without_text'], counts['refused']), (refused.count(True),) * 2, 'those without text, and those refused')
    verified(cluster, record)
    settle(cluster)
    return f"{refused.count(False)} of {len(said)} had room"


@promise
@on_a_small_disk()
def what_can_be_kept_nowhere_is_said(cluster, folder):
    record = folder + '/record'
    tidy(cluster)
    session = Session(cluster, record=record)
    check(served(session), 'a read')
    os.unlink(kept(cluster)[0])
    filler = fill_beside(session, folder, 50)
    said, _ = session.call('exec|UPDATE plain SET id = id WHERE id = 1')
    check('cannot be recorded' in said, said)
    outcome = session.end()
    check(b'texts and verdicts of what was new are lost: No such file' in outcome.stderr, outcome)
    os.unlink(filler)
    result = recover(cluster, os.path.dirname(rings(cluster)[0]), record)
    check('without text and verdict' in result.stdout, result.stdout)
    settle(cluster)


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
