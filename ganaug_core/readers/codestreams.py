"""What a compressed image says of itself, read from its first bytes without decoding it."""

import struct


def codestream(frame: bytes) -> tuple[int, int, int, int, bool | None] | None:
    """Return rows, columns, components, bits and sign of a JPEG, JPEG-LS or JPEG 2000 image; None if it is neither.

    The sign is None where the format does not know it: only JPEG 2000 does.
    """
    size = frame.find(b"\xff\x4f\xff\x51", 0, 4096)
    if size >= 0 and len(frame) >= size + 43:
        right, bottom, left, top = struct.unpack(">4L", frame[size + 8 : size + 24])
        components, depth = struct.unpack(">HB", frame[size + 40 : size + 43])
        return bottom - top, right - left, components, (depth & 127) + 1, depth > 127
    at = 2
    while frame[:2] == b"\xff\xd8" and at + 10 <= len(frame) and frame[at] == 0xFF:
        marker = frame[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        is_frame = marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC))
        if is_frame:
            bits, rows, columns, components = struct.unpack(">BHHB", frame[at + 4 : at + 10])
            return rows, columns, components, bits, None
        at += 2 + struct.unpack(">H", frame[at + 2 : at + 4])[0]
    return None
