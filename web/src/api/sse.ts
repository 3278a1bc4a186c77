/** One message of an event stream (HTML Standard, 9.2.6). */
export interface Message {
  event: string;
  data: string;
  id: string;
}

/** A parser of an event stream that is fed pieces of text as they come, and returns the messages that end in them. */
export class SseParser {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #id = "";

  feed(text: string): Message[] {
    const messages: Message[] = [];
    // A carriage return at the end may be the first half of a line's end.
    const all = this.#rest + text;
    const end = all.endsWith("\r") ? all.length - 1 : all.length;
    const lines = all.slice(0, end).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + all.slice(end);
    for (const line of lines) {
      if (line) this.#field(line);
      else if (this.#data.length) messages.push(this.#message());
      else this.#event = "";
    }
    return messages;
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }

  #message(): Message {
    const message = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    this.#event = "";
    this.#data = [];
    return message;
  }
}
