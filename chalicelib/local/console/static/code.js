// The same call in Python, on the command line and in JavaScript.

import { fill, h } from "./dom.js";
import { copier } from "./parts.js";
import { Photo } from "./photo.js";

const snake = (name) => name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
const kebab = (name) => snake(name).replaceAll("_", "-");
const quoted = (text) => JSON.stringify(text);
const shell = (text) => (/^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const inside = (depth) => "    ".repeat(depth);

function python(value, depth) {
  if (value instanceof Photo) return "photo";
  if (value === true || value === false) return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map((each) => python(each, depth)).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value)
      .map(([name, member]) => `${quoted(name)}: ${python(member, depth)}`)
      .join(", ")}}`;
  }
  return JSON.stringify(value);
}

function boto3(operation, members, region) {
  const photo = photoOf(members);
  const reading = photo ? `photo = Path(${quoted(photo.name)}).read_bytes()\n` : "";
  const given = Object.entries(members)
    .map(([name, value]) => `${inside(1)}${name}=${python(value, 1)},\n`)
    .join("");
  return `${photo ? "from pathlib import Path\n\n" : ""}import boto3

rekognition = boto3.client(
    "rekognition",
    endpoint_url="${location.origin}",
    region_name="${region}",
    aws_access_key_id="test",
    aws_secret_access_key="test",
)
${reading}answer = rekognition.${snake(operation)}(${given ? `\n${given}` : ""})
print(answer)
`;
}

function cli(operation, members, region) {
  const options = Object.entries(members).map(([name, value]) => {
    if (value.Bytes instanceof Photo) return `--${kebab(name)}-bytes ${shell(`fileb://${value.Bytes.name}`)}`;
    if (Array.isArray(value) && value.every((each) => typeof each === "string"))
      return `--${kebab(name)} ${value.map(shell).join(" ")}`;
    return `--${kebab(name)} ${shell(typeof value === "object" ? JSON.stringify(value) : String(value))}`;
  });
  return (
    [`aws rekognition ${kebab(operation)}`, ...options, `--endpoint-url ${location.origin}`, `--region ${region}`].join(
      " \\\n  ",
    ) + "\n"
  );
}

function javascript(operation, members, region) {
  const text = (value) => {
    if (value instanceof Photo) return `await readFile(${quoted(value.name)})`;
    if (Array.isArray(value)) return `[${value.map(text).join(", ")}]`;
    if (typeof value === "object")
      return `{ ${Object.entries(value)
        .map(([name, member]) => `${name}: ${text(member)}`)
        .join(", ")} }`;
    return JSON.stringify(value);
  };
  const given = Object.entries(members)
    .map(([name, value]) => `  ${name}: ${text(value)},\n`)
    .join("");
  const reading = photoOf(members) ? 'import { readFile } from "node:fs/promises";\n' : "";
  return `${reading}import { RekognitionClient, ${operation}Command } from "@aws-sdk/client-rekognition";

const rekognition = new RekognitionClient({
  endpoint: "${location.origin}",
  region: "${region}",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});
const answer = await rekognition.send(new ${operation}Command({${given ? `\n${given}` : ""}}));
console.log(answer);
`;
}

const photoOf = (members) => Object.values(members).find((value) => value?.Bytes instanceof Photo)?.Bytes;

const LANGUAGES = [
  ["Python", boto3],
  ["AWS CLI", cli],
  ["JavaScript", javascript],
];
let preferred = 0;

/** What to type for a call. `call` is { operation, members, answer }. */
export function codeOf({ operation, members }, region, language = preferred) {
  return LANGUAGES[language][1](operation, members, region);
}

/** Answers and code of calls that were made: `show(calls)` again when there are others. Two panels, for `tabs`. */
export function inspector(region) {
  const response = h("div.stack.pad");
  const code = h("div.stack.pad");
  let calls = [];
  let at = 0;
  const operations = () =>
    h(
      "select",
      {
        "aria-label": "Operation",
        onchange: (event) => {
          at = event.target.selectedIndex;
          draw();
        },
      },
      calls.map((call, index) => h("option", { selected: index === at }, call.operation)),
    );
  const languages = () =>
    h(
      "select",
      {
        "aria-label": "Language",
        onchange: (event) => {
          preferred = event.target.selectedIndex;
          draw();
        },
      },
      LANGUAGES.map(([name], index) => h("option", { selected: index === preferred }, name)),
    );
  function draw() {
    const call = calls[at];
    if (!call) {
      const none = () => h("p.empty", "Nothing was asked yet.");
      return [fill(response, none()), fill(code, none())];
    }
    const json = JSON.stringify(call.answer, null, 2);
    const written = codeOf(call, region);
    fill(
      response,
      h(
        "div.asked",
        operations(),
        copier(() => json, "Copy JSON"),
      ),
      h("pre.tall", { tabindex: 0, "aria-label": "Response" }, json),
    );
    return fill(
      code,
      h(
        "div.asked",
        operations(),
        languages(),
        copier(() => written),
      ),
      h("pre.tall", { tabindex: 0, "aria-label": "Code" }, written),
    );
  }
  const show = (made) => {
    calls = made;
    at = Math.min(at, Math.max(0, made.length - 1));
    draw();
  };
  show([]);
  return { response, code, show };
}
