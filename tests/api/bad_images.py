"""Images that are none or not fit to be looked at, and objects in S3 that are not there."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from PIL import Image

from tests.api.cases import ASTRONAUT, AT_LEAST, AT_MOST, BUCKET, PEOPLE, Case


def encoded(size: tuple[int, int], form: str, **options: Any) -> bytes:
    """A plain grey picture."""
    out = io.BytesIO()
    Image.new("RGB", size, "grey").save(out, form, **options)
    return out.getvalue()


def bomb(side: int) -> bytes:
    """A PNG whose header promises `side` by `side` pixels, and whose few bytes inflate to as many."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj()
    row = bytes(side // 8 + 1)
    pixels = b"".join(rows.compress(row) for _ in range(side)) + rows.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


GREY = encoded((120, 120), "JPEG")
NOT_IMAGES = {
    "text": b"not an image",
    "a zero byte": b"\0",
    "a megabyte of zeros": bytes(1_000_000),
    "a truncated JPEG": ASTRONAUT[: len(ASTRONAUT) // 2],
    "the header of a JPEG": ASTRONAUT[:20],
    "the signature of a PNG": b"\x89PNG\r\n\x1a\n",
    "a truncated PNG": encoded((200, 200), "PNG")[:-30],
    "a PNG with a damaged header": encoded((200, 200), "PNG").replace(b"IHDR\0\0\0\xc8", b"IHDR\0\0\1\xc8"),
    "a GIF": encoded((200, 200), "GIF"),
    "a WebP": encoded((200, 200), "WEBP"),
    "a BMP": encoded((200, 200), "BMP"),
    "a TIFF": encoded((200, 200), "TIFF"),
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200"/>',
    "a PDF": encoded((200, 200), "PDF"),
    "base64 in base64": b"/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA==",
}


def images() -> Iterator[Case]:
    """Images that are none, or not fit to be looked at."""
    refused = "InvalidImageFormatException", "Request has invalid image format"
    for name, data in NOT_IMAGES.items():
        image = {"Bytes": data}
        yield Case(f"DetectFaces: {name}", "DetectFaces", {"Image": image}, *refused)
        yield Case(f"IndexFaces: {name}", "IndexFaces", {"CollectionId": PEOPLE, "Image": image}, *refused)
    for name in ("text", "a truncated JPEG", "a GIF"):
        image, sound = {"Bytes": NOT_IMAGES[name]}, {"Bytes": ASTRONAUT}
        yield Case(f"source: {name}", "CompareFaces", {"SourceImage": image, "TargetImage": sound}, *refused)
        yield Case(f"target: {name}", "CompareFaces", {"SourceImage": sound, "TargetImage": image}, *refused)
        yield Case(f"search: {name}", "SearchFacesByImage", {"CollectionId": PEOPLE, "Image": image}, *refused)
    for width, height in ((1, 1), (79, 200), (200, 79)):
        image = {"Bytes": encoded((width, height), "PNG")}
        name, code = f"{width}x{height}", "InvalidParameterException"
        yield Case(f"DetectFaces: {name}", "DetectFaces", {"Image": image}, code)
        yield Case(f"IndexFaces: {name}", "IndexFaces", {"CollectionId": PEOPLE, "Image": image}, code)
    for operation, members in image_operations({"Bytes": bomb(20_000)}):
        yield Case(f"bomb: {operation}", operation, members, "ImageTooLargeException|InvalidImageFormatException")
    for operation, members in image_operations({"Bytes": b""}):
        yield Case(
            f"empty: {operation}",
            operation,
            members,
            "ValidationException",
            rf"HeapByteBuffer\[pos=0 lim=0 cap=0\]' at '\w+\.bytes'.*{AT_LEAST} 1",
        )
    for operation, members in image_operations({"Bytes": bytes(5_242_881)}):
        yield Case(
            f"over 5 MB: {operation}", operation, members, "ValidationException", f"lim=5242881 .*{AT_MOST} 5242880"
        )
    for operation, members in image_operations({}):
        yield Case(
            f"neither: {operation}", operation, members, "InvalidParameterException", "Request has invalid parameters"
        )
    for operation, members in image_operations({"Bytes": GREY, "S3Object": {"Bucket": BUCKET, "Name": "a"}}):
        yield Case(
            f"both: {operation}", operation, members, "InvalidParameterException", "Request has invalid parameters"
        )
    no_face = {"CollectionId": PEOPLE, "Image": {"Bytes": GREY}}
    message = "There are no faces in the image. Should be at least 1."
    yield Case("no face to search", "SearchFacesByImage", no_face, "InvalidParameterException", message)
    yield Case("no face to index", "IndexFaces", no_face, "", status=200)
    grey, sound = {"Bytes": GREY}, {"Bytes": ASTRONAUT}
    compared = {"SourceImage": grey, "TargetImage": sound}
    yield Case("no face to compare", "CompareFaces", compared, "InvalidParameterException")


def image_operations(image: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The requests of the four operations that take an image."""
    yield "DetectFaces", {"Image": image}
    yield "IndexFaces", {"CollectionId": PEOPLE, "Image": image}
    yield "SearchFacesByImage", {"CollectionId": PEOPLE, "Image": image}
    yield "CompareFaces", {"SourceImage": image, "TargetImage": {"Bytes": ASTRONAUT}}


def objects() -> Iterator[Case]:
    """Objects in S3 that are not there, or are no images. The test puts notes.txt, big.png and folder/."""
    lost = "InvalidS3ObjectException", "Unable to get object metadata from S3"
    missing: dict[str, dict[str, str]] = {
        "bucket": {"Bucket": "no-such-bucket", "Name": "a.jpg"},
        "key": {"Bucket": BUCKET, "Name": "no-such-key.jpg"},
        "version": {"Bucket": BUCKET, "Name": "notes.txt", "Version": "no-such-version"},
        "key with spaces": {"Bucket": BUCKET, "Name": "a b/ü+%20.jpg"},
        "key that climbs": {"Bucket": BUCKET, "Name": "../../etc/passwd"},
        "bucket that climbs": {"Bucket": "...", "Name": "a.jpg"},
    }
    for name, at in missing.items():
        for operation, members in image_operations({"S3Object": at}):
            if operation != "CompareFaces" or name in ("bucket", "key"):
                yield Case(f"missing {name}: {operation}", operation, members, *lost)
    for operation, members in image_operations({"S3Object": {"Bucket": BUCKET, "Name": "notes.txt"}}):
        yield Case(f"text object: {operation}", operation, members, "InvalidImageFormatException")
    big = {"Image": {"S3Object": {"Bucket": BUCKET, "Name": "big.png"}}}
    yield Case("object over 15 MB", "DetectFaces", big, "ImageTooLargeException", "Image size is too large")
    empty = {"Image": {"S3Object": {"Bucket": BUCKET, "Name": "folder/"}}}
    yield Case("empty object", "DetectFaces", empty, "InvalidImageFormatException|InvalidS3ObjectException")
    for at in ({"Bucket": BUCKET}, {"Name": "a.jpg"}, {}):
        members = {"Image": {"S3Object": at}}
        yield Case(f"object {at}", "DetectFaces", members, "InvalidS3ObjectException|InvalidParameterException")
    shaped = {"Image": {"S3Object": {"Bucket": "a b", "Name": "a.jpg"}}}
    yield Case(
        "bucket with a space", "DetectFaces", shaped, "ValidationException", r"'a b' at 'image\.s3Object\.bucket'"
    )
    short = {"Image": {"S3Object": {"Bucket": "ab", "Name": "a.jpg"}}}
    yield Case("short bucket", "DetectFaces", short, "ValidationException", f"{AT_LEAST} 3")
