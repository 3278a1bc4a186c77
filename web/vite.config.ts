import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

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
    // The shell and the first view are one file: each request costs the service and the browser milliseconds.
    rolldownOptions: {
      output: {
        codeSplitting: { groups: [{ name: "first", test: /\/src\/(App|views\/runs\/Runs)\.svelte$/ }] },
      },
    },
  },
  // `npm run dev`: everything that is no file of the page is asked of the service at TRAINYARD_URL.
  server: { proxy: { "^/(?!$|@|src/|node_modules/|index.html|favicon.svg)": API } },
});

/** The module of the first view, which imports what it needs from the chunk of the shell, loads beside that. */
function preloadFirstView(): Plugin {
  return {
    name: "preload-first-view",
    transformIndexHtml: {
      order: "post",
      handler: (_, { bundle = {} }) =>
        Object.values(bundle)
          .filter((each) => each.type === "chunk" && each.facadeModuleId?.endsWith("views/runs/Runs.svelte"))
          .map(({ fileName }) => ({
            tag: "link",
            attrs: { rel: "modulepreload", crossorigin: true, href: `./${fileName}` },
            injectTo: "head",
          })),
    },
  };
}
