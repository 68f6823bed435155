// Builds styles and scripts into crates/web/dist: hashed names, gzip beside each, and a list for rustc.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "..", "crates", "web", "dist");
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

const css = sass.compile(join(here, "scss", "main.scss"), {
  style: "compressed",
  loadPaths: [join(here, "node_modules")],
  quietDeps: true,
}).css;
const minified = await esbuild.transform(css, { loader: "css", minify: true, target: ["chrome110", "firefox115", "safari16"] });

const script = await esbuild.build({
  entryPoints: [join(here, "ts", "main.ts")],
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  legalComments: "none",
  write: false,
  absWorkingDir: here,
});

const files = [
  ["main.css", Buffer.from(minified.code)],
  ["main.js", Buffer.from(script.outputFiles[0].contents)],
  ...readdirSync(join(here, "static")).sort().map((name) => [name, readFileSync(join(here, "static", name))]),
];
const kinds = { ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml" };

const manifest = {};
let rust = "// Made by assets/build.mjs; do not edit.\n&[\n";
for (const [name, body] of files) {
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 12);
  const ext = extname(name);
  const hashed = `${name.slice(0, -ext.length)}-${hash}${ext}`;
  const gz = gzipSync(body, { level: 9 });
  writeFileSync(join(dist, hashed), body);
  writeFileSync(join(dist, `${hashed}.gz`), gz);
  manifest[name] = hashed;
  rust += `    File {\n        name: "${name}",\n        hashed: "${hashed}",\n        kind: "${kinds[ext]}",\n        raw: include_bytes!("${hashed}"),\n        gzip: include_bytes!("${hashed}.gz"),\n    },\n`;
  console.log(`${hashed}  ${body.length} B, ${gz.length} B gzip`);
}
writeFileSync(join(dist, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
writeFileSync(join(dist, "files.rs"), rust + "]\n");
