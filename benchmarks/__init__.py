"""What we add to the bare models, as ratios from one run: `make bench`.

Absolute times depend on the machine and on what else it does; two things measured in turn do not. So every line
here compares medians of rounds that alternate.
"""
