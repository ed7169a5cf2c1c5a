"""An unmodified boto3 program: the first fourteen operations, on the photo and the collection that it is given."""

import json
import sys
from pathlib import Path

import boto3

rekognition = boto3.client("rekognition")
name = sys.argv[2]
image = {"Bytes": Path(sys.argv[1]).read_bytes()}
seen = {}

created = rekognition.create_collection(CollectionId=name, Tags={"team": "blue"})
assert created["StatusCode"] == 200
assert created["CollectionArn"].endswith(f":collection/{name}")
arn = rekognition.describe_collection(CollectionId=name)["CollectionARN"]
pages = rekognition.get_paginator("list_collections").paginate()
assert name in [each for page in pages for each in page["CollectionIds"]]

(found,) = rekognition.detect_faces(Image=image, Attributes=["DEFAULT"])["FaceDetails"]
seen["landmarks"] = sorted(landmark["Type"] for landmark in found["Landmarks"])
compared = rekognition.compare_faces(SourceImage=image, TargetImage=image)
seen["compared"] = compared["FaceMatches"][0]["Similarity"]
assert compared["UnmatchedFaces"] == []

indexed = rekognition.index_faces(CollectionId=name, Image=image, ExternalImageId="eileen", DetectionAttributes=[])
(record,) = indexed["FaceRecords"]
face = record["Face"]["FaceId"]
again = rekognition.index_faces(CollectionId=name, Image=image, ExternalImageId="eileen")
assert again["FaceRecords"][0]["Face"]["FaceId"] == face
assert indexed["UnindexedFaces"] == []
pages = rekognition.get_paginator("list_faces").paginate(CollectionId=name)
assert [each["FaceId"] for page in pages for each in page["Faces"]] == [face]
assert rekognition.search_faces(CollectionId=name, FaceId=face)["FaceMatches"] == []
(match,) = rekognition.search_faces_by_image(CollectionId=name, Image=image, FaceMatchThreshold=99)["FaceMatches"]
seen["match"] = [match["Face"]["ExternalImageId"], match["Similarity"]]

rekognition.tag_resource(ResourceArn=arn, Tags={"level": "2"})
assert rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "blue", "level": "2"}
rekognition.untag_resource(ResourceArn=arn, TagKeys=["team"])
assert rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"level": "2"}

assert rekognition.delete_faces(CollectionId=name, FaceIds=[face])["DeletedFaces"] == [face]
assert rekognition.describe_collection(CollectionId=name)["FaceCount"] == 0
assert rekognition.delete_collection(CollectionId=name)["StatusCode"] == 200
try:
    rekognition.describe_collection(CollectionId=name)
except rekognition.exceptions.ResourceNotFoundException as error:
    seen["gone"] = error.response["Error"]["Message"]
print(json.dumps(seen))
