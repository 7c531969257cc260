# SPDX-License-Identifier: MIT
"""Interrupts dev/demo at moments all over its run, and looks for what it left: processes and folders.

The folder for temporary files is our own, so that everything in it, and every process that has its path in its command
line, working directory or environment, was the demonstration's.
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def processes_with(text):
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if int(process.name) != os.getpid() and (
                    text in (process / "cmdline").read_bytes().decode(errors="replace") or
                    text in os.readlink(process / "cwd")):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            pass
    return found


def heed_interrupts():
    """A shell starts what runs in its background with SIGINT ignored, and a script cannot trap what it so inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(seconds, number, whole_group):
    with tempfile.TemporaryDirectory(prefix="chaperone-interrupt.") as folder:
        os.chmod(folder, 0o711)
        demo = subprocess.Popen([ROOT / "dev/demo"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, start_new_session=True,
                                preexec_fn=heed_interrupts, env={**os.environ, "TMPDIR": folder})
        try:
            demo.wait(seconds)
        except subprocess.TimeoutExpired:
            (os.killpg if whole_group else os.kill)(demo.pid, number)
        except SystemExit:  # somebody interrupts us
            demo.terminate()
            demo.wait()
            raise
        try:
            status = demo.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(demo.pid, signal.SIGKILL)
            return "does not end"
        left, deadline = processes_with(folder), time.monotonic() + 3
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = processes_with(folder)
        files = os.listdir(folder)
        if left or files:
            return f"left {left} and {files}"
        return None if status in (0, 128 + number) else f"exit status {status}"


def main():
    failed = 0
    for round_, tenths in enumerate(range(1, 40, 4)):
        for number, whole_group in ((signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, False)):
            wrong = interrupted(tenths / 10, number, whole_group)
            if wrong:
                failed += 1
                print(f"{number.name} to {'the group' if whole_group else 'the script'} "
                      f"after {tenths / 10} s: {wrong}")
    return failed != 0


signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
sys.exit(main())
