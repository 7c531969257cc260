# SPDX-License-Identifier: MIT
"""The scenarios of this folder on arm64: built with Debian's cross compiler, run by qemu's user emulation.

Usage: test_arm64.py SOURCE_ROOT FOLDER"""
import glob
import os
import re
import shutil
import subprocess
import sys

ROOT, FOLDER = map(os.path.abspath, sys.argv[1:3])
COMPILER, EMULATOR, LIBRARIES = 'aarch64-linux-gnu-gcc', 'qemu-aarch64', '/usr/aarch64-linux-gnu'
NEEDED = {'gcc-aarch64-linux-gnu': shutil.which(COMPILER), 'qemu-user': shutil.which(EMULATOR),
          'libc6-dev-arm64-cross': os.path.exists(LIBRARIES + '/lib/libc.so.6')}
HERE = os.path.join(ROOT, 'tests', 'preload')
FLAGS = ['-std=c11', '-O2', '-g', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-I', ROOT,
         '-fvisibility=hidden']
SHIM = ['-fPIC', '-shared', '-fno-optimize-sibling-calls', '-ftls-model=initial-exec', '-fno-stack-protector',
        '-U_FORTIFY_SOURCE', '-Wl,-z,defs', '-Wl,-z,now', '-Wl,-z,relro', '-static-libgcc']
COPIES = {'a': [], 'b': [], 'c': [], 'symbolic': ['-Wl,-Bsymbolic'], 'sysv': ['-Wl,--hash-style=sysv'],
          'old': ['-DLACKS_NEWER'], 'versioned': ['-Wl,--version-script=' + HERE + '/fakepq.map'], 'e8a033dd': []}
# Of the fakeshim's counterpart that is built twice, and of single steps, there is nothing to be learned here.
PLAIN = ('each-plugin-has-its-own-copy', 'closed-and-opened-again', 'first-call-in-a-plugin-constructor',
         'no-library-is-the-documented-failure', 'sixteen-copies-and-no-more', 'dlerror-text-is-left-alone')


def compile_one(output, sources, *flags):
    command = [COMPILER, *FLAGS, *flags, '-o', os.path.join(FOLDER, output),
               *[os.path.join(HERE, source) for source in sources], '-Wl,-rpath,$ORIGIN', '-Wl,--no-as-needed']
    done = subprocess.run(command + [flag for flag in flags if flag.startswith('-l:')], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'{output}: {done.stderr}')


def library(output, source, *flags):
    compile_one(output, [source], '-fPIC', '-shared', '-L', FOLDER, *flags)


def build():
    os.makedirs(FOLDER, exist_ok=True)
    shim = [*glob.glob(ROOT + '/shim/preload/*.[cS]'), ROOT + '/common/slice.c']
    auditor = [*glob.glob(ROOT + '/shim/audit/*.c'), *(f'{ROOT}/shim/preload/{name}.c' for name in ('image', 'image_symbol'))]
    compile_one('libchaperone-audit.so', auditor, *SHIM, '-ffreestanding', '-nostdlib')
    compile_one('fakeshim.so', ['fakeshim.c', *shim], *SHIM)
    for name, flags in COPIES.items():
        file = 'libfakepq-e8a033dd.so.5.16' if name == 'e8a033dd' else f'libfakepq-{name}.so'
        identity = 'hashed' if name == 'e8a033dd' else name
        library(file, 'fakepq.c', f'-DIDENTITY="{identity}"', '-fsemantic-interposition', '-Wl,-soname,' + file, *flags)
    for name in ('a', 'b', 'symbolic', 'sysv', 'old'):
        library(f'plugin-{name}.so', 'plugin.c', f'-l:libfakepq-{name}.so')
    library('plugin-early.so', 'plugin.c', '-DEARLY', '-l:libfakepq-a.so')
    library('plugin-hashed.so', 'plugin.c', '-l:libfakepq-e8a033dd.so.5.16')
    library('libmiddle.so', 'middle.c', '-Wl,-soname,libmiddle.so', '-l:libfakepq-c.so')
    library('plugin-transitive.so', 'plugin.c', '-DTRANSITIVE', '-l:libmiddle.so')
    library('libsibling.so', 'plugin_look.c', '-Wl,-soname,libsibling.so')
    library('plugin-look-a.so', 'plugin_look.c', '-DNEEDS_CLIENT', '-l:libfakepq-a.so', '-l:libfakepq-b.so')
    library('plugin-look-none.so', 'plugin_look.c')
    library('plugin-look-versioned.so', 'plugin_look.c', '-DNEEDS_CLIENT', '-l:libfakepq-versioned.so')
    library('plugin-look-sibling.so', 'plugin_look.c', '-DNEEDS_CLIENT', '-DSIBLING', '-l:libsibling.so',
            '-l:libfakepq-c.so')
    library('deep.so', 'deep.c', '-fsemantic-interposition')
    for name in ('clash', 'hooker', 'allocator', 'wrapper'):
        library(name + '.so', name + '.c', '-fno-optimize-sibling-calls', '-fno-builtin')
    compile_one('look', ['look.c'])
    compile_one('host-plain', ['host.c', 'host_plugins.c'], '-DSCENARIOS=PLUGIN_SCENARIOS')
    compile_one('host-audited', ['host.c', 'host_audited.c'], '-DSCENARIOS=AUDITED_SCENARIOS')
    compile_one('host-lookups', ['host.c', 'host_lookups.c'], '-DSCENARIOS=LOOKUP_SCENARIOS', '-rdynamic')


def scenarios(source):
    with open(os.path.join(HERE, source), encoding='utf-8') as file:
        return re.findall(r'^\t\{ "([a-z-]+)", ', file.read(), re.MULTILINE)


def run(host, scenario, *variables):
    command = [EMULATOR, '-L', LIBRARIES, '-E', f'LD_PRELOAD={FOLDER}/fakeshim.so', '-E', f'LD_LIBRARY_PATH={FOLDER}',
               *[part for variable in variables for part in ('-E', variable)], os.path.join(FOLDER, host), scenario, FOLDER]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    print('ok' if done.returncode == 0 else f'FAIL ({done.returncode}) {done.stdout}{done.stderr}', scenario)
    return done.returncode == 0


def main():
    for package, found in NEEDED.items():
        if not found:
            print(f'skipped: Debian package {package} is not installed')
            return 77
    build()
    good = [run('host-lookups', scenario) for scenario in scenarios('host_lookups.c')]
    good += [run('host-plain', scenario) for scenario in PLAIN]
    audited = f'LD_AUDIT={FOLDER}/libchaperone-audit.so'
    good += [run('host-audited', scenario, audited) for scenario in scenarios('host_audited.c')]
    good += [run('host-lookups', scenario, audited) for scenario in scenarios('host_lookups.c')]
    look = [sys.executable, os.path.join(HERE, 'test_look.py'), FOLDER + '/look', FOLDER + '/fakeshim.so', FOLDER,
            EMULATOR, '-L', LIBRARIES]
    good.append(subprocess.run(look, timeout=240).returncode == 0)
    print(f'{sum(good)} of {len(good)} hold')
    return 0 if all(good) else 1


if __name__ == '__main__':
    sys.exit(main())
