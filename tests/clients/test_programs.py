# SPDX-License-Identifier: MIT
"""What a governed program starts is governed, whatever became of its environment; what cannot be is refused or named."""
import os
import re
import shutil
import subprocess

from harness import (ALLOW_EVERYTHING, CHAPERONE, PYTHON, SHIM, accounted, check, equal, main, notes, program, promise, run, verified)
from shop import POLICY, SCHEMA

STARTS, SPAWNS = program('starts'), program('spawns')
WAYS = ('execve', 'execv', 'execvp', 'execvpe', 'execl', 'execlp', 'execle', 'fexecve', 'execveat', 'execveat-empty', 'posix_spawn',
        'posix_spawnp', 'vfork', 'system', 'popen')
KEPT = 'PGHOST,PGPORT,PGUSER,PGDATABASE,HOME'
PSQL = '/usr/lib/postgresql/15/bin/psql'
OURS = {'LD_PRELOAD', 'CHAPERONE_SOCKET', 'CHAPERONE_PEER', 'CHAPERONE_RUN'}
READ = ['-XAtc', 'SELECT email FROM customers WHERE id = 1']


def starts(cluster, way, *arguments, count=0, keep='', policy=ALLOW_EVERYTHING, **options):
    return run(cluster, [STARTS, way, str(count), *arguments], policy, environment={'KEEP': keep}, **options)


def variables(outcome):
    check(outcome.status == 0, outcome)
    return dict(line.split('=', 1) for line in outcome.stdout.decode().splitlines())


@promise
def every_way_to_start_psql_governs_it(cluster):
    for way in WAYS:
        since = cluster.mark()
        outcome = starts(cluster, way, PSQL, *READ, keep=KEPT, policy=POLICY)
        equal((outcome.status, outcome.stdout, outcome.stderr), (0, b'[redacted]\n', b''), way)
        accounted(cluster, since, outcome.record)


@promise
def interpreters_and_shells_start_governed_programs(cluster):
    keep = [f'{name}={cluster.environment[name]}' for name in KEPT.split(',')]
    words = "'" + "', '".join([PSQL, *READ]) + "'"
    for command in (
            ['env', '-i', *keep, 'psql', *READ],
            ['env', '-u', 'LD_PRELOAD', '-u', 'CHAPERONE_SOCKET', 'psql', *READ],
            ['sh', '-c', f'exec env -i {" ".join(keep)} {PSQL} -XAtc "{READ[1]}"'],
            ['sh', '-c', f'unset LD_PRELOAD CHAPERONE_SOCKET; {PSQL} -XAtc "{READ[1]}"; true'],
            ['bash', '-c', f'LD_PRELOAD= CHAPERONE_PEER=1 {PSQL} -XAtc "{READ[1]}"; true'],
            ['perl', '-e', f'delete $ENV{{$_}} for qw(LD_PRELOAD CHAPERONE_SOCKET CHAPERONE_RUN CHAPERONE_PEER); exec({words})'],
            ['perl', '-e', f'delete $ENV{{LD_PRELOAD}}; system({words})'],
            ['perl', '-e', f'delete $ENV{{LD_PRELOAD}}; print `{PSQL} -XAtc "{READ[1]}"`'],
            [PYTHON, '-c', 'import os, subprocess; e = {k: v for k, v in os.environ.items() if k.startswith("PG")}; '
             f'subprocess.run([{words}], env=e)'],
            [PYTHON, '-c', 'import os; e = {k: v for k, v in os.environ.items() if k.startswith("PG")}; '
             f'os.waitpid(os.posix_spawn("{PSQL}", [{words}], e), 0)'],
            [PYTHON, '-c', f'import os; del os.environ["LD_PRELOAD"]; os.execlp("psql", {words})'],
            [PYTHON, '-c', f'import os; del os.environ["LD_PRELOAD"]; os.system("psql -XAtc \'{READ[1]}\'")'],
            [PYTHON, '-c', f'import os; os.environ.clear(); os.system("env {" ".join(keep)} sh -c \'unset LD_PRELOAD; {PSQL} -XAtc \\"{READ[1]}\\"\'")']):
        since = cluster.mark()
        outcome = run(cluster, command, POLICY)
        equal((outcome.stdout, outcome.stderr), (b'[redacted]\n', b''), f'{command}')
        accounted(cluster, since, outcome.record)


@promise
def a_child_gets_what_was_there_at_start_and_nothing_else(cluster):
    for way in WAYS:
        shell = {'PWD'} if way in ('system', 'popen') else {'PWD', 'SHLVL', '_'} if way == 'execle' else set()
        found = variables(starts(cluster, way, '/usr/bin/env', count=3))
        equal(set(found) - shell, OURS | {'V0', 'V1', 'V2'}, way)
        equal(found['LD_PRELOAD'], SHIM, way)
    found = variables(starts(cluster, 'posix_spawn-null', '/usr/bin/env'))
    equal(set(found), OURS, 'no environment at all')


@promise
def what_the_program_preloads_itself_stays_in_its_order(cluster):
    for given, expected in (('/a.so:/b.so', f'{SHIM}:/a.so:/b.so'), (f'/a.so:{SHIM}:/b.so', f'/a.so:{SHIM}:/b.so'),
                            (f'/a.so {SHIM}', f'/a.so {SHIM}'), ('', SHIM), (f'{SHIM}x', f'{SHIM}:{SHIM}x')):
        script = f'import os; os.execve("/usr/bin/env", ["env"], {{"A": "1", "LD_PRELOAD": "{given}", "B": "2"}})'
        outcome = run(cluster, [PYTHON, '-c', script], ALLOW_EVERYTHING)
        lines = outcome.stdout.decode().splitlines()
        equal(lines[:3], ['A=1', f'LD_PRELOAD={expected}', 'B=2'], given)
    script = 'import os; os.execve("/usr/bin/env", ["env"], dict(os.environ, CHAPERONE_SOCKET="/mine", CHAPERONE_RUN="x", CHAPERONE_DATABASES="1"))'
    found = variables(run(cluster, [PYTHON, '-c', script], ALLOW_EVERYTHING))
    check(found['CHAPERONE_SOCKET'] != '/mine' and found['CHAPERONE_RUN'] != 'x' and 'CHAPERONE_DATABASES' not in found, found)


@promise
def an_untouched_environment_is_passed_on_as_it_is(cluster):
    """Also when it is larger than what could be repaired, and in its order, repetitions included."""
    script = 'import os; e = {f"V{i}": "x" * 20 for i in range(6000)}; os.execve("/usr/bin/env", ["env"], {**e, **os.environ})'
    plain = variables(run(cluster, [PYTHON, '-c', script]))
    found = variables(run(cluster, [PYTHON, '-c', script], ALLOW_EVERYTHING))
    equal({name: value for name, value in found.items() if name not in OURS}, plain, 'the variables')


@promise
def a_cleared_environment_that_is_too_large_starts_nothing(cluster):
    for way in WAYS:
        found = variables(starts(cluster, way, '/usr/bin/env', count=4096))
        check(found['LD_PRELOAD'] == SHIM and found['V4095'] == '4095', f'{way}: {len(found)} variables')
        outcome = starts(cluster, way, '/usr/bin/env', count=4097)
        equal((outcome.status, outcome.stdout.splitlines()[-1]), (1, b'errno 7 Argument list too long'), way)
        check(b'V0' not in outcome.stdout, f'{way}: {outcome}')


@promise
def without_the_shim_nothing_differs(cluster):
    """errno and status of what cannot be started, the text of what can."""
    plain_file = cluster.write('no-program', 'text')
    for way in WAYS:
        for target in ('/nonexistent', plain_file, '/tmp', '/bin/false', '/usr/bin/env'):
            if target == '/usr/bin/env' and way in ('system', 'popen', 'execle'):
                continue
            plain = run(cluster, [STARTS, way, '2', target], environment={'KEEP': ''})
            governed = starts(cluster, way, target, count=2)
            shown = [line for line in governed.stdout.decode().splitlines() if line.split('=')[0] not in OURS]
            equal((governed.status, shown, governed.stderr), (plain.status, plain.stdout.decode().splitlines(), plain.stderr), f'{way} {target}')


@promise
def shells_behind_system_keep_their_name_and_text(cluster):
    script = 'import os, sys; os.environ.pop("LD_PRELOAD", None); r = os.system(sys.argv[1]); print(r, flush=True)'
    for command in ('echo "$0" \'a b\' "c\'d" "$#"', 'nonsense-command', 'exit 7', 'kill -TERM $$', '', 'echo "unclosed', 'cat <<X\nhere\nX',
                    'echo \\\\ `echo back` $((1+2)); # comment'):
        plain = run(cluster, [PYTHON, '-c', script, command])
        equal(run(cluster, [PYTHON, '-c', script, command], ALLOW_EVERYTHING).seen(), plain.seen(), repr(command))
    dashed = run(cluster, [PYTHON, '-c', script, '-x'], ALLOW_EVERYTHING, b'echo from standard input\n')
    equal(dashed.seen(), (0, b'32512\n', b'sh: 1: -x: not found\n'), 'what could be an option is none')


def as_nobody(cluster, command, policy, options=()):
    """Only a user who is not root loses the library to a set-user-ID program."""
    if os.geteuid() != 0:
        return run(cluster, command, policy, options=options)
    folder = cluster.path('nobody')
    os.makedirs(folder + '/home', exist_ok=True)
    for path in (folder, folder + '/home'):
        shutil.chown(path, 'nobody', 'nogroup')
    serial = next(cluster.serials)
    path = cluster.write(f'policy-{serial}.yaml', policy)
    record = f'{folder}/record-{serial}'
    outcome = run(cluster, ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', CHAPERONE, 'run', '--policy', path, '--record',
                            record, *options, '--', *command],
                  environment={'HOME': folder + '/home', 'XDG_RUNTIME_DIR': folder + '/home', 'XDG_STATE_HOME': folder + '/home'})
    outcome.record = record
    return outcome


def reaches(path):
    """Whether another user can come to the programs of this build."""
    while path != '/':
        if not os.stat(path).st_mode & 1:
            return False
        path = os.path.dirname(path)
    return True


def cannot_try():
    if os.geteuid() != 0:
        return 'not tried: only root can make a set-user-ID program'
    if not (reaches(CHAPERONE) and reaches(SHIM)):
        return 'not tried: other users cannot come to the build folder'
    return None


@promise
def programs_that_change_their_user_are_refused(cluster):
    if cannot_try():
        return cannot_try()
    tried = []
    for name, prepare in (('set-uid', ['chmod', '4755']), ('set-gid', ['chmod', '2755']), ('capable', ['setcap', 'cap_net_raw+ep'])):
        path = cluster.path(name)
        shutil.copy('/bin/echo', path)
        if not shutil.which(prepare[0]):
            continue
        subprocess.run([*prepare, path], check=True)
        tried.append(name)
        script = cluster.write('script-' + name, f'#!{path} through\n')
        unended = cluster.write('unended-' + name, f'#!{path}')  # which Linux takes too
        for made in (script, unended):
            os.chmod(made, 0o755)
        for way, target in [*((way, path) for way in WAYS), ('execve', script), ('execve', unended)]:
            if way == 'popen':
                continue
            outcome = as_nobody(cluster, [STARTS, way, '0', target, 'ran'], POLICY)
            check(b'ran' not in outcome.stdout and b'through' not in outcome.stdout, f'{name} {way}: {outcome}')
            equal(outcome.stderr.count(b'chaperone: refused to start '), 1, f'{name} {way}: {outcome}')
            if way not in ('system', 'execle'):
                equal(outcome.stdout.splitlines(), [b'errno 13 Permission denied'], f'{name} {way}')
        outcome = as_nobody(cluster, ['sh', '-c', path + ' ran; echo $?'], POLICY)
        equal(outcome.stdout, b'126\n', f'{name} from a shell: {outcome}')
        told = notes(cluster, outcome.record)
        equal(sum(text == f'refused: a program that changes its user or has capabilities: {path}' for text in told), 1, told)
        verified(cluster, outcome.record)
        outcome = as_nobody(cluster, ['sh', '-c', path + ' ran'], POLICY, ['--ungoverned', 'warn'])
        check(outcome.stdout == b'ran\n' and outcome.stderr.count(b' is NOT GOVERNED: it changes its user') == 1, outcome)
        outcome = as_nobody(cluster, ['sh', '-c', path + ' ran'], ALLOW_EVERYTHING)
        equal(outcome.seen(), (0, b'ran\n', b''), f'{name} under a policy that allows everything')
        equal(len([text for text in notes(cluster, outcome.record) if path in text]), 1, 'notes')
        equal(run(cluster, ['sh', '-c', path + ' ran'], POLICY).seen() if name == 'set-uid' else None,
              (0, b'ran\n', b'') if name == 'set-uid' else None, 'root stays root, and governed')
    return 'tried: ' + ', '.join(tried)


def make_folders(cluster):
    """One folder with a `tool` that changes its user, one with an ordinary one."""
    uid, plain = cluster.path('uid'), cluster.path('plain')
    for folder, mode in ((uid, 0o4755), (plain, 0o755)):
        os.makedirs(folder, exist_ok=True)
        shutil.copy('/bin/echo', folder + '/tool')
        os.chmod(folder + '/tool', mode)
    script = cluster.write('relative', '#!./tool\n')
    os.chmod(script, 0o755)
    return uid, plain, script


@promise
def a_spawned_program_is_looked_at_where_its_child_will_be(cluster):
    if cannot_try():
        return cannot_try()
    uid, plain, script = make_folders(cluster)
    ways = (  # each with FROM, where the parent is, and TO, where the child will be
        './tool at={0} cd={1}', 'tool at={0} cd={1}', '../{3}/tool at={0} cd=../{3}', './tool at={0} cd=.. cd={3}',
        './tool at={0} cd={0} cd={1}', './tool at={0} have=7,{1} fcd=7', './tool at={0} have=7,{1} cd={0} fcd=7',
        './tool at={0} have=7,{1} have=8,{0} dup=7,8 fcd=8', './tool at={0} have=7,{1} dup=7,8 close=7 fcd=8',
        './tool at={0} have=7,{1} dup=7,9 dup=9,8 from=9 fcd=8', './tool at={0} have=7,{1} dup=7,7 fcd=7 close=7',
        './tool at={0} have=7,{0} open=7,{1} fcd=7', './tool at={0} cd=.. open=9,{3} dup=9,7 cd={0} fcd=7',
        './tool at={0} have=7,{1} dup=0,9 open=0,/dev/null close=12 fcd=7', script + ' at={0} cd={1}',
        '{3}/tool at=/ cd={0}/..',
    )
    searched = ('tool at={0} path=. cd={1}', 'tool at={0} path= cd={1}', 'tool at={0} path=/nowhere:../{3} cd={1}',
                'tool at=/ path=/nowhere:{3}:/bin cd={0}/..', './tool at={0} path=/bin cd={1}')

    def tries(way, words, here, there):
        words = words.format(here, there, os.path.basename(here), os.path.basename(there)).split()
        return as_nobody(cluster, [SPAWNS, way, *words], POLICY)

    for way, every in (('posix_spawn', ways), ('posix_spawnp', searched + ways)):
        for words in every:
            if way == 'posix_spawnp' and words.startswith('tool') and 'path=' not in words:
                continue  # that is another tool
            outcome = tries(way, words, plain, uid)
            check(b'ran' not in outcome.stdout, f'{way} {words}: {outcome}')
            equal(outcome.stdout, b'errno 13 Permission denied\n', f'{way} {words}: {outcome}')
            check(re.search(rb'^chaperone: refused to start \S+: it changes its user', outcome.stderr), f'{way} {words}: {outcome}')
            outcome = tries(way, words, uid, plain)
            check(outcome.status == 0 and outcome.stdout.endswith(b'ran\n') and outcome.stderr == b'', f'{way} {words}, turned around: {outcome}')
    return None


@promise
def where_a_child_will_be_stays_unknown_and_only_relative_paths_are_refused(cluster):
    if cannot_try():
        return cannot_try()
    uid, plain, script = make_folders(cluster)
    unknown = ('cd=/proc/self/cwd', 'cd=/dev/fd/7', f'cd={uid} strange=99', f'strange=99 cd={plain}', 'strange=-1',
               ' '.join(['cd=.'] * 17))
    for words in unknown:
        words = [f'at={plain}', f'have=7,{uid}', *words.split()]
        for target in ('./tool', script):
            outcome = as_nobody(cluster, [SPAWNS, 'posix_spawn', target, *words], POLICY)
            equal(outcome.stdout, b'errno 13 Permission denied\n', f'{target} {words}: {outcome}')
            equal(outcome.stderr.decode(), f'chaperone: refused to start {target}: its folder cannot be known beforehand, and it may be one that '
                  'changes its user\n', f'{target} {words}')
            told = notes(cluster, outcome.record)
            equal(sum(text == f'refused: a program in a folder that cannot be known beforehand: {target}' for text in told), 1, told)
        outcome = as_nobody(cluster, [SPAWNS, 'posix_spawn', '/bin/echo', *words], POLICY)
        equal(outcome.seen(), (0, b'ran\n', b''), f'an absolute path, {words}')
        outcome = as_nobody(cluster, [SPAWNS, 'posix_spawnp', 'echo', *words], POLICY)
        equal(outcome.seen(), (0, b'ran\n', b''), f'a name that is in PATH, {words}')
        outcome = as_nobody(cluster, [SPAWNS, 'posix_spawnp', 'echo', 'path=:/bin', *words], POLICY)
        equal(outcome.stdout, b'errno 13 Permission denied\n', f'a name that is looked for in the folder first, {words}')
    words = [f'at={plain}', *' '.join(['cd=.'] * 15).split()]
    equal(as_nobody(cluster, [SPAWNS, 'posix_spawn', './tool', *words], POLICY).seen(), (0, b'ran\n', b''), 'fifteen folders')
    words = [f'at={plain}', 'strange=99']
    outcome = as_nobody(cluster, [SPAWNS, 'posix_spawn', './tool', *words], POLICY, ['--ungoverned', 'warn'])
    check(outcome.stdout == b'ran\n' and b'./tool is NOT GOVERNED: its folder' in outcome.stderr, outcome)
    equal(as_nobody(cluster, [SPAWNS, 'posix_spawn', './tool', *words], ALLOW_EVERYTHING).seen(), (0, b'ran\n', b''), 'everything is allowed')
    return None


@promise
def actions_that_fail_fail_as_without_the_shim(cluster):
    plain_file = cluster.write('no-folder', 'text')
    for words in ('cd=/nonexistent', f'cd={plain_file}', 'fcd=40', 'close=7 fcd=7', 'from=3 fcd=7', 'fcd=8', 'open=7,/nonexistent fcd=7', 'dup=40,7 fcd=7',
                  'cd=' + 'x' * 5000, 'cd='):
        command = [SPAWNS, 'posix_spawn', './tool', 'have=7,/', 'have=8,' + plain_file, *words.split()]
        plain = run(cluster, command)
        check(plain.stdout.startswith(b'errno '), f'{words}: {plain}')
        equal(run(cluster, command, ALLOW_EVERYTHING).seen(), plain.seen(), words)
        equal(run(cluster, command, POLICY).seen(), plain.seen(), words)


@promise
def a_list_that_is_there_often_is_put_right_once(cluster):
    outcome = starts(cluster, 'execve-repeated', '/usr/bin/env')
    equal((outcome.status, outcome.stdout.count(b'LD_PRELOAD=')), (0, 1), f'{outcome.stderr}')
    equal(variables(outcome)['LD_PRELOAD'], SHIM + ':' + ':' * (4000 - len('LD_PRELOAD=') - 1), 'LD_PRELOAD')


@promise
def a_long_list_comes_to_the_command_whole(cluster):
    given = ':' * 9000 + '/no/such.so'
    found = run(cluster, ['/usr/bin/env'], ALLOW_EVERYTHING, environment={'LD_PRELOAD': given})
    equal(variables(found)['LD_PRELOAD'], f'{SHIM}:{given}', 'LD_PRELOAD')
    too_long = run(cluster, ['/usr/bin/env'], ALLOW_EVERYTHING, environment={'LD_PRELOAD': ':' * (128 * 1024 - 20)})
    equal((too_long.status, too_long.stdout), (126, b''), f'{too_long.stderr}')


@promise
def what_is_no_script_is_the_kernels_to_refuse(cluster):
    for text in ('#!', '#! ', '#!\n', '#!' + ' ' * 254, '#!' + '\t' * 4000, '#!' + '/' * 4000):
        path = cluster.write('no-script', text)
        os.chmod(path, 0o755)
        command = [STARTS, 'execve', '0', path]
        equal(run(cluster, command, ALLOW_EVERYTHING).seen(), run(cluster, command).seen(), text[:4])


@promise
def static_programs_are_started_and_named_once(cluster):
    path, source = cluster.path('static'), cluster.write('static.c', '#include <stdio.h>\nint main(void) { puts("ran"); return 0; }\n')
    if subprocess.run(['cc', '-static', '-o', path, source], capture_output=True).returncode:
        return 'not tried: nothing can be linked statically here'
    outcome = run(cluster, ['sh', '-c', f'{path}; {path}; env -i {path}'], POLICY)
    equal(outcome.seen(), (0, b'ran\n' * 3, b''), 'what it prints')
    told = [text for text in notes(cluster, outcome.record) if path in text]
    equal(told, [f'NOT GOVERNED: a static program, or one of another machine: {path}'], 'notes')
    outcome = run(cluster, [path], POLICY)
    equal((outcome.status, outcome.stdout), (125, b''), f'the command itself: {outcome}')
    check(re.search(rb'static cannot be governed: statically linked.*--ungoverned warn', outcome.stderr), outcome)
    check(not os.path.exists(outcome.record) or not os.listdir(outcome.record), 'a record was begun')
    for options, policy in ((['--ungoverned', 'warn'], POLICY), (['--trial'], POLICY), ([], ALLOW_EVERYTHING)):
        outcome = run(cluster, [path], policy, options=options)
        equal(outcome.seen(), (0, b'ran\n', b''), f'{options}')
        equal(len([text for text in notes(cluster, outcome.record) if text.startswith('NOT GOVERNED: the command ')]), 1, 'notes')
    return None


@promise
def three_hundred_forks_start_programs_while_threads_run(cluster):
    script = ('import os, subprocess, threading\nstop = False\n'
              'def work():\n while not stop: subprocess.run(["/bin/true"], env={})\n'
              'threads = [threading.Thread(target=work) for _ in range(3)]\n[t.start() for t in threads]\nbad = 0\n'
              'for i in range(300):\n pid = os.fork()\n if pid == 0:\n  os.execve("/bin/sh", ["sh", "-c", "exit ${LD_PRELOAD:+9}"], {})\n'
              ' bad += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 9\nstop = True\n[t.join() for t in threads]\nprint(bad)')
    outcome = run(cluster, [PYTHON, '-c', script], ALLOW_EVERYTHING)
    equal(outcome.seen(), (0, b'0\n', b''), 'children without the library')


main(SCHEMA)
