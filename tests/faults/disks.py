# SPDX-License-Identifier: MIT
"""Small file systems that a test can fill."""
import functools
import subprocess
import tempfile


def on_a_small_disk(size='256k'):
    """Gives the test the folder of a file system of its own, in which no more than that has room."""
    def decorate(test):
        @functools.wraps(test)
        def tried(cluster):
            folder = tempfile.mkdtemp(prefix='small-', dir=cluster.folder)
            if subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size},mode=700', 'none', folder], capture_output=True).returncode:
                return 'not tried: mounting is not allowed here'
            try:
                return test(cluster, folder)
            finally:
                subprocess.run(['umount', '-l', folder], check=True)
        return tried
    return decorate


def fill(folder):
    """Takes all the room that is left; returns the file that does."""
    path = folder + '/filler'
    with open(path, 'wb', buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return path


def fill_beside(session, folder, count):
    """Fills the disk, and has the session send so many statements whose texts are new; returns the file that took the room."""
    filler = fill(folder)
    for i in range(count):
        session.call(f'exec|SELECT {i} AS a_longer_name_to_fill_the_record_{i}')
    return filler
