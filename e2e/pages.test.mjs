// Every page that a role can reach from its home: answers 200, speaks its language, fits the screen, and axe finds nothing.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openCity } from "./city.mjs";
import { openBrowser, Visitor } from "./visitor.mjs";

let city;
let browser;

before(async () => {
  [city, browser] = await Promise.all([openCity(), openBrowser()]);
});

after(async () => {
  await browser?.close();
  await city?.close();
});

/** Pages of one kind that are looked at; their twins differ in data only. */
const OF_A_KIND = 2;

const USERS = ["police.officer", "police.approver", "civil.officer", "data.operator", "auditor", "sysadmin", "secadmin"];

for (const user of USERS) {
  for (const kind of [
    { lang: "zh", size: "desktop", scripts: true },
    { lang: "en", size: "phone", scripts: true },
  ]) {
    test(`all that ${user} can reach: ${kind.lang}, ${kind.size}`, () => crawl(user, kind));
  }
}

async function crawl(user, kind) {
  const it = await Visitor.enter(browser, city, user, kind);
  const waiting = ["/"];
  const seen = new Set(waiting);
  const ofKind = new Map();
  let opened = 0;
  while (waiting.length) {
    const address = waiting.shift();
    await it.open(address);
    opened += 1;
    const links = await it.page.$$eval("a[href]", (all) => all.map((a) => a.href));
    for (const link of links) {
      const url = new URL(link);
      if (url.origin !== city.base || isNoPage(url)) continue;
      const next = url.pathname + url.search;
      const shape = url.pathname.replace(/[a-z]+_[0-9a-f-]+|\d+/g, "*") + [...url.searchParams.keys()].sort().join(",");
      const count = ofKind.get(shape) ?? 0;
      if (seen.has(next) || count >= OF_A_KIND) continue;
      seen.add(next);
      ofKind.set(shape, count + 1);
      waiting.push(next);
    }
  }
  assert.ok(opened > 5, `${user} reaches only ${opened} pages`);
  await it.leave();
}

/** Downloads, machine doors, and the switch of language (which every page has). */
function isNoPage(url) {
  const path = url.pathname;
  return (
    path.startsWith("/api/") || path.startsWith("/log/") || path.startsWith("/assets/") || path === "/metrics" ||
    path === "/healthz" || path === "/openapi.json" || path.endsWith("/bundle") || url.searchParams.has("lang") || url.searchParams.has("format")
  );
}
