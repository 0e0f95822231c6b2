// The SDK's budget: what it may weigh, bundled, minified and gzipped. The design's goal was 6 kB; sdk/README.md says
// what each part costs and why it is not reached. It must not grow from here.
import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const BUDGET = 11_400;
const entry = new URL("../sdk/index.js", import.meta.url).pathname;

if (!existsSync(entry)) {
  console.error("The SDK has no sdk/index.js: nothing to measure.");
  process.exit(1);
}

const result = /** @type {import("vite").Rolldown.RolldownOutput} */ (
  await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: { input: entry, preserveEntrySignatures: "strict" },
    },
  })
);
const code = result.output.map((chunk) => (chunk.type === "chunk" ? chunk.code : "")).join("");
const size = gzipSync(code, { level: 9 }).length;
console.log(`sdk: ${size} of ${BUDGET} bytes, minified and gzipped (${code.length} before gzip)`);
if (size > BUDGET) {
  console.error("The SDK is over its budget: leave something out.");
  process.exit(1);
}
