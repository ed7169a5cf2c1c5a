// Rekognition, S3 and the console's own routes, all of the port that this page came from.

import { askForKeys, keys } from "./keys.js";
import { pathOf, signed } from "./sign.js";

/** An answer that is an error, as AWS words it. */
export class ServiceError extends Error {
  constructor(code, message, status) {
    super(message);
    Object.assign(this, { code, status });
  }
}

const UNKNOWN_CALLER = new Set([
  "MissingAuthenticationTokenException",
  "MissingAuthenticationToken",
  "UnrecognizedClientException",
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
  "InvalidAccessKeyId",
  "IncompleteSignatureException",
  "ExpiredTokenException",
]);
const NOTHING = new Uint8Array();

/** Names a caller and proves nothing: also where no signatures are asked for, S3 shows objects to nobody unnamed. */
const UNSIGNED = {
  authorization:
    "AWS4-HMAC-SHA256 Credential=console/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none",
};

let asking = null;

async function send(service, method, path, { headers = {}, body = NOTHING } = {}) {
  const url = new URL(path, location.origin);
  const held = keys();
  const all = held
    ? await signed({ method, url, headers, body }, held, await region(), service)
    : { ...headers, ...(service === "s3" && UNSIGNED) };
  const response = await fetch(url, { method, headers: all, body: body.length ? body : undefined, cache: "no-store" });
  if (response.ok) return response;
  const error = await errorOf(response);
  if (!UNKNOWN_CALLER.has(error.code)) throw error;
  asking ??= askForKeys(`${error.code}: ${error.message}`).finally(() => {
    asking = null;
  }); // one dialog for many requests
  if (await asking) return send(service, method, path, { headers, body });
  throw error;
}

async function errorOf(response) {
  const said = await response.text();
  if (said.startsWith("<")) {
    const xml = (name) => said.match(new RegExp(`<${name}>(.*?)</${name}>`, "s"))?.[1] ?? "";
    return new ServiceError(xml("Code"), xml("Message"), response.status);
  }
  const body = said.startsWith("{") ? JSON.parse(said) : {};
  return new ServiceError(
    body.__type ?? `HTTP ${response.status}`,
    body.Message ?? body.message ?? said,
    response.status,
  );
}

/** Call an operation of Rekognition; resolves to its members. A Photo among the members is sent as its bytes. */
export async function call(operation, members = {}) {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `RekognitionService.${operation}` };
  const body = new TextEncoder().encode(JSON.stringify(members));
  return (await send("rekognition", "POST", "/", { headers, body })).json();
}

/** Every element of a paged list, up to `most`; resolves to `{ list, answer, more }`. */
export async function all(operation, members, name, most = 1000) {
  let answer = await call(operation, members);
  const list = [...answer[name]];
  while (answer.NextToken && list.length < most) {
    answer = await call(operation, { ...members, NextToken: answer.NextToken });
    list.push(...answer[name]);
  }
  return { list, answer, more: answer.NextToken };
}

/** One of the console's own routes, such as `own("uploads?prefix=a")`; null where this build has no such route. */
export async function own(path, method = "GET") {
  try {
    const response = await send("rekognition", method, `/_lookalike/${path}`);
    return response.status === 204 ? {} : await response.json();
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

/** The server's region. Its health is told to everybody, signed or not. */
export const region = once(async () => (await (await fetch("/_lookalike/health")).json()).region);

/** What this Lookalike is. */
export const about = once(() => own("about"));

/** A function's first answer, given ever after; after a failure it is asked again. */
function once(ask) {
  let known;
  return () =>
    (known ??= ask().catch((error) => {
      known = undefined;
      throw error;
    }));
}

const object = (bucket, key) => `/${bucket}/${pathOf(key)}`;

export async function putObject(bucket, key, file) {
  const headers = { "content-type": file.type || "application/octet-stream" };
  const response = await send("s3", "PUT", object(bucket, key), {
    headers,
    body: new Uint8Array(await file.arrayBuffer()),
  });
  await response.text();
}

export const getObject = async (bucket, key) => (await send("s3", "GET", object(bucket, key))).blob();

export const deleteObject = (bucket, key) => send("s3", "DELETE", object(bucket, key));
