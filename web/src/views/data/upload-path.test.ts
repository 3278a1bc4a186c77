import assert from "node:assert/strict";
import { test } from "node:test";
import { type UploadOptions, uploadPath } from "./upload-path.ts";

const USUAL: UploadOptions = { layout: "auto", field: null, names: "", isPrivate: null };

test("an upload says what was chosen, and leaves out what was not", () => {
  assert.equal(uploadPath("cats", USUAL), "/datasets?name=cats&layout=auto");
  assert.equal(
    uploadPath("cats", { ...USUAL, names: "euc_kr", isPrivate: false }),
    "/datasets?name=cats&layout=auto&names=euc_kr&private=false",
  );
});

test("the part that is the class goes with file names alone", () => {
  const asked = { ...USUAL, layout: "filenames", field: 2 };
  assert.equal(uploadPath("faces", asked), "/datasets?name=faces&layout=filenames&field=2");
  assert.equal(uploadPath("faces", { ...asked, layout: "folders" }), "/datasets?name=faces&layout=folders");
});
