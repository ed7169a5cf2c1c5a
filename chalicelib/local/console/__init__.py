"""The console: a web page at `/_lookalike/` that shows what Lookalike sees, keeps and is asked.

    static/     the page: HTML, CSS and JavaScript modules as they are written, no build step
    pages.py    serves them
    routes.py   what no operation of Rekognition tells: the calls of late, jobs, uploads, model packs

For all else the page calls Rekognition and S3 on the same port, as any client does; with keys that a person types, it
signs. Nothing is fetched from anywhere else: the page's Content-Security-Policy forbids it.
"""
