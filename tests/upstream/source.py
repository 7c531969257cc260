# SPDX-License-Identifier: MIT
"""Sources of Debian packages for their own tests, fetched when a test wants them into the git-ignored .cache."""
import fcntl
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
CACHE = os.path.join(ROOT, '.cache', 'sources')
FETCH_SECONDS = 100  # a command; a place that does not answer is left after ten
DEBIAN, LATER = 'bookworm', ('trixie', 'sid')


class Unavailable(Exception):
    """Why a source cannot be had."""


def _quiet(command, folder):
    """A command's standard output; what it complained about when it fails."""
    try:
        done = subprocess.run(command, cwd=folder, text=True, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=FETCH_SECONDS, env={**os.environ, 'LC_ALL': 'C.UTF-8'})
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(str(error)) from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith(('E:', 'ERROR'))] or ['no reason given']
        raise Unavailable(f'{command[0]}: {said[0]}')
    return done.stdout


class Apt:
    """apt with a list of sources and a state of its own, so that neither root nor the machine's apt is touched."""

    def __init__(self):
        self.folder = os.path.join(CACHE, 'apt')
        os.makedirs(os.path.join(self.folder, 'lists', 'partial'), exist_ok=True)
        os.makedirs(os.path.join(self.folder, 'archives', 'partial'), exist_ok=True)
        self.options = ['-q', '-o', f'Dir::Etc::sourcelist={self.folder}/sources.list', '-o', 'Dir::Etc::sourceparts=-',
                        '-o', f'Dir::State::lists={self.folder}/lists', '-o', f'Dir::Cache={self.folder}',
                        '-o', 'APT::Sandbox::User=', '-o', 'APT::Get::List-Cleanup=0', '-o', 'Acquire::Retries=0',
                        '-o', 'Acquire::http::Timeout=10', '-o', 'Acquire::https::Timeout=10']

    def update(self, releases=()):
        """Where this machine gets its packages from is where it gets their sources from, and those of other releases."""
        places = _quiet(['apt-get', 'indextargets', '--format', '$(SITE) $(RELEASE) $(COMPONENT)',
                         'Created-By: Packages', 'Origin: Debian'], self.folder)
        lines = sorted({line for line in places.splitlines() if line.endswith(' main')})
        if not lines:
            raise Unavailable('apt knows no Debian source; run apt-get update')
        main = next((line.split()[0] for line in lines if line.split()[1] == DEBIAN), None)
        lines += [f'{main} {release} main' for release in releases if main]
        with open(os.path.join(self.folder, 'sources.list'), 'w') as file:
            file.writelines(f'deb-src {line}\n' for line in lines)
        _quiet(['apt-get', *self.options, 'update'], self.folder)

    def versions(self, package):
        """Every version that apt knows, newest first."""
        shown = _quiet(['apt-cache', *self.options, 'showsrc', '--only-source', package], self.folder)
        found = list(dict.fromkeys(re.findall(r'^Version: (\S+)$', shown, re.M)))
        return sorted(found, key=lambda version: [int(n) for n in re.findall(r'\d+', version)], reverse=True)

    def download(self, package, version, folder):
        _quiet(['apt-get', *self.options, 'source', '--download-only', '--tar-only', '--only-source',
                f'{package}={version}'], folder)


def _unpack(archive, folder, within):
    """What of an archive is below one of the folders in `within`, without the archive's own top folder."""
    with tarfile.open(archive) as file:
        for member in file:
            member.name = member.name.partition('/')[2]
            if (member.isfile() or member.isdir()) and ('' in within or member.name.startswith(within)):
                file.extract(member, folder)


def _download(apt, package, versions, folder):
    problem = Unavailable(f'apt knows no source package {package}')
    for version in versions:
        try:
            apt.download(package, version, folder)
            return version
        except Unavailable as error:
            problem = error
    raise problem


def _from_debian(package, folder):
    """The newest version of this release that can be had."""
    apt = Apt()
    apt.update()
    return _download(apt, package, apt.versions(package), folder)


def _from_later_debian(package, folder):
    """The oldest version of a later release.  Tests newer than the driver fail more often, with the shim as without."""
    apt = Apt()
    apt.update(LATER)
    return _download(apt, package, reversed(apt.versions(package)), folder)


def _from_pypi(requirement, folder):
    """The same release from its author's own place, for where a mirror has no sources."""
    _quiet(['/usr/bin/python3', '-m', 'pip', 'download', '-q', '--timeout=10', '--retries=1', '--no-deps',
            '--no-binary', ':all:', '-d', '.', requirement], folder)
    return requirement.partition('==')[2] + '-pypi'


def _first(places):
    """What the first place that works says; each says why it does not."""
    for number, (name, get) in enumerate(places):
        try:
            return get()
        except Unavailable as error:
            if number + 1 == len(places):
                raise
            print(f'not from {name}: {error}')
    raise Unavailable('no place to get it from')


def _fetch(package, within, pypi):
    with tempfile.TemporaryDirectory(dir=CACHE, prefix='part-') as folder:
        places = [(f'Debian {DEBIAN}', lambda: _from_debian(package, folder))]
        if pypi:
            places.append(('PyPI', lambda: _from_pypi(pypi, folder)))
        places.append((f'Debian {" or ".join(LATER)}', lambda: _from_later_debian(package, folder)))
        version = _first(places)
        archives = [name for name in os.listdir(folder) if re.search(r'(\.orig|-[\d.]+)\.tar\.\w+$', name)]
        if len(archives) != 1:
            raise Unavailable(f'{package}: {len(archives)} archives of the upstream source')
        whole = os.path.join(folder, 'unpacked')
        _unpack(os.path.join(folder, archives[0]), whole, within)
        path = os.path.join(CACHE, f'{package}_{version}')
        os.rename(whole, path)
        return path


def _failed_lately(package):
    """What cannot be had is not asked for again in the same hour; returns why, or None."""
    try:
        if time.time() - os.stat(os.path.join(CACHE, package + '.missing')).st_mtime < 3600:
            with open(os.path.join(CACHE, package + '.missing')) as file:
                return file.read()
    except FileNotFoundError:
        pass
    return None


def _remember_failure(package, error):
    with open(os.path.join(CACHE, package + '.missing'), 'w') as file:
        file.write(str(error))


def find(package):
    """The unpacked source that is there, or None."""
    names = [name for name in os.listdir(CACHE) if name.startswith(package + '_')]
    return os.path.join(CACHE, max(names)) if names else None


def _fetch_once(package, within, pypi):
    if why := _failed_lately(package):
        raise Unavailable(why)
    try:
        return _fetch(package, within, pypi)
    except Unavailable as error:
        _remember_failure(package, error)
        raise


def fetch(package, within=('',), pypi=None):
    """The folder with a package's upstream source: what was fetched before, or the newest that can be had now."""
    try:
        os.makedirs(CACHE, exist_ok=True)
        with open(os.path.join(CACHE, 'lock'), 'w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return find(package) or _fetch_once(package, within, pypi)
    except OSError as error:
        raise Unavailable(str(error)) from error


def fetch_or_skip(package, **options):
    try:
        return fetch(package, **options)
    except Unavailable as error:
        print(f'skipped: the source of {package} cannot be had: {error}')
        sys.exit(77)
