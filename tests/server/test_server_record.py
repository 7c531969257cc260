# SPDX-License-Identifier: MIT
# What agents deliver of their records is stored once, in order and unchanged, or not at all.
import struct
import threading

from recorded import Agent, Part, pack, record
from served import SERVER, server
from support import collect, main, run


def rows(served, query, *values):
    return served.rows(query, *values)


def count(served, table):
    return rows(served, f"SELECT count(*) FROM {table}")[0][0]


def test_a_record_is_delivered_in_order():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 20, 50)
        assert agent.ask("GET", f"/v1/record/{part.name}") == (200, {"acked": 0, "head": ""})
        start = 0
        for end in (part.cuts[0], part.cuts[1], part.cuts[7], part.cuts[-1]):
            status, told = agent.deliver(part, start, end)
            assert (status, told) == (200, {"acked": end, "head": part.head(end)}), told
            assert agent.position(part) == end
            start = end
        assert count(served, "record_event") == 1000
        assert rows(served, "SELECT size FROM log_tree") == [(len(part.cuts),)]


def test_statements_can_be_searched():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 4, 100)
        for start, end in zip([0, *part.cuts], part.cuts):
            assert agent.deliver(part, start, end)[0] == 200
        found = rows(served, """
            SELECT person, os_user, program, database, host, run, shape, verdict, rules, effects, status, rows_count
            FROM record_event e JOIN record_subject s ON s.source = e.source AND s.kind = 5 AND s.number = e.connection
            JOIN record_judgement j ON j.source = e.source AND j.number = e.judgement ORDER BY sequence""")
        assert len(found) == 400
        assert found[7] == ("anna", "deploy", "/usr/bin/psql", "shop", "db-client", "r-1",
                            "select email from t7 where id = $1", "deny", "shop/agents-read", "select public.t7", 0, 1)
        assert [row[-1] for row in found].count(2) == 6  # whose outcomes came later
        assert all(row[-2] == 0 for row in found)


def test_a_gap_is_told():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 5, 5)
        status, told = agent.deliver(part, part.cuts[1])
        assert status == 409 and (told["expect"], told["head"], told["reason"]) == (0, "", "gap"), told
        assert agent.deliver(part, 0, part.cuts[1])[0] == 200
        status, told = agent.deliver(part, part.cuts[2])
        assert status == 409 and (told["expect"], told["head"]) == (part.cuts[1], part.head(part.cuts[1])), told
        assert count(served, "record_alarm") == 0
        assert agent.deliver(part, told["expect"])[0] == 200


def test_sending_twice_stores_once():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 12, 20)
        cuts = [0, *part.cuts]
        for start, end in zip(cuts, cuts[1:]):
            answers = []
            both = [threading.Thread(target=lambda: answers.append(agent.deliver(part, start, end))) for _ in range(2)]
            for thread in both:
                thread.start()
            for thread in both:
                thread.join()
            assert answers == [(200, {"acked": end, "head": part.head(end)})] * 2, answers
        for start, end in ((0, None), (part.cuts[3], part.cuts[5]), (part.cuts[2], None), (17, part.cuts[4] - 3)):
            status, told = agent.deliver(part, start, end)
            assert (status, told["acked"]) == (200, len(part.data)), told
        assert count(served, "record_event") == 240 and count(served, "record_delivery") == len(part.cuts)
        assert rows(served, "SELECT size FROM log_tree") == [(len(part.cuts),)]
        assert count(served, "record_alarm") == 0


def test_what_reaches_beyond_what_is_there_goes_on_from_there():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 6, 10)
        assert agent.deliver(part, 0, part.cuts[2])[0] == 200
        assert agent.deliver(part) == (200, {"acked": part.cuts[2], "head": part.head(part.cuts[2])})
        assert agent.deliver(part, part.cuts[2])[1]["acked"] == len(part.data)
        assert count(served, "record_event") == 60


def test_a_fork_is_refused_and_remembered():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 6, 10)
        assert agent.deliver(part, 0, part.cuts[3])[0] == 200
        forged = bytearray(part.data)
        forged[part.cuts[2] - 40] ^= 1
        for start in (0, part.cuts[1]):
            status, told = agent.send(part.name, start, pack(bytes(forged[start:])))
            assert status == 409 and told["reason"] == "fork" and told["expect"] == part.cuts[3], told
        found = rows(served, "SELECT agent, kind, part, place, times FROM record_alarm")
        assert found == [(agent.name, "fork", part.name, part.cuts[2] - 40, 2)], found
        forged = bytearray(part.data)
        forged[part.cuts[4] - 1] ^= 1
        status, told = agent.send(part.name, part.cuts[3], pack(bytes(forged[part.cuts[3]:])))
        assert status == 409 and told["reason"] == "fork", told
        status, out, _ = run(served.top, "check", "--data", str(served.data), program=SERVER)
        assert status == 1 and f"fork of agent {agent.name}: part {part.name}" in out, out
        assert agent.deliver(part, part.cuts[3])[0] == 200


def test_another_past_is_a_fork_though_its_hashes_fit():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 6, 10)
        forged = part.forged(part.cuts[1] + 30)
        assert agent.deliver(part, 0, part.cuts[3])[0] == 200
        for start in (0, part.cuts[1], part.cuts[2], part.cuts[3]):
            status, told = agent.deliver(forged, start)
            assert status == 409 and told["reason"] == "fork" and told["expect"] == part.cuts[3], told
        assert rows(served, "SELECT times FROM record_alarm") == [(4,)]
        assert agent.deliver(part, part.cuts[3])[0] == 200


def test_no_bit_can_turn():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 3, 4)
        before = count(served, "record_event")
        # header: magic, version, part, boot, number, hash; batch: magic, length, count, body, hash
        places = [0, 8, 12, 16, 24, 40, part.cuts[0] - 1]
        places += [part.cuts[1] + at for at in (0, 4, 6, 8, 11, 12, 20, 40)] + [part.cuts[2] - 33, part.cuts[2] - 1]
        for place in places:
            forged = bytearray(part.data)
            forged[place] ^= 0x10
            status, told = agent.send(part.name, 0, pack(bytes(forged)))
            assert status == 400, (place, status, told)
        assert count(served, "record_event") == before and count(served, "record_part") == 0
        assert rows(served, "SELECT kind, times FROM record_alarm") == [("damage", len(places))]
        assert served.is_alive() and agent.deliver(part)[0] == 200


def test_no_frame_can_be_cut():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 3, 40)
        frame = pack(part.data)
        for cut in (0, 1, 4, 9, len(frame) // 2, len(frame) - 1):
            assert agent.send(part.name, 0, frame[:cut])[0] == 400, cut
        for more in (frame + b"\0", frame + frame, b"x" + frame, part.data, pack(b""), pack(part.data[:-5])):
            assert agent.send(part.name, 0, more)[0] == 400
        assert agent.position(part) == 0 and agent.deliver(part)[0] == 200


def resident_kib(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def test_a_bomb_costs_little():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 1, 1)
        assert agent.deliver(part)[0] == 200
        batch = struct.pack("<4sII", b"BTC1", 1 << 20, 1)
        before = resident_kib(served.process)
        for bomb, answer in ((b"\0" * (1 << 29), 409), (part.data + batch + b"\0" * (1 << 29), 200)):
            frame = pack(bomb)
            assert len(frame) < 100_000
            assert (told := agent.send(part.name, 0, frame))[0] == answer, told
            assert (told := agent.send(part.name, len(part.data), frame))[0] == 400, told
            assert agent.send("01930c7e-1", 0, frame)[0] == 400
        assert resident_kib(served.process) - before < 40_000, (before, resident_kib(served.process))
        assert agent.position(part) == len(part.data)
        assert agent.send(part.name, 0, b"x" * ((8 << 20) + 1))[0] == 413
        assert served.is_alive()


def test_a_part_has_one_name():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 1, 1)
        boot = part.name.partition("-")[0]
        for name in ("", "-", "1", boot, boot + "-", boot + "-0", boot + "-01", boot + "-+1", boot.upper() + "x-1", "0" * 8 + "-1",
                     boot + "-4294967296", boot[:7] + "-1", "0" + boot + "-1", boot + "-1-1", "../" + boot + "-1"):
            assert agent.send(name, 0, pack(part.data))[0] == 400, name
        for name in (boot + "-2", "7" + boot[1:] + "-1" if boot[0] != "7" else "8" + boot[1:] + "-1"):
            assert agent.send(name, 0, pack(part.data))[0] == 400, name
        for offset in ("", "-1", "01", "1.0", "0x0", "99999999999999999999", "9223372036854775808"):
            assert agent.send(part.name, offset, pack(part.data))[0] == 400, offset
        for encoding in ("gzip", "identity", "zstd, zstd", ""):
            assert agent.send(part.name, 0, pack(part.data), encoding)[0] == 415, encoding
        assert agent.ask("GET", "/v1/record/x")[0] == 400
        assert agent.deliver(part)[0] == 200


def test_parts_of_a_boot_follow_each_other():
    with server() as served:
        agent, parts = Agent(served), record(served.top, "record", 40, 20, 8192)
        assert len(parts) > 2
        parts = record(served.top, "record", 5, 5)  # and another boot
        for part in parts:
            assert agent.deliver(part)[0] == 200
        assert count(served, "record_event") == 825 and count(served, "record_part") == len(parts)


def test_agents_do_not_meet():
    with server() as served:
        first, second = Agent(served), Agent(served)
        (part,) = record(served.top, "record", 2, 10)
        for agent in (first, second):
            assert agent.position(part) == 0 and agent.deliver(part)[0] == 200
        assert count(served, "record_event") == 40 and count(served, "record_alarm") == 0


def test_who_is_revoked_delivers_no_more():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 4, 10)
        assert agent.deliver(part, 0, part.cuts[1])[0] == 200
        assert run(served.top, "agent", "revoke", "--data", str(served.data), agent.name, program=SERVER)[0] == 0
        assert agent.deliver(part, part.cuts[1])[0] == 401 and agent.ask("GET", f"/v1/record/{part.name}")[0] == 401
        assert served.ask("POST", "/v1/record", body=pack(part.data))[0] == 401
        assert rows(served, "SELECT next FROM record_part") == [(part.cuts[1],)]


main(collect(globals()))
