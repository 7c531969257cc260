# SPDX-License-Identifier: MIT
"""What the loader tells a program is the same under the shim: alone, and beside other preloads, before and behind us.

Usage: test_look.py LOOK SHIM FOLDER [EMULATOR…]"""
import glob
import os
import subprocess
import sys

LOOK, SHIM, FOLDER = map(os.path.abspath, sys.argv[1:4])
EMULATOR = sys.argv[4:]

OTHERS = {
    'a dlsym in plain C': [os.path.join(FOLDER, 'hooker.so')],
    'an allocator that looks up': [os.path.join(FOLDER, 'allocator.so')],
    'a wrapper': [os.path.join(FOLDER, 'wrapper.so')],
    'jemalloc': glob.glob('/usr/lib/*/libjemalloc.so.2'),
    'libfaketime': glob.glob('/usr/lib/*/faketime/libfaketime.so.1'),
}


def seen(preload):
    environment = {'LC_ALL': 'C', 'PATH': '/usr/bin:/bin', 'ASAN_OPTIONS': 'verify_asan_link_order=0:detect_leaks=0'}
    command = [LOOK, FOLDER]
    if preload and EMULATOR:
        command = ['-E', 'LD_PRELOAD=' + ':'.join(preload), *command]
    elif preload:
        environment['LD_PRELOAD'] = ':'.join(preload)
    done = subprocess.run([*EMULATOR, *command], env=environment, capture_output=True, text=True, timeout=60, cwd='/')
    return done.returncode, done.stdout.splitlines(), done.stderr


def differences(left, right):
    if left[0] != right[0] or left[2] != right[2]:
        yield f'status {left[0]} {right[0]}, stderr {left[2]!r} {right[2]!r}'
    if len(left[1]) != len(right[1]):
        yield f'{len(left[1])} and {len(right[1])} lines'
    for mine, other in zip(left[1], right[1]):
        if mine != other:
            yield f'without: {mine}\n      with:    {other}'


def compare(what, without, preload, cure=False):
    """With `cure`, a line may also be what it is without the other preload, whose harm we undo."""
    alone = set(seen([])[1]) if cure else set()
    left, right = seen(without), seen(preload)
    cured = [mine if other in alone else other for mine, other in zip(left[1], right[1])]
    found = list(differences(left, (right[0], cured + right[1][len(cured):], right[2])))
    for line in found:
        print(f'{what}: {line}')
    return not found


def main():
    good = [compare('alone', [], [SHIM])]
    status, lines, _ = seen([])
    good.append(status == 0 and sum(line.endswith(' a errno 0') for line in lines) > 3)
    for name, paths in OTHERS.items():
        if not paths:
            print(f'not tried: {name} is not installed')
        if not paths or (EMULATOR and not paths[0].startswith(FOLDER)):
            continue
        good += [compare(name + ' before us', paths, [*paths, SHIM]), compare(name + ' behind us', paths, [SHIM, *paths], cure=True)]
    print(f'{sum(good)} of {len(good)} comparisons hold, {len(lines)} lines each')
    return 0 if all(good) else 1


if __name__ == '__main__':
    sys.exit(main())
