import { request } from "../../api/client.ts";
import type { Pixels } from "./pixels.ts";

/** The pixels of an image of the service. Throws as `request` does. */
export async function readPixels(path: string, signal: AbortSignal): Promise<Pixels> {
  const blob = await (await request(path, { signal })).blob();
  const bitmap = await createImageBitmap(blob);
  try {
    const canvas = document.createElement("canvas");
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("This browser has no canvas.");
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}
