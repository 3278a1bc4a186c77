import assert from "node:assert/strict";
import { test } from "node:test";
import { cameraFault, nextCamera } from "./camera.ts";

test("each error of a camera is a fault that can be mended", () => {
  assert.equal(cameraFault(new DOMException("", "NotAllowedError")), "denied");
  assert.equal(cameraFault(new DOMException("", "NotFoundError")), "missing");
  assert.equal(cameraFault(new DOMException("", "NotReadableError")), "busy");
  assert.equal(cameraFault(new TypeError("mediaDevices is undefined")), "insecure");
});

test("cameras are tried in a circle", () => {
  const cameras = ["a", "b"].map((deviceId) => ({ kind: "videoinput", deviceId }));
  assert.equal(nextCamera([...cameras, { kind: "audioinput", deviceId: "m" }], "b"), "a");
  assert.equal(nextCamera(cameras.slice(1), "b"), undefined);
});
