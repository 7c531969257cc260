# SPDX-License-Identifier: MIT
"""Replays statements.json: ways to see a protected value, of which none may show one."""
import json
import re
import sys
import time

from support import CALLS, HERE, PYTHON, Stepper, cluster, run

# The canaries of setup.sql, in the forms in which a server can be made to print them.
CANARIES = re.compile(
    r'123-45-6789|987-65-4321|alice@canary|bob@canary|ALICE@CANARY|BOB@CANARY|(?<!\d)90210|(?<!\d)80808|9876-54-321|'
    r'elpmaxe\.yranac|3132332d34352d36373839|MTIzLTQ1LTY3ODk|616c6963654063616e617279|YWxpY2VAY2FuYXJ5|00016062|00013ba8')
PROGRAMS = {'calls': [CALLS], 'py': [PYTHON, str(HERE / 'py_calls.py')]}


class Lab:
    """The programs that take the steps, kept over rows; a database that is like new for each row that may write."""

    def __init__(self, server, is_governed):
        self.server, self.is_governed = server, is_governed
        self.steppers = {}
        self.bystander = Stepper(server, [CALLS], None)
        self.bystander.step('connect', 'postgres', 'postgres')

    def policy(self, row):
        return HERE / f'policy-{row["policy"]}.yaml' if self.is_governed else None

    def program(self, row):
        key = row['policy'], row['client']
        if key not in self.steppers:
            self.steppers[key] = Stepper(self.server, PROGRAMS[row['client']], self.policy(row))
        return self.steppers[key]

    def renew(self):
        self.bystander.step('connect', 'postgres', 'postgres')
        for sql in ('DROP DATABASE lab WITH (FORCE)', 'CREATE DATABASE lab TEMPLATE seed STRATEGY file_copy',
                    'GRANT CREATE ON DATABASE lab TO agent'):
            said = self.bystander.step('exec', sql)
            assert 'COMMAND_OK' in said, said

    def bystand(self, words):
        self.bystander.step('connect', 'lab', 'postgres')
        said = self.bystander.step('exec', *words)
        assert 'FATAL_ERROR' not in said, said

    def take(self, row):
        """All that the row's program sees."""
        if row['client'] == 'psql':
            status, out, err = run(self.server, ['psql', '-X', '-U', row['user'], '-f', '-'], self.policy(row),
                                   '\n'.join(line for _, line in row['steps']) + '\n')
            return out + err
        program = self.program(row)
        seen = program.step('connect', 'lab', row['user'])
        for step in row['steps']:
            if step[0] == 'bystander':
                self.bystand(step[1:])
            elif step[0] == 'wait':
                time.sleep(float(step[1]))
            else:
                seen += program.step(*step)
        program.step('connect', 'postgres', row['user'])
        return seen

    def end(self):
        for stepper in [*self.steppers.values(), self.bystander]:
            stepper.end()


def complete(row):
    return {'policy': 'read', 'client': 'calls', 'user': 'agent', **row}


def may_write(row):
    return row['policy'] == 'writes' or any(step[0] == 'bystander' for step in row['steps'])


def verdict(row, seen):
    """What is wrong with what a row's program saw, or None."""
    shown = re.search(row['leaked_if'], seen) if 'leaked_if' in row else CANARIES.search(seen)
    if row.get('expect') == 'shown':
        return None if re.search(row['must'], seen) else 'does not get what it may see'
    if shown:
        return f'sees {shown.group(0)!r}'
    if 'the program ended' in seen:
        return 'ended its program'
    return None


def main():
    chosen = [word for word in sys.argv[1:] if not word.startswith('-')]
    is_governed, is_loud = '--direct' not in sys.argv, '-v' in sys.argv
    rows = [complete(row) for row in json.loads((HERE / 'statements.json').read_text())]
    failed = 0
    with cluster() as server:
        lab = Lab(server, is_governed)
        is_changed = False
        for row in rows:
            if chosen and row['id'] not in chosen:
                continue
            if is_changed:
                lab.renew()
            is_changed = may_write(row)
            try:
                seen = lab.take(row)
                wrong = verdict(row, seen)
            except Exception as error:
                seen, wrong = '', f'broke: {error!r}'
            if 'waits_for' in row and is_governed:
                print(f'open {row["id"]}: {wrong or "holds now"}: {row["waits_for"]}')
                continue
            if not is_governed and row.get('expect') != 'shown':
                wrong = None if wrong or row.get('is_hidden_anyway') else 'shows nothing without the shim'
            failed += bool(wrong)
            if wrong or is_loud:
                print(f'{"FAIL" if wrong else "ok  "} {row["id"]}: {wrong}' + (f'\n{seen}' if is_loud else ''), flush=True)
        lab.end()
        try:
            counted = server.settle() if is_governed else 0
        except AssertionError as error:
            counted, failed = 0, failed + 1
            print('FAIL the count:', error)
    print(f'{len(rows)} rows, {counted} statements on record, {failed} failed')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
