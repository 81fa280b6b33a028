"""Screenshots as small files: 256 colours, packed tightly. The browser that took them counts the colours."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

# The 256 commonest colours stay; each other one becomes the nearest of them.
REDUCE = """
async (source) => {
  const picture = await createImageBitmap(await (await fetch(source)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
  canvas.drawImage(picture, 0, 0);
  const pixels = canvas.getImageData(0, 0, picture.width, picture.height).data;
  const counts = new Map();
  const colour = (at) => (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
  for (let at = 0; at < pixels.length; at += 4) counts.set(colour(at), (counts.get(colour(at)) ?? 0) + 1);
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([each]) => each);
  const apart = (a, b) => [16, 8, 0].reduce((sum, bits) => sum + (((a >> bits) & 255) - ((b >> bits) & 255)) ** 2, 0);
  const nearest = (wanted) => palette.reduce(
    (best, each, place) => (apart(each, wanted) < apart(palette[best], wanted) ? place : best), 0);
  const places = new Map([...counts.keys()].map((each) => [each, nearest(each)]));
  let text = "";
  for (let at = 0; at < pixels.length; at += 4) text += String.fromCharCode(places.get(colour(at)));
  return { width: picture.width, height: picture.height, palette, indexes: btoa(text) };
}
"""


def small_png(page: Page, png: bytes) -> bytes:
    """The same picture in at most 256 colours. `page` is any page that may run scripts, such as an empty one."""
    reduced: dict[str, Any] = page.evaluate(REDUCE, f"data:image/png;base64,{base64.b64encode(png).decode()}")
    width, height = reduced["width"], reduced["height"]
    pixels = base64.b64decode(reduced["indexes"])
    rows = b"".join(b"\0" + pixels[at : at + width] for at in range(0, width * height, width))
    palette = b"".join(struct.pack(">I", colour)[1:] for colour in reduced["palette"])
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # eight bits that name a colour of the palette
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
