"""HTTP in, HTTP out: the life of one request, and the only readers of botocore's service model.

1. `gateway.answer` takes a `Request` and finds the operation that X-Amz-Target names.
2. `Door.authenticate` says who is calling: whoever they claim to be, or with `signature.verify` who they are.
3. `protocol.read` turns the JSON body into members: blobs to bytes, timestamps to datetimes.
4. `validation.validate` checks what the model says of them, and complains in AWS's words.
5. `Door.permit`, where there is one, says whether this caller may do this.
6. The operation turns members into members, or raises a `ServiceError`.
7. `protocol.write` turns the result into JSON, and refuses what AWS would not send.
8. `Door.observers` are told: the audit, the console's log of requests.

Shapes are compiled to closures, each on its first use, so that a small request costs some tens of
microseconds and the first one for an operation a millisecond. The price: a stack trace through the wire shows
closures by the kind of shape, not by its name.
"""
