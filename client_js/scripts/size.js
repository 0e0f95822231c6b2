// The SDK's budget: bundled, minified and gzipped it stays within 6 kB.
import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const BUDGET = 6000;
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
  console.error("The SDK is over its budget: leave something out, or say in the README why it must be larger.");
  process.exit(1);
}
