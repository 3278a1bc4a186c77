import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  startCompletion,
} from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import { complete, hoverAt, type Names, type Option } from "./complete.ts";
import type { SpecSchema } from "./schema.ts";

export interface Knowledge {
  schema: () => SpecSchema | null;
  names: () => Names;
}

/** What may be written at the cursor. */
export function offer(context: CompletionContext, options: Knowledge): CompletionResult | null {
  const schema = options.schema();
  if (!schema) return null;
  const before = context.state.sliceDoc(Math.max(0, context.pos - 1), context.pos);
  if (!context.explicit && !/[$\w{,:[" -]/.test(before)) return null;
  const found = complete(context.state.doc.toString(), context.pos, schema, options.names());
  const isWord = /[$\w]/.test(before);
  if (!found?.options.length || (!context.explicit && !isWord && found.options.length > 40)) return null;
  return { from: found.from, options: found.options.map(completionOf), validFor: /^[$\w.-]*$/ };
}

function completionOf(option: Option): Completion {
  return {
    label: option.label,
    detail: option.detail,
    type: option.kind,
    ...(option.info ? { info: option.info } : {}),
    apply: (view, _, from, to) => {
      const gap = /: (?=[,}]|$)/.exec(option.insert);
      const at = from + (gap && option.kind === "type" ? gap.index + 2 : option.insert.length);
      const colon = option.insert.endsWith(": ") && view.state.sliceDoc(to, to + 1) === ":";
      const insert = colon ? option.label : option.insert;
      view.dispatch({
        changes: { from, to, insert },
        selection: { anchor: colon ? from + insert.length : at },
        userEvent: "input.complete",
      });
      if (option.kind === "field" && !colon) startCompletion(view);
    },
  };
}

/** What the word under the pointer means. */
export function explain(view: EditorView, position: number, options: Knowledge) {
  const schema = options.schema();
  const hover = schema && hoverAt(view.state.doc.toString(), position, schema);
  if (!hover) return null;
  return {
    pos: hover.from,
    end: hover.to,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "cm-explanation";
      for (const [name, text] of Object.entries({
        title: hover.title,
        detail: hover.detail,
        text: hover.text,
      })) {
        if (!text) continue;
        const line = dom.appendChild(document.createElement("div"));
        line.className = `cm-explanation-${name}`;
        line.textContent = text;
      }
      return { dom };
    },
  };
}
