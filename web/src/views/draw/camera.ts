/** Why a camera gives no image. */
export type CameraFault = "denied" | "missing" | "busy" | "insecure";

/** The fault that an error of `getUserMedia` stands for (Media Capture and Streams, 10.6). */
export function cameraFault(error: unknown): CameraFault {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  if (name === "TypeError") return "insecure";
  return "busy";
}

/** The camera to ask for after `deviceId`, in a circle; undefined if there is no other one. */
export function nextCamera<T extends { kind: string; deviceId: string }>(
  devices: readonly T[],
  deviceId: string,
): string | undefined {
  const cameras = devices.filter((each) => each.kind === "videoinput").map((each) => each.deviceId);
  if (cameras.length < 2) return undefined;
  return cameras[(cameras.indexOf(deviceId) + 1) % cameras.length];
}
