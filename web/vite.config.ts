import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const API = process.env.TRAINYARD_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "./",
  plugins: [svelte()],
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
