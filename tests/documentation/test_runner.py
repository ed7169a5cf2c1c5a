"""What runs the pages' examples notices when they are wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.documentation.pages import HERE, blocks, run

PAGE = f"""
Some words.

<!-- file: names.txt -->
```text
Ada
```

```console
$ cat names.txt && echo {HERE} \\
  again
Ada
{HERE} again
$ echo 99.5 of
98.7 of
$ VALUE=kept
$ echo "$VALUE and more"
kept ...
```

<!-- not run: it would not end -->
```console
$ sleep 1000
```

```python
assert open("names.txt").read() == "Ada\\n"
```
"""


def follow(page: str, folder: Path) -> None:
    for block in blocks(page):
        run(block, folder, os.environ, "http://127.0.0.1:9999")


def test_a_page_is_followed_in_order(tmp_path: Path) -> None:
    follow(PAGE, tmp_path)
    assert [block.not_run for block in blocks(PAGE)] == ["", "", "it would not end", ""]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("98.7 of", "98.7 on"),
        ("kept ...", "lost ..."),
        ("$ VALUE=kept", "$ false"),
        ('== "Ada', '!= "Ada'),
        ("<!-- file: names.txt -->", "In names.txt:"),
    ],
)
def test_what_is_wrong_fails(tmp_path: Path, said: str, wrong: str) -> None:
    assert said in PAGE
    with pytest.raises(AssertionError):
        follow(PAGE.replace(said, wrong), tmp_path)
