// <tertulia-room> for other people's pages: one ES module without imports. Runs after vite.config.js,
// which empties the directory.
import { defineConfig } from "vite";
import { resolve } from "./vite.web.js";

export default defineConfig({
  root: new URL("app/", import.meta.url).pathname,
  publicDir: false,
  resolve,
  build: {
    outDir: "../../server/tertulia/webapp/embed",
    emptyOutDir: true,
    sourcemap: false,
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    rolldownOptions: {
      input: new URL("app/src/embed.js", import.meta.url).pathname,
      preserveEntrySignatures: "strict",
      output: { entryFileNames: "tertulia-room.js", codeSplitting: false },
    },
  },
});
