import assert from "node:assert/strict";
import { test } from "node:test";
import { curlLine, withKey } from "./curl.ts";

test("a line gets the key", () => {
  const line = curlLine("http://h:1", "POST", "/queue:pause");
  assert.equal(line, "curl -X POST 'http://h:1/queue:pause'");
  assert.equal(
    withKey(line),
    `curl -H "Authorization: Bearer $TRAINYARD_KEY" -X POST 'http://h:1/queue:pause'`,
  );
  assert.equal(withKey("trainyard show curl "), "trainyard show curl ");
});

test("quotes of a body do not end it", () => {
  const line = curlLine("http://h:1", "POST", "/classes", { name: "O'Hara" });
  assert.ok(line.endsWith(`-H 'Content-Type: application/json' -d '{"name":"O'\\''Hara"}'`));
  assert.match(curlLine("http://h:1", "PATCH", "/a", {}), /merge-patch\+json/);
});
