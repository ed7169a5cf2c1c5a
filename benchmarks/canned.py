"""moto's own server, as it is: what its canned Rekognition costs over HTTP on this machine."""

from __future__ import annotations

import logging

from moto.moto_server.threaded_moto_server import ThreadedMotoServer

if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request would count as moto's time
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    print("http://{}:{}".format(*server.get_host_and_port()), flush=True)
    server._thread.join()  # type: ignore[union-attr]  # it has no other way to wait
