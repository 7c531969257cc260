# SPDX-License-Identifier: MIT
"""What the matrix holds against clients is seen when it does not hold, and the table in doc/clients.md has every row."""
import os
import re
import types

from clients import CLIENTS, Client
from harness import check, equal, main, promise
from matrix import KINDS, compare_facts, compare_lines, same

ROW = Client('a client', 'none', ('true',), (), 'linked')
TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'doc', 'clients.md')
PERSON = '\t1\tAnn\tann@canary.example\t90001\n'
HIDDEN = '\t1\tAnn\t[redacted]\tNone\n'
PLAIN = (''.join(kind + PERSON for kind in ('rows', 'parameter', 'prepared', 'cursor', 'copy')) + 'types\tint\tstr\tstr\n'
         'notify\twire\thello\nerror\t22012\tdivision by zero\nwrite\t1\nrefused\t00000\n')
GUARDED = (PLAIN.replace(PERSON, HIDDEN).replace('hello', '').replace('00000', '42501\tERROR:  chaperone refused this')
           .replace('division by zero', 'not shown'))


def differs(function, *arguments):
    try:
        function(*arguments)
    except AssertionError as error:
        return str(error)
    raise AssertionError(f'nothing was seen in {arguments[-1]!r}')


@promise
def what_holds_passes(_):
    equal(sum(compare_facts(ROW, PLAIN, GUARDED).values()), 10, 'masked cells')
    compare_lines(ROW, 'a\nann@canary.example\n', 'a\n[redacted]\n')


@promise
def what_does_not_hold_is_seen(_):
    for before, after in (
            (HIDDEN, PERSON),  # a leak
            ('\tNone\n', '\t90001\n'),  # of an integer
            ('[redacted]', 'ann@canary.exa'),  # of a part: other tests' canaries are in it
            ('rows\t1', 'rows\t2'), ('\tAnn', '\t[redacted]'), ('rows\t1', 'rows\tNone'),  # unprotected values
            ('types\tint', 'types\tstr'), ('write\t1', 'write\t2'), ('wire', 'another'), ('wire\t', 'wire\thello'),
            ('22012', '42501'), ('42501', '00000'), ('42501\tERROR:  chaperone refused this', '-\tERROR:  no'),
            ('cursor' + HIDDEN, ''), ('write\t1\n', 'write\t1\nwrite\t1\n')):
        check(before in GUARDED, before)
        differs(compare_facts, ROW, PLAIN, GUARDED.replace(before, after))
    differs(compare_lines, ROW, 'a\nb\n', 'a\nc\n')
    differs(compare_lines, ROW, 'a\nb\n', 'a\n')


@promise
def a_program_that_leaves_out_a_kind_is_seen(_):
    for kind in KINDS:
        short = [''.join(line + '\n' for line in text.split('\n')[:-1] if not line.startswith(kind)) for text in (PLAIN, GUARDED)]
        check(kind in differs(compare_facts, ROW, *short), kind)
    unprotected = [text.replace('cursor' + line, 'cursor\t1\n') for text, line in ((PLAIN, PERSON), (GUARDED, HIDDEN))]
    check('no protected value in cursor' in differs(compare_facts, ROW, *unprotected), unprotected)


@promise
def any_difference_where_everything_is_allowed_is_seen(_):
    plain = {'status': 0, 'stdout': 'a', 'stderr': '', 'proof': '', 'sent': [('statement', '00000', 'SELECT 1')]}
    same(ROW, types.SimpleNamespace(**plain), types.SimpleNamespace(**plain))
    for change in ({'status': 1}, {'stdout': 'b'}, {'stderr': 'b'}, {'proof': 'b'}, {'sent': []}, {'sent': plain['sent'] * 2}):
        differs(same, ROW, types.SimpleNamespace(**plain), types.SimpleNamespace(**{**plain, **change}))


@promise
def every_client_has_one_row_in_the_documentation(_):
    with open(TABLE) as file:
        written = re.findall(r'^\| ([^|]+?) \|', file.read(), re.M)[1:]
    equal(written, [row.name for row in CLIENTS], 'the clients in doc/clients.md (dev/clients writes it)')


main(with_cluster=False)
