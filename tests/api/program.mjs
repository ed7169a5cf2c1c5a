// The first fourteen operations through the AWS SDK for JavaScript v3; what it saw is printed as JSON.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as sdk from "@aws-sdk/client-rekognition";

const [photo, name] = process.argv.slice(2);
const client = new sdk.RekognitionClient({});
const send = (operation, input) => client.send(new sdk[`${operation}Command`](input));
const Image = { Bytes: readFileSync(photo) };
const seen = {};

const created = await send("CreateCollection", { CollectionId: name, Tags: { team: "blue" } });
assert.equal(created.StatusCode, 200);
const described = await send("DescribeCollection", { CollectionId: name });
seen.created = described.CreationTimestamp instanceof Date;
const names = [];
for await (const page of sdk.paginateListCollections({ client }, {})) names.push(...page.CollectionIds);
assert(names.includes(name));

seen.faces = (await send("DetectFaces", { Image })).FaceDetails.length;
const compared = await send("CompareFaces", { SourceImage: Image, TargetImage: Image });
seen.compared = compared.FaceMatches[0].Similarity;

const indexed = await send("IndexFaces", { CollectionId: name, Image, ExternalImageId: "eileen" });
const face = indexed.FaceRecords[0].Face.FaceId;
assert.deepEqual((await send("ListFaces", { CollectionId: name })).Faces.map((each) => each.FaceId), [face]);
assert.deepEqual((await send("SearchFaces", { CollectionId: name, FaceId: face })).FaceMatches, []);
const searched = await send("SearchFacesByImage", { CollectionId: name, Image });
seen.match = searched.FaceMatches[0].Face.ExternalImageId;

const ResourceArn = described.CollectionARN;
await send("TagResource", { ResourceArn, Tags: { level: "2" } });
await send("UntagResource", { ResourceArn, TagKeys: ["team"] });
seen.tags = (await send("ListTagsForResource", { ResourceArn })).Tags;

assert.deepEqual((await send("DeleteFaces", { CollectionId: name, FaceIds: [face] })).DeletedFaces, [face]);
assert.equal((await send("DeleteCollection", { CollectionId: name })).StatusCode, 200);
try {
  await send("DescribeCollection", { CollectionId: name });
} catch (error) {
  seen.gone = [error instanceof sdk.ResourceNotFoundException, error.message];
}
console.log(JSON.stringify(seen));
