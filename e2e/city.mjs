// A city of its own for the tests: the built `jutong`, a temporary folder, free ports, stopped at the end.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How long the city may take to open. */
const PATIENCE_MS = 120_000;

/** Starts a small demo city and waits until it answers. */
export async function openCity() {
  const program = process.env.JUTONG;
  if (!program) throw new Error("JUTONG names no built `jutong`; run `cargo xtask test --only e2e`");
  const dir = await mkdtemp(join(tmpdir(), "jutong-e2e-"));
  const args = ["demo", "--dir", dir, "--listen", "127.0.0.1:0", "--flight-listen", "127.0.0.1:0"];
  const child = spawn(program, [...args, "--people", "400", "--enterprises", "120"], {
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("JUTONG"))),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let words = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (it) => (words += it));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill("SIGKILL");
      throw new Error(`the demo city does not open:\n${words}`);
    }
    const card = await readFile(join(dir, "demo.json"), "utf8").then(JSON.parse, () => null);
    const answers = card && (await fetch(`${card.base_url}/healthz`).then((it) => it.ok, () => false));
    if (answers) {
      return { base: card.base_url, card, dir, close: () => close(child, ended, dir), words: () => words };
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function close(child, ended, dir) {
  child.kill("SIGTERM");
  const forced = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await ended;
  clearTimeout(forced);
  await rm(dir, { recursive: true, force: true });
}
