"""The one port: HTTP in and out, who may come in, and the routes that are not AWS's."""
