# SPDX-License-Identifier: MIT
"""Programs that are started with the shim alone get an agent of their own, or are refused with the reason."""
import glob
import os
import shutil
import signal
import subprocess
import time
import unittest

from support import BUILD, CHAPERONE, CLIENT, DROP, POLICY, SELECT, SHIM, Case, wait_until


def agents_below(folder):
    """Ids of the agents whose socket is in the folder."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if b"--own" in words and any(word.startswith(folder.encode()) for word in words):
            found.append(int(path.split("/")[2]))
    return found


class OwnAgent(Case):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.end_agents)

    def end_agents(self):
        for pid in agents_below(self.folder):
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not agents_below(self.folder))

    def with_policy(self):
        self.environment["CHAPERONE_POLICY"] = self.write(POLICY, "policy.yaml")

    def test_a_program_without_run_is_governed(self):
        self.with_policy()
        sent = self.sent(SELECT, DROP)
        self.assertEqual(sent[0], SELECT)
        self.assertIn("Rule no-drop of policy tried", sent[1])

    def test_without_a_policy_the_refusal_says_so(self):
        sent = self.sent(SELECT)
        self.assertIn("RAISE EXCEPTION", sent[0])
        self.assertIn("no policy", sent[0])
        self.assertIn("chaperone init", sent[0])

    def test_a_policy_that_is_wrong_is_named_with_its_place(self):
        self.environment["CHAPERONE_POLICY"] = self.write("version: 1\nname: 'it''s $wrong\\\n", "policy.yaml")
        sent = self.sent(SELECT)
        self.assertIn("policy.yaml:", sent[0])
        self.assertNotIn("\\", sent[0])
        self.assertEqual(sent[0].count("$chaperone$"), 2)

    def test_a_reason_that_has_gone_is_not_repeated(self):
        policy = self.path("policy.yaml")
        self.environment["CHAPERONE_POLICY"] = policy
        program = subprocess.Popen([CLIENT, SELECT, "@2500", SELECT], stdout=subprocess.PIPE, text=True,
                                   env=dict(self.environment, LD_PRELOAD=SHIM), cwd=self.folder)
        self.assertIn("RAISE EXCEPTION", program.stdout.readline())
        self.write(POLICY, "policy.yaml")
        self.assertEqual(program.stdout.readline().strip(), SELECT)
        program.wait()
        program.stdout.close()
        self.account([SELECT])

    def test_the_next_program_finds_the_same_agent(self):
        self.with_policy()
        self.sent(SELECT)
        first = agents_below(self.folder)
        self.sent(SELECT)
        self.assertEqual(len(first), 1)
        self.assertEqual(agents_below(self.folder), first)

    def test_programs_that_start_together_share_one_agent(self):
        self.with_policy()
        programs = [subprocess.Popen([CLIENT, SELECT], stdout=subprocess.PIPE, text=True, cwd=self.folder,
                                     env=dict(self.environment, LD_PRELOAD=SHIM)) for _ in range(8)]
        self.assertEqual([program.communicate()[0].strip() for program in programs], [SELECT] * 8)
        self.account([SELECT] * 8)
        self.assertTrue(wait_until(lambda: len(agents_below(self.folder)) == 1))

    def test_a_changed_policy_counts_for_the_next_program(self):
        self.with_policy()
        self.assertIn("no-drop", self.sent(DROP)[0])
        self.write(POLICY.replace("then: deny", "then: allow"), "policy.yaml")
        self.assertEqual(self.sent(DROP), [DROP])

    def test_another_choice_of_policy_is_another_agent(self):
        self.with_policy()
        other = self.write(POLICY.replace("no-drop", "other-rule"), "other.yaml")
        self.assertIn("no-drop", self.sent(DROP)[0])
        self.assertIn("other-rule", self.sent(DROP, CHAPERONE_POLICY=other)[0])
        self.assertEqual(len(agents_below(self.folder)), 2)

    def test_an_agent_that_was_killed_is_replaced(self):
        self.with_policy()
        self.sent(SELECT)
        os.kill(agents_below(self.folder)[0], signal.SIGKILL)
        self.assertTrue(wait_until(lambda: not agents_below(self.folder)))
        self.assertEqual(self.sent(SELECT), [SELECT])

    def test_the_agent_keeps_nothing_of_the_program(self):
        self.with_policy()
        reads, writes = os.pipe()
        program = subprocess.Popen([CLIENT, SELECT], stdout=subprocess.DEVNULL, pass_fds=[writes], cwd=self.folder,
                                   env=dict(self.environment, LD_PRELOAD=SHIM))
        program.wait()
        os.close(writes)
        self.assertEqual(os.read(reads, 1), b"")  # nobody holds the other end
        os.close(reads)
        pid, = agents_below(self.folder)
        self.assertEqual(os.getsid(pid), pid)
        with open(f"/proc/{pid}/environ", "rb") as file:
            self.assertNotIn(b"LD_PRELOAD", file.read())
        self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")

    def test_it_ends_when_it_has_been_idle(self):
        self.with_policy()
        socket = self.path("idle", "agent.socket")
        self.run_plain(CHAPERONE, "agent", "--own", "--socket", socket, "--idle", "1")
        self.assertTrue(wait_until(lambda: os.path.exists(socket)))
        self.assertEqual(self.sent(SELECT, "@1500", DROP, CHAPERONE_SOCKET=socket)[0], SELECT)
        self.assertTrue(wait_until(lambda: not os.path.exists(socket)))
        self.assertTrue(wait_until(lambda: not agents_below(self.folder)))

    def test_a_shim_without_its_program_says_so(self):
        self.with_policy()
        alone = shutil.copy(SHIM, self.path("libchaperone.so"))
        self.assertIn("not beside", self.sent(SELECT, shim=alone)[0])

    def test_without_a_home_there_is_no_shared_folder_instead(self):
        self.with_policy()
        self.assertIn("HOME", self.sent(SELECT, HOME="")[0])

    def test_a_folder_that_others_may_enter_is_not_used(self):
        self.with_policy()
        self.sent(SELECT)
        self.end_agents()
        own, = glob.glob(self.path(".local/state/chaperone/own-*"))
        os.chmod(own, 0o755)
        self.assertIn("RAISE EXCEPTION", self.sent(SELECT)[0])

    def test_a_link_in_place_of_its_folder_is_not_followed(self):
        self.with_policy()
        self.sent(SELECT)
        self.end_agents()
        own, = glob.glob(self.path(".local/state/chaperone/own-*"))
        shutil.rmtree(own)
        os.mkdir(self.path("elsewhere"), 0o700)
        os.symlink(self.path("elsewhere"), own)
        self.assertIn("RAISE EXCEPTION", self.sent(SELECT)[0])
        self.assertEqual(os.listdir(self.path("elsewhere")), [])

    def test_a_record_that_cannot_be_kept_is_a_reason(self):
        self.with_policy()
        self.write("", "file")
        started = time.monotonic()
        self.assertIn("file", self.sent(SELECT, CHAPERONE_RECORD=self.path("file", "record"))[0])
        self.assertLess(time.monotonic() - started, 2)


if __name__ == "__main__":
    assert BUILD
    unittest.main()
