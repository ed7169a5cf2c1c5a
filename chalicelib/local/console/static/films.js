// Results of stored video as moments on a timeline: { row, from, to, confidence, marks }, times in seconds.

import { faceTitle } from "./analyses.js";

const one = (row, result, confidence, marks = []) => ({
  row,
  from: result.Timestamp / 1000,
  to: null,
  confidence,
  marks,
});
const boxed = (name, box) => (box ? [{ name, box }] : []);

function person(result, name, face) {
  const box = result.Person.BoundingBox ?? result.Person.Face?.BoundingBox;
  return one(name, result, face ?? result.Person.Face?.Confidence ?? null, boxed(name, box));
}

function segment(result) {
  const cue = result.TechnicalCueSegment;
  const name = cue ? cue.Type : "Shot";
  const confidence = (cue ?? result.ShotSegment).Confidence;
  return {
    row: name,
    from: result.StartTimestampMillis / 1000,
    to: result.EndTimestampMillis / 1000,
    confidence,
    marks: [],
  };
}

/** The analyses: by name the title, the member of the Get's answer, and a result as moments. */
export const FILMS = {
  LabelDetection: {
    title: "Labels",
    member: "Labels",
    moments: (each) => [
      one(
        each.Label.Name,
        each,
        each.Label.Confidence,
        each.Label.Instances.map((instance) => ({ name: each.Label.Name, box: instance.BoundingBox })),
      ),
    ],
  },
  FaceDetection: {
    title: "Faces",
    member: "Faces",
    start: { FaceAttributes: "ALL" },
    moments: (each) => [one("Face", each, each.Face.Confidence, boxed(faceTitle(each.Face), each.Face.BoundingBox))],
  },
  TextDetection: {
    title: "Text",
    member: "TextDetections",
    moments: ({ TextDetection: found, ...each }) =>
      found.Type === "LINE"
        ? [
            one(found.DetectedText, each, found.Confidence, [
              { name: found.DetectedText, polygon: found.Geometry.Polygon },
            ]),
          ]
        : [],
  },
  ContentModeration: {
    title: "Moderation",
    member: "ModerationLabels",
    moments: (each) => [one(each.ModerationLabel.Name, each, each.ModerationLabel.Confidence)],
  },
  CelebrityRecognition: {
    title: "Celebrities",
    member: "Celebrities",
    moments: (each) => [
      one(
        each.Celebrity.Name,
        each,
        each.Celebrity.Confidence,
        boxed(each.Celebrity.Name, each.Celebrity.Face?.BoundingBox ?? each.Celebrity.BoundingBox),
      ),
    ],
  },
  FaceSearch: {
    title: "Face search",
    member: "Persons",
    collection: true,
    moments: (each) => {
      const best = each.FaceMatches?.[0];
      return [
        person(
          each,
          best ? (best.Face.ExternalImageId ?? best.Face.FaceId.slice(0, 8)) : `Person ${each.Person.Index}`,
          best?.Similarity,
        ),
      ];
    },
  },
  PersonTracking: {
    title: "People",
    member: "Persons",
    moments: (each) => [person(each, `Person ${each.Person.Index}`)],
  },
  SegmentDetection: {
    title: "Segments",
    member: "Segments",
    start: { SegmentTypes: ["SHOT", "TECHNICAL_CUE"] },
    moments: (each) => [segment(each)],
  },
};

/** A job's name for people. */
export const filmTitle = (analysis) =>
  FILMS[analysis]?.title ?? analysis.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Moments by row, joined to spans where none is missing: `gap` is the seconds between two looked-at frames. */
export function rowsOf(moments, gap) {
  const rows = Map.groupBy(moments, (moment) => moment.row);
  return [...rows]
    .map(([name, all]) => {
      const spans = [];
      for (const moment of all.toSorted((first, second) => first.from - second.from)) {
        const last = spans.at(-1);
        const end = moment.to ?? moment.from + gap;
        if (last && moment.to === null && moment.from - last.to <= gap * 0.6) last.to = Math.max(last.to, end);
        else spans.push({ from: moment.from, to: end });
      }
      return { name, spans, count: all.length, confidence: Math.max(...all.map((moment) => moment.confidence ?? 0)) };
    })
    .toSorted((first, second) => second.count - first.count);
}
