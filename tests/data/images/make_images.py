"""Makes the image files beside this script: python3 make_images.py (Pillow 9.4, numpy 1.24, and the vips command for
HEIC and AVIF). The tests know the picture by its formula; what a lossy file decodes to is kept as Pillow saw it, in
NAME.expected.png."""
import os, shutil, struct, subprocess, zlib
import numpy as np
from PIL import Image

os.chdir(os.path.dirname(os.path.abspath(__file__)))
W, H = 40, 24
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([6 * x, 10 * y, (x * y) % 256], -1).astype(np.uint8)
grey = (6 * x).astype(np.uint8)
alpha = np.where(x < 20, 0, 255).astype(np.uint8)
smooth = np.stack([6 * x, 10 * y, 3 * x + 5 * y], -1).astype(np.uint8)  # for lossy formats


def png(name, depth, colour_type, rows, chunks=b"", interlace=0):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    body = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, depth, colour_type, 0, 0, interlace))
    if chunks:
        body += chunk(*chunks)
    body += chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows), 9)) + chunk(b"IEND", b"")
    open(name, "wb").write(body)


Image.fromarray(rgb).save("rgb.png")
Image.fromarray(np.dstack([rgb, alpha])).save("rgba.png")
Image.fromarray(grey).save("grey.png")
Image.fromarray(np.dstack([grey, alpha]), "LA").save("grey_alpha.png")
png("rgb16.png", 16, 2, [(rgb[r].astype(">u2") * 256 + 255).astype(">u2").tobytes() for r in range(H)])
png("grey16.png", 16, 0, [(grey[r].astype(">u2") * 256 + 200).astype(">u2").tobytes() for r in range(H)])
png("grey1.png", 1, 0, [np.packbits((x + y)[r] % 3 == 0).tobytes() for r in range(H)])
palette = Image.fromarray(((x + y) % 4).astype(np.uint8), "P")
palette.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 255, 128, 0])
palette.save("palette.png")
palette.save("palette_transparent.png", transparency=2)
palette.save("frames.gif", save_all=True, append_images=[Image.fromarray(grey).convert("P")])
Image.fromarray(rgb).save("rgb.webp", lossless=True, exact=True)
Image.fromarray(rgb).save("rgb.tif", compression="tiff_lzw")
Image.fromarray(rgb).save("turned.tif", tiffinfo={274: 6})
Image.fromarray(grey).save("pages.tif", save_all=True, append_images=[Image.fromarray(255 - grey)])
Image.fromarray(grey.astype(np.uint16) * 256 + 200).save("grey16.tif")
Image.fromarray((x + y) % 3 == 0).save("bilevel.tif", compression="group4")
Image.fromarray(grey.astype(np.float32)).save("float.tif")
cmyk = Image.fromarray(np.dstack([smooth, (2 * x + 3 * y).astype(np.uint8)]), "CMYK")
cmyk.save("cmyk.tif")
cmyk.save("cmyk.jpg", quality=90)
Image.fromarray(smooth).save("photo.jpg", quality=85)
Image.fromarray(smooth).save("progressive.jpg", quality=85, progressive=True)
Image.fromarray(grey).save("grey.jpg", quality=90)
exif = Image.Exif()
exif[274] = 1
Image.fromarray(smooth).save("oriented.jpg", quality=95, subsampling=0, exif=exif)
Image.fromarray(smooth).save("photo.webp", quality=80)
for name in ["cmyk.jpg", "cmyk.tif", "photo.jpg", "progressive.jpg", "grey.jpg", "photo.webp"]:
    Image.open(name).convert("RGB").save(name + ".expected.png", optimize=True)
Image.fromarray(smooth).resize((64, 48)).save("/tmp/heif_source.png")
if shutil.which("vips"):
    for name, how in [("photo.heic", "compression=hevc,Q=90"), ("photo.avif", "compression=av1,Q=90")]:
        subprocess.run(["vips", "copy", "/tmp/heif_source.png", f"{name}[{how}]"], check=True)
Image.fromarray(rgb).save("picture.bmp")
open("picture.svg", "w").write('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>')
Image.fromarray(rgb).save("picture.pdf")
Image.fromarray(rgb).save("picture.ppm")
open("text.txt", "w").write("This is not an image.\n")
