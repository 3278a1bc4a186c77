import { answer, api, type Schema } from "./client.ts";

let known: Promise<Schema<"KeyView">> | undefined;

/** The key of this tab: whose it is, and what it allows. Fetched once, because another key loads the page again. */
export function fetchMe(): Promise<Schema<"KeyView">> {
  known ??= answer(api.GET("/keys/me")).catch((thrown) => {
    known = undefined;
    throw thrown;
  });
  return known;
}

/** Whether somebody may create classes and assignments, and comment. */
export async function mayTeach(): Promise<boolean> {
  const { scopes } = await fetchMe();
  return scopes.includes("teach") || scopes.includes("admin");
}
