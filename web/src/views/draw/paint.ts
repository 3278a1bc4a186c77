import type { OpenedImage } from "./image.ts";
import { fit, type Stroke, trace } from "./strokes.ts";

interface Painting {
  width: number;
  height: number;
  strokes: readonly Stroke[];
  image: OpenedImage | null;
}

/** Paint what is on a board; `scale` is in pixels for each unit of the board. */
export function paint(
  context: CanvasRenderingContext2D,
  board: Painting,
  scale: number,
  paper: string,
  ink: string,
): void {
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = paper;
  context.fillRect(0, 0, board.width, board.height);
  if (board.image) {
    const { bitmap } = board.image;
    const { x, y, width, height } = fit(bitmap.width, bitmap.height, board);
    context.imageSmoothingEnabled = width / bitmap.width < 3;
    context.drawImage(bitmap, x, y, width, height);
  }
  context.strokeStyle = ink;
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const stroke of board.strokes) {
    context.lineWidth = stroke.width;
    context.beginPath();
    trace(context, stroke);
    context.stroke();
  }
}
