// The main job, in a browser, from a file on an officer's disk to rows at another bureau with proof: in Chinese and English,
// on a desktop and a phone, with scripts and without.
import assert from "node:assert/strict";
import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
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

const ROWS = 40;
const NAMES = ["张伟", "𠮷野", "阿依古丽·买买提", "欧阳娜"];

/** A small register with all that gets lost elsewhere: leading zeros, a character of four bytes, a dotted name. */
function register() {
  const lines = ["licence_no,holder,division_code,remark"];
  for (let at = 0; at < ROWS; at += 1) {
    const division = at % 2 ? "330106" : "330102";
    lines.push(`${String(at).padStart(6, "0")},${NAMES[at % NAMES.length]},${division},第${at}号`);
  }
  return `${lines.join("\n")}\n`;
}

/** The same later: of the agreed rows one is new, one changed and one gone; another changed that is not agreed. */
function laterRegister() {
  const lines = register().trim().split("\n").filter((it) => !it.startsWith("000003,"));
  const changed = lines.map((it) => it.replace(/第[12]号$/, "已换证"));
  return `${[...changed, "000041,张伟,330106,第41号"].join("\n")}\n`;
}

/** What a report calls rows that are new, changed, gone and the same. */
const CHANGED = {
  zh: ["新增行", "修改行", "删除行", "未变行"],
  en: ["Rows inserted", "Rows updated", "Rows deleted", "Rows unchanged"],
};

for (const lang of ["zh", "en"]) {
  for (const size of ["desktop", "phone"]) {
    for (const scripts of [true, false]) {
      const kind = { lang, size, scripts };
      test(`the main job: ${lang}, ${size}, ${scripts ? "with" : "without"} scripts`, () => mainJob(kind));
    }
  }
}

async function mainJob(kind) {
  const mark = `${kind.lang}-${kind.size}-${kind.scripts ? "scripts" : "plain"}`;
  const title = `渔业捕捞许可 ${mark}`;
  const as = (user) => Visitor.enter(browser, city, user, kind);

  const officer = await as("police.officer");
  await publishable(officer, mark, title);
  await officer.leave();

  const operator = await as("data.operator");
  await operator.open("/tasks");
  await operator.press(operator.page.locator("main a", { hasText: title }));
  if (!operator.page.url().endsWith("/review")) await operator.press("main a[href$='/review']");
  await operator.page.check("[name=verdict][value=publish]");
  await operator.page.fill("[name=opinion]", "要素齐全");
  await operator.press("main form[action$='/review'] button.govuk-button");
  await operator.content("the review");

  const asking = await as("civil.officer");
  const request = await ask(asking, title);

  await operator.open(request);
  await operator.page.check("[name=verdict][value=accept]");
  await operator.page.fill("[name=opinion]", "符合要求");
  await operator.press("main form[action$='/check'] button.govuk-button");
  await operator.content("the conformity check");
  await operator.leave();

  const approver = await as("police.approver");
  await grant(approver, request);
  await approver.leave();

  await asking.open(request);
  await asking.press("main .govuk-inset-text a[href^='/agreements/']");
  const agreement = new URL(asking.page.url()).pathname;
  await seeRows(asking, agreement);
  await deliver(asking, agreement, mark);
  await deliverChanges(asking, agreement, mark);
  await asking.leave();

  const auditor = await as("auditor");
  await prove(auditor);
  await auditor.leave();
}

/** From a file to an entry that waits for its review. */
async function publishable(it, mark, title) {
  const page = it.page;
  const file = join(city.dir, "bureaus", `licences-${mark}.csv`);
  await writeFile(file, register());
  await it.open("/sources/new");
  await page.check("[name=kind][value=csv]");
  await it.press("main form[action='/sources/new'] button.govuk-button");
  await page.fill("[name=name]", `许可台账 ${mark}`);
  await page.fill("[name=path]", file);
  await it.press("main button[name=do][value=save]");
  await it.content("the source");
  await it.press("main a[href*='/profile?table=']");
  await it.press("main form[action$='/profile'] button.govuk-button");
  for (let tries = 0; (await page.locator("main a.govuk-button[href^='/resources/new?']").count()) === 0; tries += 1) {
    assert.ok(tries < 60, "the profile does not come to its end");
    await page.waitForTimeout(250);
    if (!it.kind.scripts) await page.reload();
  }
  await it.press("main a.govuk-button[href^='/resources/new?']");
  await page.fill("[name=title]", title);
  await page.fill("[name=title_en]", title);
  await page.fill("[name=summary]", "渔业捕捞许可证的持有人与所在区划");
  await page.fill("[name=category]", "300000");
  await page.check("[name=class][value=conditional]");
  await page.fill("[name=condition]", "用于行政审批核验");
  for (const mode of await page.locator("[name=modes]").all()) await mode.check();
  for (const [at, item] of ["licence_no", "holder", "division_code", "remark"].entries()) {
    assert.equal(await page.inputValue(`[name='item.${at}.column']`), item);
    await page.selectOption(`[name='item.${at}.class']`, "conditional");
    await page.fill(`[name='item.${at}.condition']`, "用于行政审批核验");
  }
  await page.check("[name='item.0.key']");
  await page.check("[name=not_secret]");
  await it.press("main button[name=do][value=submit]");
  await it.content("the catalogue entry");
}

/** Finds the entry and asks for it; the request's address. */
async function ask(it, title) {
  const page = it.page;
  await it.open(`/search?q=${encodeURIComponent(title)}`);
  await it.press(page.locator("#results a, main .jt-hits a", { hasText: title }));
  await it.press("main a[href$='/request']");
  await page.locator("[name=ground]").first().check();
  await page.fill("[name=basis]", "《政务数据共享条例》第二十条；本局三定规定第四条");
  await page.fill("[name=scenario]", "办理渔民社会救助时核对许可信息");
  await page.selectOption("[name=purpose]", { index: 1 });
  for (const item of await page.locator("[name=items]").all()) await item.check();
  for (const mode of await page.locator("[name=modes]").all()) await mode.check();
  const year = new Date().getFullYear();
  for (const [name, value] of [["from", year], ["until", year + 1]]) {
    await page.fill(`[name=${name}-year]`, String(value));
    await page.fill(`[name=${name}-month]`, name === "from" ? "1" : "6");
    await page.fill(`[name=${name}-day]`, "1");
  }
  await page.check("[name=warrant]");
  await it.press("main button.govuk-button[name=do][value=submit]");
  await it.content("the request");
  const path = new URL(page.url()).pathname;
  assert.match(path, /^\/requests\/req_/);
  return path;
}

/** Looks at the preview and grants it with a mask and a row rule. */
async function grant(it, request) {
  const page = it.page;
  await it.open("/tasks");
  await it.open(`${request}/decide`);
  for (const item of await page.locator("[name=items]").all()) await item.check();
  await page.selectOption("[name='mask.holder']", "name");
  await page.fill("[name=rows]", "division_code = '330106'");
  const preview = page.locator("main button.govuk-button[name=do][value=preview]");
  if (it.kind.scripts) {
    await preview.click();
    await page.locator("#preview mark").first().waitFor();
    await it.look();
  } else {
    await it.press(preview);
  }
  const after = await page.locator("#preview .jt-beside__after").innerText();
  assert.match(after, /欧阳\*/, "the preview shows the mask");
  assert.ok(!after.includes("330102"), "the preview shows the row rule");
  await page.check("[name=verdict][value=grant]");
  await page.fill("[name=reason]", "同意按约定共享");
  await it.press("main button[name=do][value=decide]");
  await it.content("the decision");
}

/** The rows on the page and in SQL: masked, only the agreed ones, nothing lost. */
async function seeRows(it, agreement) {
  const page = it.page;
  await it.open(`${agreement}/data?limit=100`);
  const shown = await page.locator("#rows").innerText();
  assert.ok(shown.includes("000001"), "leading zeros are there");
  assert.ok(!shown.includes("330102"), "rows outside the agreement are not");
  assert.ok(!shown.includes("𠮷野"), "the mask is applied");
  assert.match(shown, /𠮷\*/, "a character of four bytes is one character");
  assert.equal(await page.locator("#rows tbody tr").count(), ROWS / 2);
  assert.equal(await page.locator("#rows a[href^='/ledger/']").count(), 1, "the receipt is shown");

  await it.open("/sql");
  const table = page.locator(`main details:has(a[href='${agreement}']) summary code, main details:has(a[href='${agreement}/data']) summary code`);
  const name = (await table.first().textContent()).trim();
  await page.fill("[name=sql]", `select division_code, count(*) as n from ${name} group by division_code`);
  await it.press("main form[action='/sql'] button.govuk-button");
  const answer = await page.locator("#answer").innerText();
  assert.match(answer, new RegExp(`330106\\s+${ROWS / 2}`));
  await page.fill("[name=sql]", `select no_such_item from ${name}`);
  await it.press("main form[action='/sql'] button.govuk-button");
  assert.equal(await page.locator("#sql-error").count(), 1, "a wrong question is told what is wrong");
}

/** The form of a new delivery into a kind of target, filled in. */
async function define(it, agreement, kind, fields) {
  const page = it.page;
  await it.open("/deliveries/new");
  await page.selectOption("[name=agreement]", agreement.split("/").pop());
  await page.check(`[name=kind][value=${kind}]`);
  await it.press("main form[action='/deliveries/new'] button.govuk-button");
  for (const [name, value] of Object.entries(fields)) await page.fill(`[name=${name}]`, value);
}

/** Presses what starts a run, and waits for its end and the report that both sides are equal. */
async function run(it, button) {
  const page = it.page;
  await it.press(button);
  await it.content("the delivery");
  if (!page.url().includes("/runs/")) await it.press("main a[href*='/runs/']");
  for (let tries = 0; (await page.locator("#live a[href^='/ledger/']").count()) === 0; tries += 1) {
    assert.ok(tries < 120, `the delivery does not end: ${await page.locator("#live").innerText()}`);
    await page.waitForTimeout(250);
    if (!it.kind.scripts) await page.reload();
  }
  await it.look();
  assert.equal(await page.locator("#live .jt-tag--good").count() > 0, true, "the report says equal");
}

/** A file of one's own. */
async function deliver(it, agreement, mark) {
  const file = join(city.dir, "out", `licences-${mark}.csv`);
  await define(it, agreement, "csv", { name: `许可入库 ${mark}`, path: file });
  await run(it, "main button[name=do][value=run]");
  await access(file);
  const text = await readFile(file, "utf8");
  assert.equal(text.trim().split("\n").length, ROWS / 2 + 1);
  assert.ok(text.includes("000001") && text.includes("𠮷*"), text.slice(0, 200));
}

/** A table of one's own that is kept up to date: copied whole the first time, and then what has changed at the source. */
async function deliverChanges(it, agreement, mark) {
  const page = it.page;
  const file = join(city.dir, "out", `licences-${mark}.db`);
  await define(it, agreement, "sqlite", { name: `许可更新 ${mark}`, path: file, table: "licences" });
  await page.selectOption("[name=refresh]", "changes");
  await run(it, "main button[name=do][value=run]");
  assert.deepEqual(await changed(it), [undefined, undefined, undefined, undefined], "the first run copies everything");

  await writeFile(join(city.dir, "bureaus", `licences-${mark}.csv`), laterRegister());
  await it.open(new URL(page.url()).pathname.split("/runs/")[0]);
  await run(it, "main form[action$='/run'] button");
  assert.deepEqual(await changed(it), ["1", "1", "1", String(ROWS / 2 - 2)], "the second run says what has changed");
  const bytes = await readFile(file);
  assert.ok(bytes.includes("已换证") && bytes.includes("000041"), "what has changed stands in the table");
}

/** What the report of a run says of rows that are new, changed, gone and the same. */
async function changed(it) {
  const rows = await it.page.locator("#live .govuk-summary-list__row").all();
  const told = {};
  for (const row of rows) told[await row.locator("dt").textContent()] = await row.locator("dd").textContent();
  return CHANGED[it.kind.lang].map((name) => told[name]);
}

/** The auditor finds the entry, takes its bundle and has it verified. */
async function prove(it) {
  const page = it.page;
  await it.open("/ledger");
  await it.press("main a[href^='/ledger/']:not([href='/ledger/verify'])");
  const entry = new URL(page.url()).pathname;
  let bundle;
  for (let tries = 0; ; tries += 1) {
    const answer = await it.context.request.get(`${entry}/bundle`);
    if (answer.ok()) {
      bundle = await answer.body();
      break;
    }
    assert.ok(tries < 60, `no bundle for ${entry}: ${answer.status()}`);
    await page.waitForTimeout(250);
  }
  await it.open("/ledger/verify");
  await page.setInputFiles("[name=bundle]", { name: "bundle.json", mimeType: "application/json", buffer: bundle });
  await it.press("main form[action='/ledger/verify'] button.govuk-button");
  assert.equal(await page.locator("main .govuk-notification-banner--success").count(), 1, await it.complaint());

  const forged = JSON.parse(bundle);
  forged.entries[0].data = forged.entries[0].data.replace('"at":"20', '"at":"19');
  await it.open("/ledger/verify");
  await page.fill("[name=text]", JSON.stringify(forged));
  await it.press("main form[action='/ledger/verify'] button.govuk-button");
  assert.equal(await page.locator("main .govuk-notification-banner--success").count(), 0, "a forged bundle is not believed");
}
