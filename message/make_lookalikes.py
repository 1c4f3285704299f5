#!/usr/bin/env python3
"""Writes lookalikes.inc: what UTS 39 takes a code point for, as libicu 72 (Unicode 15) knows it.

Run by hand when a newer Unicode is wanted: `python3 message/make_lookalikes.py > message/lookalikes.inc`.
"""
import ctypes
import unicodedata

icu = ctypes.CDLL("libicui18n.so.72")
error = ctypes.c_int(0)
icu.uspoof_open_72.restype = ctypes.c_void_p
checker = ctypes.c_void_p(icu.uspoof_open_72(ctypes.byref(error)))
room = ctypes.create_string_buffer(256)


def skeleton(text):
    bytes_in = text.encode()
    length = icu.uspoof_getSkeletonUTF8_72(checker, 0, bytes_in, len(bytes_in), room, len(room),
                                           ctypes.byref(error))
    assert error.value <= 0, error.value
    return room.raw[:length].decode()


pool, rows = "", []
for code in range(0x110000):
    one = chr(code)
    if unicodedata.category(one) in ("Cn", "Co", "Cs") or unicodedata.normalize("NFD", one) != one:
        continue
    looks = skeleton(one)
    if looks == one:
        continue
    if looks not in pool:
        pool += looks
    rows.append(f"{{0x{code:x},{pool.index(looks)},{len(looks)}}},")


def wrapped(words):
    line = ""
    for word in words:
        if len(line) + len(word) > 99:
            print(line)
            line = ""
        line += word
    print(line)


print("// What a code point may be taken for: {code point, where in `pool`, how many}. Made by")
print("// make_lookalikes.py of the data of UTS 39 (Unicode, Inc.; see www.unicode.org/license.txt).")
print("constexpr Lookalike lookalikes[] = {")
wrapped(rows)
print("};\nconstexpr char32_t pool[] = {")
wrapped([f"0x{ord(c):x}," for c in pool])
print("};")
