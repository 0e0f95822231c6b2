// The web app: client_js/app → server/tertulia/webapp, where the server finds it and the wheel takes it along.
import { defineConfig } from "vite";
import { isFirst, resolve, woff2Only } from "./vite.web.js";

export default defineConfig({
  root: new URL("app/", import.meta.url).pathname,
  base: "/",
  resolve,
  plugins: [woff2Only],
  build: {
    outDir: "../../server/tertulia/webapp",
    emptyOutDir: true,
    assetsDir: "assets",
    assetsInlineLimit: 0, // the content security policy takes no data: fonts
    manifest: true,
    license: { fileName: "licenses.md" }, // of what is bundled
    sourcemap: false,
    modulePreload: { polyfill: false }, // every browser that can run the app has it
    target: "es2022",
    // What the first picture needs is one file, however much of it late code needs too.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: (id, modules) => (isFirst(id, modules) ? "first" : null) }] } } },
  },
});
