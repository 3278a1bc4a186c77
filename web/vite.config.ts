import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type HtmlTagDescriptor, type Plugin, type Rolldown } from "vite";

const API = process.env.TRAINYARD_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "./",
  plugins: [svelte(), preloadFirstView()],
  build: {
    outDir: "../api/page/dist",
    emptyOutDir: true,
    // Which file imports which: tests/page/test_budget.py.
    manifest: "manifest.json",
    target: "es2023",
    // An inlined file would be a data: URL, which the content security policy allows for images alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // `npm run dev`: everything that is no file of the page is asked of the service at TRAINYARD_URL.
  server: { proxy: { "^/(?!$|@|src/|node_modules/|index.html|favicon.svg)": API } },
});

/** The first view loads beside the shell, not behind it. */
function preloadFirstView(): Plugin {
  return {
    name: "preload-first-view",
    transformIndexHtml: {
      order: "post",
      handler: (html, { bundle = {} }) => {
        const chunks = Object.values(bundle).filter((each) => each.type === "chunk");
        const byName = new Map(chunks.map((each) => [each.fileName, each]));
        const first = chunks.find((each) => each.facadeModuleId?.endsWith("views/runs/Runs.svelte"));
        const needed = first ? [...new Set([first, ...imported(first, byName)])] : [];
        const styles = needed.flatMap((each) => [...(each.viteMetadata?.importedCss ?? [])]);
        return [
          ...needed.map((each) => linkTo(each.fileName, "modulepreload")),
          ...styles.map((file) => linkTo(file, "stylesheet")),
        ].filter(({ attrs }) => !html.includes(String(attrs?.href)));
      },
    },
  };
}

function imported(
  chunk: Rolldown.OutputChunk,
  byName: ReadonlyMap<string, Rolldown.OutputChunk>,
): Rolldown.OutputChunk[] {
  return chunk.imports.flatMap((file) => {
    const next = byName.get(file);
    return next ? [next, ...imported(next, byName)] : [];
  });
}

function linkTo(file: string, rel: string): HtmlTagDescriptor {
  return { tag: "link", attrs: { rel, crossorigin: true, href: `./${file}` }, injectTo: "head" };
}
