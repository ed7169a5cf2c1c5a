"""Requests and pictures that nobody would send, sent to a real server: `python -m tests.fuzz --requests N --images N`.

    requests.py   JSON that the service model allows, then bent, by Hypothesis
    images.py     JPEG and PNG files, cut, overwritten, and with other headers
    server.py     the server under test: what it answered, how long it took, how much memory it has
    __main__.py   hours of it, with a progress bar; what went wrong is kept in files that can be sent again
    guided.py     without a server: code that is reached chooses what comes next, with atheris

The suite runs some seconds of it: `test_fuzz.py`.
"""
