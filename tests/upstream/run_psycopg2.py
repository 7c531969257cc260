# SPDX-License-Identifier: MIT
"""Runs modules of psycopg2's own tests (all without arguments) from the current folder and prints how each test ended."""
import os
import sys
import unittest

sys.path.insert(0, os.getcwd())


class Results(unittest.TestResult):
    def stopTest(self, test):
        super().stopTest(test)
        ended = [name for name in ('errors', 'failures', 'skipped', 'expectedFailures')
                 if any(found is test or found.id().startswith(test.id() + ' ') for found, _ in getattr(self, name))]
        print(f'{test.id()}\t{" ".join(ended) or "ok"}', flush=True)
        for kind in (self.errors, self.failures):
            for found, text in kind:
                if found is test:
                    print(text, file=sys.stderr)


def names(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from names(test)
        else:
            yield test


import tests  # noqa: E402  (the suite's own package, in the current folder)

chosen = sys.argv[1:] or [name for name in dir(tests) if name.startswith('test_') and name != 'test_suite']
whole = unittest.TestSuite(getattr(tests, name).test_suite() for name in chosen)
result = Results()
unittest.TestSuite(names(whole)).run(result)
sys.exit(0 if result.wasSuccessful() else 1)
