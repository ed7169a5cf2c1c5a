"""Our own heads: small networks on features of the core models, trained on two cores in minutes, seeded.

`make train` needs the photos of ../shared/data. What it writes to models/heads/ is what the repository holds.
"""
