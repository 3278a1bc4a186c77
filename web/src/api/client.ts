import createClient from "openapi-fetch";
import { readBase } from "./base.ts";
import { problemFrom, problemOf } from "./problem.ts";
import type { components, paths } from "./schema.d.ts";
import { session } from "./session.svelte.ts";

/** A model of the OpenAPI document: `Schema<"ExperimentView">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

const meta = document.querySelector<HTMLMetaElement>('meta[name="trainyard-api"]')?.content ?? "";

/** The address of the API. */
export const BASE = readBase(location.search, meta, location.href);

/** Whether the page is of another origin than the API, which then has to allow it. */
export const isForeign = new URL(BASE).origin !== location.origin;

/** The typed client: `answer(api.GET("/experiments/{experiment_id}", {params: {path: {experiment_id: id}}, signal}))`. */
export const api = createClient<paths>({ baseUrl: BASE, fetch: send });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of an answer. Throws Problem for an error and where no answer comes; AbortError passes. */
export async function answer<T>(request: Promise<Answer<T>>): Promise<T> {
  let got: Answer<T>;
  try {
    got = await request;
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    throw problemFrom(thrown);
  }
  if (!got.response.ok) throw problemOf(got.response.status, got.response.statusText, got.error);
  return got.data as T;
}

/** JSON of a path that the OpenAPI document does not describe well enough for `api`. Throws as `answer` does. */
export async function getJson<T>(path: string, options: RequestInit = {}): Promise<T> {
  const response = await request(path, {
    ...options,
    headers: { accept: "application/json", ...options.headers },
  });
  return (await response.json()) as T;
}

/** An answer that is ok; a judgement with the problem of a document is none. Throws as `answer` does. */
export async function request(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await send(new Request(url(path), options));
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    throw problemFrom(thrown);
  }
  if (response.ok && !response.headers.get("content-type")?.startsWith("application/problem+json"))
    return response;
  const body = await response.text();
  throw problemOf(response.status, response.statusText, parse(body));
}

/** `fetch` with the key. */
async function send(request: Request): Promise<Response> {
  for (const [name, value] of Object.entries(session.headers)) request.headers.set(name, value);
  const response = await fetch(request);
  if (response.status === 401) session.isRejected = true;
  return response;
}

/** The address of a path of the API, for images, downloads and `curl` lines. */
export function url(path: string): string {
  return BASE + path;
}

export function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === "AbortError";
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
