"""One account's AWS on this machine: the command line, the port, moto behind it, and what keeps its state."""
