"""`python -m chalicelib` in the checkout, `python -m lookalike` where it is installed."""

from .local.cli import main

main()
