#!/usr/bin/env python3
"""Runs a program under a seccomp filter that refuses io_uring, as container engines' default profiles do.

    deny_io_uring.py PROGRAM ARGUMENT...

io_uring_setup answers EPERM; everything else is allowed. Linux on x86-64 and aarch64, where its number is 425.
"""
import ctypes
import errno
import os
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD_WORD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
IO_URING_SETUP = 425


def instruction(code, jump_true, jump_false, operand):
    return struct.pack("=HBBI", code, jump_true, jump_false, operand)


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def deny():
    code = b"".join([
        instruction(LOAD_WORD, 0, 0, 0),                     # the system call's number
        instruction(JUMP_EQUAL, 0, 1, IO_URING_SETUP),
        instruction(RETURN, 0, 0, REFUSE),
        instruction(RETURN, 0, 0, ALLOW),
    ])
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(code) // 8, code)
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)):
        if libc.prctl(*arguments) != 0:
            sys.exit("prctl: " + os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    deny()
    os.execvp(sys.argv[1], sys.argv[1:])
