"""Take `console-light.png` and `console-dark.png`: the console in Chromium, on a server that holds nothing else.

    lookalike serve --memory &
    python docs/console.py http://127.0.0.1:4566

Eileen Collins's portrait is NASA's and in the public domain; see tests/photos/README.md.
"""

from __future__ import annotations

import shutil
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
from PIL import Image, ImageEnhance, ImageOps
from playwright.sync_api import Page, expect, sync_playwright

HERE = Path(__file__).resolve().parent
PORTRAIT = HERE.parent / "tests" / "photos" / "astronaut.jpg"
WINDOW: Any = {"width": 1280, "height": 800}
LARGEST = 300_000
"""Bytes of a screenshot."""


def jpeg(image: Image.Image) -> bytes:
    body = BytesIO()
    image.save(body, "JPEG", quality=92)
    return body.getvalue()


def fill(url: str) -> None:
    """A collection of one face in several lights: most photos are kept in the bucket of uploads, one is not."""
    options: Any = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    rekognition = boto3.client("rekognition", endpoint_url=url, **options)
    s3 = boto3.client("s3", endpoint_url=url, **options)
    portrait = Image.open(PORTRAIT).convert("RGB")
    kept = {
        "eileen-collins": portrait,
        "mirrored": ImageOps.mirror(portrait),
        "in-the-dark": ImageEnhance.Brightness(portrait).enhance(0.45),
        "closer": portrait.crop((110, 0, 390, 280)),
    }
    rekognition.create_collection(CollectionId="crew")
    for name, image in kept.items():
        s3.put_object(Bucket="lookalike-uploads", Key=f"collections/crew/{name}.jpg", Body=jpeg(image))
    grey = {"Bytes": jpeg(ImageOps.grayscale(portrait))}
    rekognition.index_faces(CollectionId="crew", Image=grey, ExternalImageId="not-kept")


def look(page: Page, url: str) -> None:
    for _ in range(2):  # the first time, models are opened
        page.goto(f"{url}/_lookalike/#/look")
        page.reload()
        page.locator("input[type=file]").set_input_files(PORTRAIT)
        expect(page.locator('.chip[aria-busy="false"]')).to_have_count(5, timeout=60_000)


def search(page: Page, url: str) -> None:
    page.goto(f"{url}/_lookalike/#/collections/crew")
    expect(page.locator(".face")).to_have_count(5, timeout=60_000)
    page.goto(f"{url}/_lookalike/#/collections/crew/search")
    page.locator("input[type=file]").set_input_files(PORTRAIT)
    expect(page.locator(".match canvas")).to_have_count(4, timeout=60_000)


def main(url: str) -> None:
    fill(url)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme, show in (("light", look), ("dark", search)):
            named: Any = scheme
            page = browser.new_page(viewport=WINDOW, color_scheme=named)
            show(page, url)
            shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
            path = HERE / f"console-{scheme}.png"
            shot.quantize(256, kmeans=1).save(path, optimize=True)
            assert path.stat().st_size < LARGEST, path
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
