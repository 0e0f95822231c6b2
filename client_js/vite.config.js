// The web app: client_js/app → server/tertulia/webapp, where the server finds it and the wheel takes it along.
import { defineConfig } from "vite";
import { resolve, woff2Only } from "./vite.web.js";

const SHARED = /elements\/(light|icons|menu|person|message-body|composer|room-view|later)\.js|src\/text\/(?!math_)|observe\.js|alias\.js|catalogue\.js|lang\/en\.js|node_modules\/(lit|@lit|dompurify|markdown-it|linkify-it|mdurl|uc\.micro)/;

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
    rolldownOptions: {
      // What the first picture shares with what comes later in one file: many small ones are larger together.
      output: { codeSplitting: { groups: [{ name: "shared", test: SHARED }] } },
    },
  },
});
