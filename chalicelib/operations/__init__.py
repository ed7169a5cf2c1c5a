"""The 75 operations: the API on one page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..jobs.analyses import CELEBRITIES, FACE_SEARCH, FACES, LABELS, MODERATION, PEOPLE, SEGMENTS, TEXT
from . import bulk, celebrities, collections, equipment, faces, images, labels, moderation, tags, text, users, videos

if TYPE_CHECKING:
    from ..backend import Backend

Operation = Callable[[Any, "Backend"], Mapping[str, Any]]
"""A validated request and what it runs against, to the members of the answer."""

OPERATIONS: dict[str, Operation] = {
    "AssociateFaces": users.associate_faces,
    "CompareFaces": images.compare_faces,
    "CreateCollection": collections.create_collection,
    "CreateUser": users.create_user,
    "DeleteCollection": collections.delete_collection,
    "DeleteFaces": faces.delete_faces,
    "DeleteUser": users.delete_user,
    "DescribeCollection": collections.describe_collection,
    "DetectFaces": images.detect_faces,
    "DetectLabels": labels.detect_labels,
    "DetectModerationLabels": moderation.detect_moderation_labels,
    "DetectProtectiveEquipment": equipment.detect_protective_equipment,
    "DetectText": text.detect_text,
    "DisassociateFaces": users.disassociate_faces,
    "GetCelebrityInfo": celebrities.get_celebrity_info,
    "GetCelebrityRecognition": videos.get(CELEBRITIES),
    "GetContentModeration": videos.get(MODERATION),
    "GetFaceDetection": videos.get(FACES),
    "GetFaceSearch": videos.get(FACE_SEARCH),
    "GetLabelDetection": videos.get(LABELS),
    "GetMediaAnalysisJob": bulk.get_media_analysis_job,
    "GetPersonTracking": videos.get(PEOPLE),
    "GetSegmentDetection": videos.get(SEGMENTS),
    "GetTextDetection": videos.get(TEXT),
    "IndexFaces": faces.index_faces,
    "ListCollections": collections.list_collections,
    "ListFaces": faces.list_faces,
    "ListMediaAnalysisJobs": bulk.list_media_analysis_jobs,
    "ListTagsForResource": tags.list_tags_for_resource,
    "ListUsers": users.list_users,
    "RecognizeCelebrities": celebrities.recognize_celebrities,
    "SearchFaces": faces.search_faces,
    "SearchFacesByImage": faces.search_faces_by_image,
    "SearchUsers": users.search_users,
    "SearchUsersByImage": users.search_users_by_image,
    "StartCelebrityRecognition": videos.start(CELEBRITIES),
    "StartContentModeration": videos.start(MODERATION),
    "StartFaceDetection": videos.start(FACES),
    "StartFaceSearch": videos.start(FACE_SEARCH),
    "StartLabelDetection": videos.start(LABELS),
    "StartMediaAnalysisJob": bulk.start_media_analysis_job,
    "StartPersonTracking": videos.start(PEOPLE),
    "StartSegmentDetection": videos.start(SEGMENTS),
    "StartTextDetection": videos.start(TEXT),
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
}
