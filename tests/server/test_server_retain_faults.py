# SPDX-License-Identifier: MIT
# Nothing but what a log's server let go of may be missing, whoever dies while it does, and whatever somebody changes.
import os
import random
import signal
import threading
import time

from authors import sign
from exported import Taken, export, verify
from recorded import Agent, record
from retained import age, begin, filled, firsts, half_gone, reached, retain, size, told
from served import SERVER, manage_json, server
from support import collect, main, run

DEATHS = 20 if os.environ.get("CHAPERONE_TEST_LONG") == "1" else 6


def flipped(at):
    def flip(block):
        block[1] = block[1][:at] + bytes([block[1][at] ^ 1]) + block[1][at + 1:]
    return flip


def test_no_other_gap_passes():
    with server() as served, server() as other:
        leaf = half_gone(served)
        half_gone(other)
        data, whole = export(served).read_bytes(), (served.top / "whole").read_bytes()
        theirs, forged = Taken(export(other).read_bytes()), served.top / "forged"
        key = (other.data / "log.key").read_text(encoding="ascii").strip()

        def changed(kind, number, change):
            return lambda taken: change(taken.blocks[taken.of(kind)[number]])

        def without(kind, number):
            def drop(taken):
                del taken.blocks[taken.of(kind)[number]]
            return drop

        def without_all(*kinds):
            def drop(taken):
                taken.blocks = [block for block in taken.blocks if block[0]["kind"] not in kinds]
            return drop

        def note(text, by=key):
            def write(taken):
                taken.blocks[taken.of("retention")[0]][1] = sign(text, by)
            return write

        def foreign(taken):
            taken.blocks[taken.of("retention")[0]] = theirs.blocks[theirs.of("retention")[0]]

        def twice(kind):
            def repeat(taken):
                at = taken.of(kind)[0]
                taken.blocks.insert(at, taken.blocks[at])
            return repeat

        def of_a_resumed_part(taken, change):
            """A part that has leaves before the gap's end and behind it."""
            here = {(taken.blocks[i][0]["agent"], taken.blocks[i][0]["part"]) for i in taken.of("delivery")}
            for at in taken.of("gone"):
                if (taken.blocks[at][0]["agent"], taken.blocks[at][0]["part"]) in here:
                    return change(taken, at)
            raise AssertionError("no part goes on")

        def drop_at(taken, at):
            del taken.blocks[at]

        def tell_at(**more):
            return lambda taken, at: taken.blocks[at][0].update(more)

        text = f"chaperone-retention/1\nlog shop.example/log\nleaves {leaf}\nbefore 1\nmade 2\nby os root\n"
        for change, *said in (
                (without("retention", 0), ""),
                (without_all("retention"), "no retention says that it is gone"),
                (without_all("retention", "gone", "definition"), "(delivery)", "missing"),
                (changed("retention", 0, told(leaves=leaf - 1)), "(retention)", "other leaves than its line says"),
                (changed("retention", 0, flipped(40)), "(retention)"),
                (note(text), "(retention)", "nobody signed it whose key is known"),
                (foreign, "(retention)", "nobody signed it whose key is known"),
                (twice("retention"), "(retention)", "of no more leaves than the one before it"),
                (without("delivery", 0), "(delivery)", "missing"),
                (without("delivery", 1), "(delivery)", "missing"),
                (without("delivery", -1), "(end)", "missing"),
                (lambda taken: of_a_resumed_part(taken, drop_at), "(delivery)", "does not go on where the part had come to"),
                (lambda taken: of_a_resumed_part(taken, tell_at(head="sha256:" + "ab" * 32)), ""),
                (lambda taken: of_a_resumed_part(taken, tell_at(offset=9)), "(gone)", "another"),
                (lambda taken: of_a_resumed_part(taken, tell_at(length=9)), "(gone)", "another"),
                (lambda taken: of_a_resumed_part(taken, tell_at(digest="sha256:" + "ab" * 32)), "(gone)", "another"),
                (lambda taken: of_a_resumed_part(taken, tell_at(leaf=leaf)), "(gone)", "no retention says that it is gone"),
                (twice("gone"), "(gone)"),
                (changed("leaves", 0, flipped(33)), "")):
            taken = Taken(data)
            change(taken)
            forged.write_bytes(taken.data(served))
            status, out = verify(forged)
            assert status == 1 and all(words in out for words in said), (said, out)
        taken = Taken(whole)  # what was whole, cut like the other one, but that nobody signed it
        taken.blocks = [block for block in taken.blocks if block[0].get("first_leaf", leaf) >= leaf]
        forged.write_bytes(taken.data(served))
        status, out = verify(forged)
        assert status == 1 and "deliveries are missing before it, from leaf 0 on" in out, out
        places = random.Random(5).sample(range(len(data) // 2, len(data)), 15)
        for place in places:
            forged.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1:])
            assert verify(forged)[0] == 1, place
        forged.write_bytes(Taken(data).data(served))
        assert verify(forged)[0] == 0


def test_no_note_is_signed_over_what_somebody_else_took_away():
    for sql, at in (("DELETE FROM record_delivery WHERE first_leaf = {}", 4), ("DELETE FROM record_delivery WHERE first_leaf = {}", 0),
                    ("UPDATE record_delivery SET part = 'ffffffff-1' WHERE first_leaf = {}", 5),
                    ("UPDATE record_delivery SET frame = (SELECT frame FROM record_delivery WHERE first_leaf = 1) WHERE first_leaf = {}", -1)):
        with server() as served:
            filled(served, 4)
            where = firsts(served)[at]
            served.rows(sql.format(where))
            age(served, 10**9)
            status, _, err = run(served.top, "retain", "--data", str(served.data), "--before", "30d", program=SERVER)
            assert status == 1 and "is not what the log has" in err, (sql, err)
            assert all(leaf <= where for leaf, in served.rows("SELECT leaf FROM log_retention"))
            if "DELETE" in sql:
                status, out = verify(export(served))
                assert status == 1 and "missing" in out, out


def test_who_dies_on_the_way_leaves_a_log_that_is_whole():
    chosen = random.Random(3)
    with server("--checkpoint-every", "1") as served:
        filled(served, 40, 20, 3)
        leaves, kept = size(served), served.top / "kept"
        kept.write_bytes(run(served.top, "audit", "head", export(served, "first"))[1].encode())
        age(served, leaves - 20)
        late, ends = Agent(served), threading.Event()
        more, statuses = record(served.top, "late", 400, 5)[0], []

        def go_on():
            for start, end in zip([0, *more.cuts], more.cuts):
                if ends.is_set():
                    return
                statuses.append(late.deliver(more, start, end)[0])

        meanwhile = threading.Thread(target=go_on)
        meanwhile.start()
        deaths, before, tries = 0, 0, 0
        while deaths < DEATHS and (not firsts(served) or firsts(served)[0] < leaves - 20):
            done = begin(served)
            while reached(served) == before and done.poll() is None:
                time.sleep(0.001)
            time.sleep(chosen.uniform(0, 0.05))
            done.send_signal(signal.SIGKILL)
            deaths += done.wait(30) == -signal.SIGKILL
            done.communicate()
            gone = reached(served)
            assert firsts(served)[0] == gone >= before, (firsts(served)[0], gone, before)
            before = gone
            for table in ("record_event", "record_asked", "record_note"):
                assert not served.rows(f"SELECT 1 FROM {table} WHERE leaf < {gone}"), table
            tries += 1  # of which some end before they are killed
            path = export(served, f"export{tries}")
            status, out = verify(path, "--checkpoint", kept)
            assert status == 0 and f"({gone} gone)" in out, out
            assert verify(path)[0] == 0
        assert deaths >= 3 and before > 0, (deaths, before)
        retain(served)
        ends.set()
        meanwhile.join()
        assert set(statuses) == {200} and len(statuses) > 3, statuses[-3:]
        assert firsts(served)[0] == leaves - 20
        status, out = verify(export(served), "--checkpoint", kept)
        assert status == 0 and f"({leaves - 20} gone)" in out, out
        actions = [row["action"] for row in manage_json(served, "log")]
        assert "retain" in actions, actions


def test_exports_and_deliveries_go_on_meanwhile():
    with server() as served:
        filled(served, 40, 20, 3)
        age(served, size(served) // 4 * 3)
        going, count = begin(served), 0
        while going.poll() is None or count == 0:
            count += 1
            assert verify(export(served, f"export{count}"))[0] == 0
        assert going.wait() == 0, going.communicate()
        assert verify(export(served))[0] == 0


main(collect(globals()))
