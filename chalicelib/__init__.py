"""Amazon Rekognition on your own machine.

Folders are layers; each may import what stands to its right, and nothing else (import-linter keeps it so):

    local > evaluation, modelkit > wire > operations > uploads, backend > jobs > vision, store, search > ... > errors

File names are families: `faces.py` in operations, store and vision is one subject through the layers. A request for
DetectFaces goes through `wire.gateway.answer` (read, validate, dispatch, write), `operations.images.detect_faces`,
`Backend.picture`, `vision.faces.Faces.detect`, and back through `operations.details`.
"""

__version__ = "0.1.0"
