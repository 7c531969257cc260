# SPDX-License-Identifier: MIT
"""`chaperone agent` as a service: who may connect, where it listens, what only root decides."""
import os
import shutil
import signal
import stat
import subprocess
import unittest

from support import CHAPERONE, CLIENT, DROP, POLICY, SELECT, SHIM, Case

AS_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")


def has_namespaces():
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], check=False,
                                                capture_output=True).returncode == 0


class AgentService(Case):
    def setUp(self):
        super().setUp()
        self.policy = self.write(POLICY, "policy.yaml")
        self.socket = self.path("service", "agent.socket")
        self.record = self.path("record")

    def command(self, **options):
        given = {"socket": self.socket, "policy": self.policy, "record": self.record, **options}
        return [CHAPERONE, "agent"] + [word for key, value in given.items() for word in (f"--{key}", value)]

    def start(self, prefix=(), more=(), **options):
        ready, writes = os.pipe()
        agent = subprocess.Popen([*prefix, *self.command(**options), *more, "--ready-fd", str(writes)],
                                 pass_fds=[writes], env=self.environment, cwd=self.folder)
        os.close(writes)
        self.addCleanup(self.end, agent)
        self.assertEqual(os.read(ready, 1), b"r")
        os.close(ready)
        return agent

    def end(self, agent):
        agent.send_signal(signal.SIGTERM)
        return agent.wait(timeout=10)

    def fails(self, **options):
        result = self.run_plain(*self.command(**options))
        self.assertEqual(result.returncode, 125, result.stderr)
        return result.stderr

    def test_governs_who_connects(self):
        self.start()
        sent = self.sent(SELECT, DROP, CHAPERONE_SOCKET=self.socket)
        self.assertEqual(sent[0], SELECT)
        self.assertIn("no-drop", sent[1])

    def test_sigterm_ends_it_in_order(self):
        agent = self.start()
        self.sent(SELECT, CHAPERONE_SOCKET=self.socket)
        self.assertEqual(self.end(agent), 0)
        self.assertFalse(os.path.exists(self.socket))
        result = self.run_plain(CHAPERONE, "doctor", "--record", self.record, "--policy", self.policy)
        self.assertIn("2 statements", result.stdout)  # the catalogue's query is one

    def test_trial_enforces_nothing(self):
        self.start(more=("--trial",))
        self.assertEqual(self.sent(DROP, CHAPERONE_SOCKET=self.socket), [DROP])

    def test_the_next_agent_serves_programs_that_still_run(self):
        agent = self.start()
        program = subprocess.Popen([CLIENT, SELECT, "@1500", SELECT + "1"], stdout=subprocess.PIPE, text=True,
                                   env=dict(self.environment, LD_PRELOAD=SHIM, CHAPERONE_SOCKET=self.socket))
        self.assertEqual(program.stdout.readline().strip(), SELECT)
        self.end(agent)
        self.start()
        self.assertEqual(program.communicate()[0].strip(), SELECT + "1")
        self.account([SELECT, SELECT + "1"])

    def test_anybody_may_connect_and_nobody_else_can_write_its_folder(self):
        self.start()
        self.assertEqual(stat.S_IMODE(os.stat(self.socket).st_mode), 0o666)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(self.socket)).st_mode), 0o755)

    @unittest.skipUnless(os.geteuid() == 0, "needs another user")
    def test_a_program_of_another_user_is_governed(self):
        os.chmod(self.folder, 0o755)
        self.start()
        sent = self.sent(SELECT, DROP, prefix=AS_NOBODY, CHAPERONE_SOCKET=self.socket)
        self.assertEqual(sent[0], SELECT)
        self.assertIn("no-drop", sent[1])

    @unittest.skipUnless(os.geteuid() == 0, "needs another user")
    def test_a_socket_of_another_user_is_no_agent(self):
        os.chmod(self.folder, 0o777)
        policy = self.write(POLICY, "others", "policy.yaml")
        for path in (self.path("others"), policy):
            shutil.chown(path, "nobody", "nogroup")
        self.start(prefix=AS_NOBODY, policy=policy, socket=self.path("others", "agent.socket"),
                   record=self.path("others", "record"))
        sent = self.sent(SELECT, CHAPERONE_SOCKET=self.path("others", "agent.socket"))
        self.assertIn("RAISE EXCEPTION", sent[0])

    @unittest.skipUnless(has_namespaces(), "needs root and mount namespaces")
    def test_an_agent_of_a_services_user_counts_when_root_names_it(self):
        os.chmod(self.folder, 0o777)
        policy = self.write(POLICY, "others", "policy.yaml")
        for path in (self.path("others"), policy):
            shutil.chown(path, "nobody", "nogroup")
        socket = self.path("others", "agent.socket")
        self.start(prefix=AS_NOBODY, policy=policy, socket=socket, record=self.path("others", "record"))
        prefix = self.in_namespace({"agent.conf": f"socket={socket}\n"})
        self.assertEqual(self.sent(SELECT, prefix=prefix), [SELECT])

    def test_one_place_has_one_agent(self):
        self.start()
        self.assertIn("another agent", self.fails())

    def test_a_folder_that_others_may_write_is_refused(self):
        os.mkdir(self.path("service"))
        os.chmod(self.path("service"), 0o777)
        self.assertIn("nobody else may write", self.fails())

    def test_a_policy_that_is_wrong_starts_nothing(self):
        policy = self.write("version: 1\nname: x\nrules: 7\n", "bad.yaml")
        self.assertIn("bad.yaml:3:", self.fails(policy=policy))
        self.assertFalse(os.path.exists(self.socket))

    def test_a_relative_socket_is_refused(self):
        self.assertIn("absolute", self.fails(socket="agent.socket"))

    def test_without_a_socket_it_was_asked_wrongly(self):
        self.assertEqual(self.run_plain(CHAPERONE, "agent").returncode, 2)

    def in_namespace(self, configuration, mode=0o644):
        """A prefix under which /etc/chaperone has these files."""
        for name in ("passwd", "group", "nsswitch.conf", "ld.so.cache"):
            if os.path.exists(f"/etc/{name}"):
                os.makedirs(self.path("etc"), exist_ok=True)
                shutil.copy(f"/etc/{name}", self.path("etc", name))
        for name, text in configuration.items():
            self.write(text, "etc", "chaperone", name, mode=mode)
        return ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', self.path("etc"))

    @unittest.skipUnless(has_namespaces(), "needs root and mount namespaces")
    def test_roots_configuration_counts_before_the_environment(self):
        self.start()
        prefix = self.in_namespace({"agent.conf": f"# here\nsocket={self.socket}\n"})
        sent = self.sent(SELECT, prefix=prefix, CHAPERONE_SOCKET=self.path("none.socket"))
        self.assertEqual(sent, [SELECT])
        doctor = self.run_plain(*prefix, CHAPERONE, "doctor", "--policy", self.policy)
        self.assertIn(f"an agent answers at {self.socket} (/etc/chaperone/agent.conf)", doctor.stdout)

    @unittest.skipUnless(has_namespaces(), "needs root and mount namespaces")
    def test_a_configuration_that_others_may_write_is_not_passed_over(self):
        self.start()
        prefix = self.in_namespace({"agent.conf": f"socket={self.socket}\n"}, mode=0o666)
        sent = self.sent(SELECT, prefix=prefix, CHAPERONE_SOCKET=self.socket)
        self.assertIn("agent.conf cannot be used", sent[0])
        doctor = self.run_plain(*prefix, CHAPERONE, "doctor", "--policy", self.policy)
        self.assertIn("agent.conf must be a file of root's", doctor.stdout)

    @unittest.skipUnless(has_namespaces(), "needs root and mount namespaces")
    def test_the_kill_switch_is_roots_and_enforces_nothing(self):
        self.start(prefix=self.in_namespace({"off": ""}))
        self.assertEqual(self.sent(DROP, CHAPERONE_SOCKET=self.socket), [DROP])


if __name__ == "__main__":
    unittest.main()
