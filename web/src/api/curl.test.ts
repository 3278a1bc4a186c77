import assert from "node:assert/strict";
import { test } from "node:test";
import { curlLine } from "./curl.ts";

test("a line has the key only where one is needed", () => {
  assert.equal(
    curlLine("http://h:1", false, "POST", "/queue:pause"),
    "curl -X POST 'http://h:1/queue:pause'",
  );
  assert.match(
    curlLine("http://h:1", true, "DELETE", "/classes/a"),
    / -H "Authorization: Bearer \$TRAINYARD_KEY"$/,
  );
});

test("quotes of a body do not end it", () => {
  const line = curlLine("http://h:1", false, "POST", "/classes", { name: "O'Hara" });
  assert.ok(line.endsWith(`-H 'Content-Type: application/json' -d '{"name":"O'\\''Hara"}'`));
  assert.match(curlLine("http://h:1", false, "PATCH", "/a", {}), /merge-patch\+json/);
});
