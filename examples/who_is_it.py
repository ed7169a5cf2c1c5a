"""Index photos of people you know by name, then ask who is on another photo.

    python examples/who_is_it.py                            # NASA's portrait of Eileen Collins, and a poor copy of it
    python examples/who_is_it.py FOLDER PHOTO               # your own: FOLDER holds Ada_Lovelace.jpg and so on

Plain boto3: with AWS_ENDPOINT_URL unset, the same script runs against Amazon's service.
"""

import sys
from pathlib import Path

import boto3

here = Path(__file__).parent
people, visitor = map(Path, sys.argv[1:] or (here.parent / "tests" / "photos", here / "visitor.jpg"))
rekognition = boto3.client("rekognition")

if "people" in rekognition.list_collections()["CollectionIds"]:
    rekognition.delete_collection(CollectionId="people")
rekognition.create_collection(CollectionId="people")
for photo in sorted(people.glob("*.jpg")):
    indexed = rekognition.index_faces(
        CollectionId="people", Image={"Bytes": photo.read_bytes()}, ExternalImageId=photo.stem, MaxFaces=1
    )
    print(f"{photo.name}: {len(indexed['FaceRecords'])} face(s) indexed")

found = rekognition.search_faces_by_image(CollectionId="people", Image={"Bytes": visitor.read_bytes()})
for match in found["FaceMatches"]:
    print(f"{visitor.name} is {match['Face']['ExternalImageId']}, similarity {match['Similarity']:.1f} %")
if not found["FaceMatches"]:
    print(f"{visitor.name} is nobody indexed")
