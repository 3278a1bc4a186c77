import { isAbort } from "../../api/client.ts";
import { type Problem, problemFrom } from "../../api/problem.ts";
import { upload } from "../../api/upload.ts";
import { bodyOf, type Choice } from "./choice.ts";
import { type UploadOptions, uploadPath } from "./upload-path.ts";

/** An archive on its way to the service. */
export class Upload {
  readonly name: string;
  readonly total: number;
  sent: number = $state(0);
  error: Problem | null = $state.raw(null);
  readonly #abort = new AbortController();

  constructor(name: string, choice: Choice, options: UploadOptions, onDone: (done: boolean) => void) {
    const body = bodyOf(choice);
    this.name = name;
    this.total = body.size;
    upload(uploadPath(name, options), body, {
      signal: this.#abort.signal,
      onProgress: (sent) => {
        this.sent = Math.min(sent, this.total);
      },
    }).then(
      () => onDone(true),
      (thrown) => {
        if (isAbort(thrown)) onDone(false);
        else this.error = problemFrom(thrown);
      },
    );
  }

  cancel(): void {
    this.#abort.abort();
  }
}

/** Uploads continue while other views are shown. */
class Uploads {
  items: readonly Upload[] = $state.raw([]);
  /** How many arrived: lists are fetched again when it changes. */
  arrived: number = $state(0);

  start(name: string, choice: Choice, options: UploadOptions): void {
    this.discard(name);
    const started = new Upload(name, choice, options, (done) => {
      this.items = this.items.filter((each) => each !== started);
      if (done) this.arrived += 1;
    });
    this.items = [...this.items, started];
  }

  find(name: string): Upload | undefined {
    return this.items.find((each) => each.name === name);
  }

  /** Forget one that failed; stop one that is on its way. */
  discard(name: string): void {
    this.find(name)?.cancel();
    this.items = this.items.filter((each) => each.name !== name);
  }
}

export const uploads = new Uploads();
