export interface Toast {
  id: number;
  text: string;
  kind: "info" | "error";
}

const SHOWN_MS = 5000;

class ToastList {
  items: readonly Toast[] = $state.raw([]);
  #next = 1;

  /** Show a sentence for a few seconds; an error stays until it is closed. */
  show(text: string, kind: Toast["kind"] = "info"): void {
    const id = this.#next++;
    this.items = [...this.items, { id, text, kind }].slice(-4);
    if (kind === "info") setTimeout(() => this.close(id), SHOWN_MS);
  }

  close(id: number): void {
    this.items = this.items.filter((each) => each.id !== id);
  }
}

export const toasts = new ToastList();
