// One person at one kind of device: signs in, opens pages, fills forms, and looks at every page as it goes.
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** WCAG 2.2 AA and the best practices beside it. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

export async function openBrowser() {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
  return chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args });
}

export class Visitor {
  /** @param {{ lang: "zh"|"en", size: keyof typeof SIZES, scripts: boolean }} kind */
  static async enter(browser, city, user, kind) {
    const context = await browser.newContext({
      viewport: SIZES[kind.size],
      javaScriptEnabled: kind.scripts,
      locale: kind.lang === "zh" ? "zh-CN" : "en-GB",
      baseURL: city.base,
      acceptDownloads: true,
    });
    const it = new Visitor(context, await context.newPage(), city, user, kind);
    await it.signIn();
    return it;
  }

  constructor(context, page, city, user, kind) {
    Object.assign(this, { context, page, city, user, kind });
    this.looked = new Set();
    this.page.setDefaultTimeout(15_000);
  }

  async signIn() {
    const account = this.city.card.accounts.find((it) => it.user === this.user);
    if (!account) throw new Error(`the city has no ${this.user}`);
    await this.open("/sign-in");
    await this.page.fill("[name=login]", account.user);
    await this.page.fill("[name=password]", account.password);
    await this.press("main form[action='/sign-in'] button.govuk-button");
    if (new URL(this.page.url()).pathname === "/sign-in") throw new Error(`${this.user} cannot sign in: ${await this.complaint()}`);
  }

  /** Opens an address; anything but 200 is a fault. */
  async open(address) {
    const answer = await this.page.goto(address);
    if (answer.status() !== 200) throw new Error(`${address} answers ${answer.status()} to ${this.user}`);
    await this.look();
  }

  /** Presses a button or link that leads to another page (or the same one again). */
  async press(selector) {
    const target = typeof selector === "string" ? this.page.locator(selector).first() : selector;
    const [answer] = await Promise.all([
      this.page.waitForNavigation({ waitUntil: "load" }),
      target.click(),
    ]);
    if (answer && answer.status() >= 500) throw new Error(`${this.page.url()} answers ${answer.status()} to ${this.user}`);
    await this.look();
  }

  /** What the page complains about, for the test's message. */
  async complaint() {
    const words = await this.page.locator(".govuk-error-summary, .govuk-error-message, .govuk-notification-banner").allInnerTexts();
    return words.join(" | ") || (await this.page.locator("h1").first().innerText());
  }

  /** Fails when the last deed left us with complaints. */
  async content(step) {
    if (await this.page.locator(".govuk-error-summary").count()) throw new Error(`${step}: ${await this.complaint()}`);
  }

  /** A picture, no sideways scrolling, the right language, and (with scripts) what axe says. */
  async look() {
    const page = this.page;
    const path = new URL(page.url()).pathname;
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 1) throw new Error(`${path} scrolls sideways by ${wide} px (${this.kind.size}, ${this.kind.lang})`);
    const lang = await page.locator("html").getAttribute("lang");
    if (!lang.startsWith(this.kind.lang)) throw new Error(`${path} speaks ${lang}, not ${this.kind.lang}`);
    await this.picture(path);
    if (!this.kind.scripts) return;
    await page.evaluate(axeSource);
    const told = await page.evaluate((tags) => globalThis.axe.run({ runOnly: tags }), RULES);
    const faults = told.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
    if (faults.length) throw new Error(`axe on ${path} (${this.kind.size}, ${this.kind.lang}):\n${faults.join("\n")}`);
    this.looked.add(path);
  }

  async picture(path) {
    const folder = process.env.E2E_PICTURES;
    if (!folder) return;
    const { lang, size, scripts } = this.kind;
    await mkdir(folder, { recursive: true });
    const name = path.replace(/(src|res|req|agr|dlv|run)_[0-9a-f-]+/g, "$1").replaceAll("/", "-").replace(/^-/, "") || "home";
    await this.page.screenshot({ path: join(folder, `${name}.${lang}.${size}${scripts ? "" : ".plain"}.png`), fullPage: true });
  }

  async leave() {
    await this.context.close();
  }
}
