"""What Lookalike remembers: DynamoDB through pynamodb, S3 objects, and the sealing of face vectors.

The life of one face. IndexFaces hands `faces.Faces.add` what it found in a picture. In one transaction the store
writes an Image record (the faces' metadata and their sealed vectors), the image's name (so that the same picture is
not indexed twice) and the collection's head (one record more, so many faces more). Listing reads records by number;
searching folds them into memory; deleting rewrites the record and appends a note that it was rewritten.

  collections   one head a collection: how many records, faces and users it has, its tags, its wrapped data key
  records       two logs a collection, of faces and of users, numbered from 0 without gaps
  names         what must be unique: images, users, client request tokens
  consents      who agreed to be in a collection that asks for it

People who opted out are the faces of a collection of our own, which the API cannot name (`optouts`).

A record's key holds its number and is a partition of its own: no call queries or sorts, neither on AWS, where one
partition takes 1,000 writes a second, nor in moto, where a query costs in proportion to the partition.

The price: writes to one collection follow one another, since each moves the head (a transaction that finds it moved
reads it again and is retried). Faces of one picture share an item, so that the 100 faces of a crowd are indexed
in one transaction of three writes, far from the 100 writes that DynamoDB allows.
"""
