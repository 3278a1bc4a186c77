import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, nextDiagnostic, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import type { Names } from "./complete.ts";
import { explain, offer } from "./editor-help.ts";
import { COLORS, theme } from "./editor-theme.ts";
import type { Mark } from "./marks.ts";
import type { SpecSchema } from "./schema.ts";

export interface EditorOptions {
  text: string;
  label: string;
  placeholder: string;
  /** Where the styles live: a shadow root, whose style sheets the content security policy does not concern. */
  root: ShadowRoot;
  parent: HTMLElement;
  onchange: (text: string) => void;
  onsubmit: () => void;
  /** What a pasted document becomes; null to paste it as it is. */
  onpaste: (text: string) => string | null;
  schema: () => SpecSchema | null;
  names: () => Names;
}

/** The editor of a spec. */
export class Editor {
  readonly view: EditorView;

  constructor(options: EditorOptions) {
    const state = EditorState.create({ doc: options.text, extensions: extensions(options) });
    this.view = new EditorView({ state, parent: options.parent, root: options.root });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Replace what differs, so that the cursor stays where it is. */
  setText(text: string): void {
    const before = this.text;
    if (before === text) return;
    const longest = Math.min(before.length, text.length);
    let start = 0;
    while (start < longest && before[start] === text[start]) start++;
    let end = 0;
    while (end < longest - start && before.at(-1 - end) === text.at(-1 - end)) end++;
    this.view.dispatch({
      changes: { from: start, to: before.length - end, insert: text.slice(start, text.length - end) },
    });
  }

  setMarks(marks: readonly Mark[]): void {
    const length = this.view.state.doc.length;
    const diagnostics = marks.map(
      ({ from, to, severity, message }): Diagnostic => ({
        from: Math.min(from, length),
        to: Math.min(to, length),
        severity,
        message,
      }),
    );
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
  }

  /** Put the cursor at a word, and show it. */
  select(from: number, to: number): void {
    const length = this.view.state.doc.length;
    this.view.dispatch({
      selection: { anchor: Math.min(from, length), head: Math.min(to, length) },
      effects: EditorView.scrollIntoView(Math.min(from, length), { y: "center" }),
    });
    this.view.focus();
  }

  nextMark(): void {
    nextDiagnostic(this.view);
    this.view.focus();
  }

  destroy(): void {
    this.view.destroy();
  }
}

function extensions(options: EditorOptions) {
  return [
    lineNumbers(),
    foldGutter(),
    lintGutter(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    indentOnInput(),
    bracketMatching(),
    yaml(),
    syntaxHighlighting(COLORS),
    placeholder(options.placeholder),
    EditorState.tabSize.of(2),
    EditorView.contentAttributes.of({ "aria-label": options.label, spellcheck: "false", tabindex: "0" }),
    keymap.of([
      {
        key: "Mod-Enter",
        run: () => {
          options.onsubmit();
          return true;
        },
      },
      ...completionKeymap,
      ...defaultKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...lintKeymap,
    ]),
    autocompletion({ override: [(context) => offer(context, options)], icons: false }),
    hoverTooltip((view, position) => explain(view, position, options)),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) options.onchange(update.state.doc.toString());
    }),
    EditorView.domEventHandlers({
      // Chromium keeps the style of what is replaced in a style attribute, which the content security policy reports.
      beforeinput(event, view) {
        if (event.inputType !== "insertText" || event.data === null || view.state.selection.main.empty)
          return false;
        event.preventDefault();
        view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type" });
        return true;
      },
      paste(event, view) {
        const made = options.onpaste(event.clipboardData?.getData("text/plain") ?? "");
        if (made === null) return false;
        event.preventDefault();
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: made } });
        return true;
      },
    }),
    theme,
  ];
}
