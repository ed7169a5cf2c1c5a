// AWS Signature Version 4 by the browser's own cryptography.
// Source: "Create a signed AWS API request", IAM User Guide.

const text = new TextEncoder();

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

const sha256 = async (data) =>
  hex(await crypto.subtle.digest("SHA-256", typeof data === "string" ? text.encode(data) : data));

async function hmac(secret, data) {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return crypto.subtle.sign("HMAC", key, text.encode(data));
}

/** Percent-encoding as AWS wants it, which is stricter than the browser's. */
export const escaped = (value) =>
  encodeURIComponent(value).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** An S3 key as a path: its slashes stand. */
export const pathOf = (key) => key.split("/").map(escaped).join("/");

/**
 * The headers that sign a request.
 * `request` is { method, url, headers, body }: a URL with its path escaped, bytes; `keys` is { id, secret, token }.
 */
export async function signed(request, keys, region, service, now = new Date()) {
  const stamp = now.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = `${stamp.slice(0, 8)}/${region}/${service}/aws4_request`;
  const digest = await sha256(request.body);
  const headers = { ...request.headers, "x-amz-content-sha256": digest, "x-amz-date": stamp };
  if (keys.token) headers["x-amz-security-token"] = keys.token;
  const all = Object.entries({ ...headers, host: request.url.host }).map(([name, value]) => [
    name.toLowerCase(),
    value.trim(),
  ]);
  all.sort(([one], [other]) => (one < other ? -1 : 1));
  const names = all.map(([name]) => name).join(";");
  const path = service === "s3" ? request.url.pathname : pathOf(request.url.pathname);
  const query = [...request.url.searchParams]
    .map((pair) => pair.map(escaped).join("="))
    .sort()
    .join("&");
  const canonical = [request.method, path, query, ...all.map((pair) => pair.join(":")), "", names, digest].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", stamp, scope, await sha256(canonical)].join("\n");
  let key = text.encode(`AWS4${keys.secret}`);
  for (const part of scope.split("/")) key = await hmac(key, part);
  const signature = hex(await hmac(key, toSign));
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${keys.id}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
