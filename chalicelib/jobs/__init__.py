"""Work that outlives its request: the eight analyses of stored video, and the bulk analysis of images.

The life of a job. A Start operation keeps it (`queue.Desk.start`: one conditional write, the client's token names it)
and sends its id through SQS. A worker, a thread here and a Lambda function on AWS, claims it for a minute and keeps
renewing the claim while it works (`worker.Worker.run`). It fetches the video, and the analysis says frame by frame
what it sees (`analyses`); that goes to S3 in pages, in every order in which a client may ask for it (`results`). The
job ends in one conditional write, its end is published to the client's SNS topic, and it is closed. A Get operation
reads one page.

The price: a message is published after the end is written and before that is noted, so that no job ends unannounced.
The local port keeps the note together with the messages that the publishing put into queues, so that whoever waits at a
queue is told once, whatever is killed when. A subscriber over HTTP, and AWS itself, may be told twice by a worker that
dies between the two.
"""
