# SPDX-License-Identifier: MIT
"""Drivers as PyPI ships them, each with a libpq of its own under a hashed name, fetched into the git-ignored .cache."""
import fcntl
import glob
import os
import subprocess
import sys
import tempfile
import time

from harness import PYTHON, SKIP

CACHE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '.cache', 'wheels')
FETCH_SECONDS = 100  # a place that does not answer is left after ten
MISSING = os.path.join(CACHE, 'missing')

# For CPython 3.11, which is Debian 12's, on x86-64; elsewhere pip finds none whose digest is among these.
FILES = {
    'psycopg2-binary==2.9.9': '977646e05232579d2e7b9c59e21dbe5261f403a88417f6a6512e70d3f8a046be',  # libpq 16
    'psycopg2-binary==2.9.13': '930e7e58b33a4f9c39e7532d7a40147925cf3372baed4229cbebe0cf3ba9ce6b',  # libpq 17
    'psycopg==3.3.9': 'd2d7d04a1ce6dab4f5b27316bea3b52585cafa2f2d631e5b09dd69823f5c26f6',
    'psycopg-binary==3.3.9': '0953c1b94c73f97efce5b8fb1dad85cf5e4085b94902e439e27e6805ebc8be99',  # libpq 18
    'typing_extensions==4.16.0': '481caa481374e813c1b176ada14e97f1f67a4539ce9cfeb3f350d78d6370c2e8',
}
WHEELS = {
    16: ['psycopg2-binary==2.9.9'],
    17: ['psycopg2-binary==2.9.13'],
    18: ['psycopg-binary==3.3.9', 'psycopg==3.3.9', 'typing_extensions==4.16.0'],
}


class Unavailable(Exception):
    """Why a wheel cannot be had."""


def _install(requirements, folder):
    lines = os.path.join(folder, 'requirements')
    with open(lines, 'w') as file:
        file.writelines(f'{name} --hash=sha256:{FILES[name]}\n' for name in requirements)
    command = [PYTHON, '-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--timeout=10', '--retries=1', '--no-deps',
               '--only-binary=:all:', '--require-hashes', '--root-user-action=ignore', '--target', os.path.join(folder, 'site'),
               '-r', lines]
    try:
        done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=FETCH_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(str(error)) from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith('ERROR') or 'No module' in line]
        raise Unavailable(said[0] if said else 'pip gives no reason')


def _install_once(requirements, path):
    """What cannot be had is not asked for again in the same hour."""
    if os.path.exists(MISSING) and time.time() - os.stat(MISSING).st_mtime < 3600:
        with open(MISSING) as file:
            raise Unavailable(file.read())
    try:
        with tempfile.TemporaryDirectory(dir=CACHE, prefix='part-') as folder:
            _install(requirements, folder)
            os.rename(os.path.join(folder, 'site'), path)
    except Unavailable as error:
        with open(MISSING, 'w') as file:
            file.write(str(error))
        raise


def wheel(version):
    """The folder, for PYTHONPATH, of the driver that bundles this version of libpq."""
    requirements = WHEELS[version]
    os.makedirs(CACHE, exist_ok=True)
    path = os.path.realpath(os.path.join(CACHE, requirements[0]))
    with open(os.path.join(CACHE, 'lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(path):
            _install_once(requirements, path)
    return path


def or_skip(function):
    def call(*arguments):
        try:
            return function(*arguments)
        except Unavailable as problem:
            print(f'skipped: PyPI cannot be had: {problem}')
            sys.exit(SKIP)
    return call


def bundled_libpq(version):
    """The path of the libpq that the driver brings."""
    path, = glob.glob(os.path.join(wheel(version), '*.libs', 'libpq-*.so.5*'))
    return path


def linkable(version, folder):
    """Fills a folder for LD_LIBRARY_PATH, in which the bundled libpq has its usual name and finds what it needs."""
    bundled = bundled_libpq(version)
    os.makedirs(folder)
    for name in os.listdir(os.path.dirname(bundled)):
        os.symlink(os.path.join(os.path.dirname(bundled), name), os.path.join(folder, name))
    os.symlink(bundled, os.path.join(folder, 'libpq.so.5'))
    return folder


wheel_or_skip, linkable_or_skip = or_skip(wheel), or_skip(linkable)
