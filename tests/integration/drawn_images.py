"""Pictures made here: PNGs of drawn shapes, all different, and files that are no pictures or claim to be others."""

import random
import struct
import zlib

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width, height):
    return PNG_SIGNATURE + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def drawn_png(seed, width=96, height=80):
    """Three coloured rectangles on a coloured ground: small, and different for every seed."""
    dice = random.Random(seed)
    colour = lambda: bytes(dice.randrange(256) for _ in range(3))
    rows = [bytearray(row) for row in [colour() * width] * height]
    for _ in range(3):
        left, top = dice.randrange(width - 16), dice.randrange(height - 16)
        right, bottom = left + dice.randrange(8, 48), top + dice.randrange(8, 48)
        fill = colour()
        for row in rows[top:bottom]:
            row[3 * left : 3 * min(right, width)] = fill * (min(right, width) - left)
    pixels = b"".join(b"\0" + bytes(row) for row in rows)
    return png_header(width, height) + png_chunk(b"IDAT", zlib.compress(pixels)) + png_chunk(b"IEND", b"")


def bomb_png(side=20000):
    """A megabyte that would be 1.2 GB of pixels."""
    packer = zlib.compressobj(9)
    row = b"\0" * (3 * side + 1)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png_header(side, side) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def huge_header_png(side=60000):
    """Claims a picture of 60000 x 60000 and holds one row of it."""
    data = zlib.compress(b"\0" * (3 * side + 1))
    return png_header(side, side) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


SVG_WITH_SCRIPT = b"""<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><script>alert(document.cookie)</script></svg>"""

HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"


def polyglot_png(seed):
    """A picture that is a page, too, for whoever looks for tags."""
    return drawn_png(seed) + HTML
