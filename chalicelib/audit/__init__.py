"""Who asked what of whom, and when: a log of every call that nobody can change unnoticed.

The life of a record. The door tells `trail.Trail` of each call, refused ones too. `record` describes it in the shape of
CloudTrail's records, without pictures, vectors or names of people. `chain` gives it a place: its sequence, the hash of
the line before it, and a MAC. `log` appends the line to the day's file and then moves the anchor, which says how many
records there are and what the last one is. `reading` reads the log back, and proves it.

Who finds what, of somebody who can write the files

  without the key (`audit.key`)   a byte changed, a line removed, added, moved or copied from elsewhere, and an end cut
                                  off: all found. Not found: log and anchor both put back to what they were before.
  with the key                    nothing inside the files can tell: whoever may run as the server can be the server.

Both are found by who keeps outside what `lookalike audit verify` prints, and gives it back as `--expect`.

What is lost when. `kill -9` loses no call that changed something and was answered, and of those that only read what
the last 20 ms answered. A power cut loses the last half second. Neither breaks the chain or passes the anchor. Where a
record cannot be written, calls are refused (`Door.observers`).

On Lambda there is no file: a line goes to the container's log, which only CloudWatch can change, and each container has
a chain of its own, without MAC and anchor.
"""
