// What can be seen on a photo, as data: the operation to call, and its answer as findings.
// A finding is { title, note, confidence, depth, details: [name, value][], marks }.

import { percent, plural } from "./format.js";

const yes = (value) => (value.Value ? "yes" : "no");
const words = (name) => name.toLowerCase().replaceAll("_", " ");
const sure = (part) => percent(part.Confidence);

/** A face's description in a few words, from its FaceDetail. */
export function faceTitle(face) {
  return face.Gender ? `${face.Gender.Value}, ${face.AgeRange.Low} to ${face.AgeRange.High}` : "Face";
}

function face(detail) {
  const shown = ["Smile", "Eyeglasses", "Sunglasses", "Beard", "Mustache", "EyesOpen", "MouthOpen", "FaceOccluded"];
  const feelings = detail.Emotions ?? [];
  return {
    title: faceTitle(detail),
    note: feelings[0] ? `looks ${words(feelings[0].Type)}` : "",
    confidence: detail.Confidence,
    details: [
      ["Gender", `${detail.Gender.Value}, ${sure(detail.Gender)}`],
      ["Age", `${detail.AgeRange.Low} to ${detail.AgeRange.High}`],
      ...shown
        .filter((name) => detail[name])
        .map((name) => [
          name.replace(/(?<=.)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
          `${yes(detail[name])}, ${sure(detail[name])}`,
        ]),
      [
        "Expression",
        feelings
          .slice(0, 3)
          .map((feeling) => `${words(feeling.Type)} ${sure(feeling)}`)
          .join(", "),
      ],
      [
        "Pose",
        ["Yaw", "Pitch", "Roll"]
          .map((turn) => `${turn.toLowerCase()} ${Math.round(detail.Pose[turn]) || 0}°`)
          .join(", "),
      ],
      [
        "Quality",
        `brightness ${detail.Quality.Brightness.toFixed(0)}, sharpness ${detail.Quality.Sharpness.toFixed(0)}`,
      ],
    ],
    marks: [{ box: detail.BoundingBox, points: detail.Landmarks, name: faceTitle(detail) }],
  };
}

function label(found) {
  const names = (list) => list.map((each) => each.Name).join(", ");
  return {
    title: found.Name,
    note: found.Instances.length
      ? plural(found.Instances.length, "place")
      : (found.Parents.map((parent) => parent.Name).at(-1) ?? ""),
    confidence: found.Confidence,
    details: [
      ["Kind of", names(found.Parents)],
      ["Also called", names(found.Aliases)],
      ["Category", names(found.Categories)],
    ],
    marks: found.Instances.map((instance) => ({ box: instance.BoundingBox, name: found.Name })),
  };
}

function line(found, all) {
  const inside = all.filter((word) => word.ParentId === found.Id);
  return {
    title: found.DetectedText,
    note: inside.length > 1 ? plural(inside.length, "word") : "",
    confidence: found.Confidence,
    details: inside.map((word) => [word.DetectedText, sure(word)]),
    marks: [{ polygon: found.Geometry.Polygon, name: found.DetectedText, shy: true }],
  };
}

function person(found) {
  const parts = found.BodyParts.filter((part) => part.Confidence);
  const worn = parts.flatMap((part) => part.EquipmentDetections.map((each) => ({ ...each, part })));
  return {
    title: `Person ${found.Id + 1}`,
    note: worn.length ? worn.map((each) => words(each.Type)).join(", ") : "no equipment seen",
    confidence: found.Confidence,
    details: parts.map((part) => [
      words(part.Name).replace(/^./, (letter) => letter.toUpperCase()),
      part.EquipmentDetections.map(
        (each) => `${words(each.Type)} ${sure(each)}, covers it: ${yes(each.CoversBodyPart)}`,
      ).join("; ") || "nothing on it",
    ]),
    marks: [
      { box: found.BoundingBox, name: `Person ${found.Id + 1}` },
      ...worn.map((each) => ({ box: each.BoundingBox, name: words(each.Type) })),
    ],
  };
}

export const ANALYSES = [
  {
    id: "faces",
    title: "Faces",
    operation: "DetectFaces",
    members: { Attributes: ["ALL"] },
    findings: (answer) => answer.FaceDetails.map(face),
  },
  {
    id: "labels",
    title: "Labels",
    operation: "DetectLabels",
    members: {},
    findings: (answer) => answer.Labels.map(label),
  },
  {
    id: "text-found",
    title: "Text",
    operation: "DetectText",
    members: {},
    findings: (answer) =>
      answer.TextDetections.filter((each) => each.Type === "LINE").map((each) => line(each, answer.TextDetections)),
  },
  {
    id: "moderation",
    title: "Moderation",
    operation: "DetectModerationLabels",
    members: {},
    findings: (answer) =>
      answer.ModerationLabels.map((found) => ({
        title: found.Name,
        note: found.ParentName && `of ${found.ParentName}`,
        confidence: found.Confidence,
        details: [["Level", String(found.TaxonomyLevel)]],
        marks: [],
      })),
  },
  {
    id: "equipment",
    title: "Equipment",
    operation: "DetectProtectiveEquipment",
    members: {
      SummarizationAttributes: {
        MinConfidence: 80,
        RequiredEquipmentTypes: ["FACE_COVER", "HEAD_COVER", "HAND_COVER"],
      },
    },
    findings: (answer) => answer.Persons.map(person),
  },
];
