// The whole way through, as people go it, in a real browser against a real server:
//   BASE_URL=http://localhost:8080 MAILDIR=data/mail PETITION=slug VIDEO_URL=http://127.0.0.1:8090/w/abc [SETTLE_SECONDS=10] node run.mjs [part of a test's name]
// Pictures of every page at 390 and 1280 px are left in shots/, to be looked at.

import { mkdirSync } from "node:fs";
import { contentTests } from "./content.mjs";
import { deskTests } from "./desk.mjs";
import { check, count, fill, inspect, launch, link, open, person, settings, until } from "./harness.mjs";
import { nightTests } from "./night.mjs";
import { phoneTests } from "./phone.mjs";
import { shareTests } from "./share.mjs";

const { base, petition } = settings;
const page_url = `${base}/p/${petition}`;
const challenge = `**/p/${petition}/challenge*`;

const tests = [];
const test = (name, body) => tests.push({ name, body });

const send = (page) => page.click("form.sign button[type=submit]");
const sent = (page) => page.waitForURL("**/check-mail*", { timeout: 40_000 });

async function sign(page, somebody) {
  await page.goto(`${page_url}?lang=${page.lang}`);
  await fill(page, somebody);
  await send(page);
  await sent(page);
}

async function confirm(page, somebody) {
  await page.goto(base + (await link(somebody.email, "confirm")));
  check((await page.textContent("main")).includes(somebody.name), "the confirmation shows the name that is signed");
  check((await page.textContent("main")).includes(somebody.comment), "the confirmation shows the comment, as typed");
  await page.click("form[action*='/confirm/'] >> nth=0 >> button");
  await page.waitForSelector("#receipt", { state: "attached" });
}

for (const [lang, width] of [["fr", 390], ["en", 1280], ["fr", 1280], ["en", 390]]) {
  test(`sign, confirm, receipt, withdraw: ${lang} at ${width} px`, async (browser) => {
    const page = await open(browser, { lang, width });
    const somebody = person();
    await page.goto(`${base}/?lang=${lang}`);
    await inspect(page, "home");
    await page.click(`a[href^="/p/${petition}"]`);
    await inspect(page, "petition");
    await fill(page, somebody);
    await page.press("#email", "Enter");
    await sent(page);
    await inspect(page, "check-mail");

    const before = settings.settle ? await count() : 0;
    const path = await link(somebody.email, "confirm");
    // Programs open links: opening one, however often, signs nothing.
    for (let visit = 0; visit < 3; visit += 1) await page.goto(base + path);
    await inspect(page, "confirm");
    await confirm(page, somebody);
    await inspect(page, "confirmed");
    const receipt = await page.getAttribute("a[href^='/receipt/']", "href");
    check((await (await fetch(base + receipt)).json()) instanceof Object, "the receipt is JSON");
    if (settings.settle) await until("the count goes up", settings.settle, async () => (await count()) > before);

    await page.goto(base + path);
    await page.goBack();
    await page.click("a[href*='/withdraw/']");
    await inspect(page, "withdraw");
    await page.click("form[action*='/withdraw/'] button");
    await page.waitForLoadState();
    await inspect(page, "withdrawn");
  });
}

contentTests(test, async (page, choice) => {
  const somebody = person();
  await page.goto(`${page_url}?lang=${page.lang}`);
  await fill(page, somebody);
  await page.check(choice);
  await send(page);
  await sent(page);
  await confirm(page, somebody);
});

if (settings.settle) {
  test("the count moves while one looks at it", async (browser) => {
    const watching = await open(browser, { lang: "fr", width: 390 });
    await watching.goto(`${page_url}?lang=fr`);
    const before = await watching.textContent(".total strong");
    const page = await open(browser, { lang: "fr", width: 390 });
    const somebody = person();
    await page.goto(`${page_url}?lang=fr`);
    await fill(page, somebody);
    await page.press("#email", "Enter");
    await sent(page);
    await confirm(page, somebody);
    const moved = async () => (await watching.textContent(".total strong")) !== before;
    const said = await watching.textContent(".count time");
    await until("the number on the open page moves", settings.settle, moved);
    check(/\d\u00a0h\u00a0\d\d\u00a0?\s?UTC$/.test(said), `the server writes ${said}`);
    const now = await watching.textContent(".count time");
    check(/\d\u00a0h\u00a0\d\d UTC$/.test(now), `the page writes ${now}`);
  });

  test("how far the goal is, in words that hold at every count", async (browser) => {
    const page = await open(browser, { lang: "fr", width: 390 });
    // What the server would say, without waiting for so many people.
    await page.addInitScript(() => {
      window.EventSource = class extends EventTarget {
        constructor() {
          super();
          window.say = (counted) => this.dispatchEvent(new MessageEvent("count", {
            data: JSON.stringify({ counted, as_of: "2026-11-22T20:42:14.513Z" }),
          }));
        }
        close() {}
      };
    });
    await page.goto(`${page_url}?lang=fr`);
    for (const [counted, width, words] of [
      [0, 0, "0\u00a0% de l’objectif de 500"],
      [1, 1, "Moins de 1\u00a0% de l’objectif de 500"],
      [4, 1, "Moins de 1\u00a0% de l’objectif de 500"],
      [5, 1, "1\u00a0% de l’objectif de 500"],
      [499, 99, "99\u00a0% de l’objectif de 500"],
      [500, 100, "L’objectif de 500 est atteint"],
      [1234, 100, "L’objectif de 500 est atteint"],
      [250, 50, "50\u00a0% de l’objectif de 500"],
    ]) {
      await page.evaluate((counted) => window.say(counted), counted);
      const shown = await page.textContent(".goal");
      check(shown === words, `${counted}: ${shown}`);
      check((await page.getAttribute(".bar .fill", "width")) === String(width), `${counted}: the bar`);
    }
  });
}

for (const lang of ["fr", "en"]) {
  test(`without script: ${lang}`, async (browser) => {
    const page = await open(browser, { lang, width: 390, script: false });
    const somebody = person();
    await page.goto(`${page_url}?lang=${lang}`);
    check(!(await page.isVisible("form.sign")), "without script the page shows a button, not the form");
    await inspect(page, "petition-plain");
    await page.click(".plain-way a");
    await inspect(page, "sign-plain");
    await fill(page, somebody);
    await send(page);
    // Faster than the ticket's price is told to wait, with everything kept and the same ticket.
    for (let press = 0; !page.url().includes("check-mail") && press < 5; press += 1) {
      check((await page.inputValue("#name")) === somebody.name, "the name is kept");
      check((await page.inputValue("#comment")) === somebody.comment, "the comment is kept");
      await inspect(page, "sign-too-early");
      const wait = Number(await page.getAttribute("form.sign", "data-ticket-wait"));
      await page.waitForTimeout(wait * 1000 + 300);
      await send(page);
      await page.waitForLoadState();
    }
    check(page.url().includes("check-mail"), "signed without script");
    await confirm(page, somebody);
    await inspect(page, "confirmed-plain");
  });
}

for (const [choice, lang] of [["erase", "fr"], ["keep", "en"]]) {
  test(`it wasn’t me: ${choice}`, async (browser) => {
    const page = await open(browser, { lang, width: 390 });
    const somebody = person();
    await sign(page, somebody);
    await page.goto(base + (await link(somebody.email, "not-me")));
    await inspect(page, "not-me");
    await page.click(`button[value=${choice}]`);
    await page.waitForLoadState();
    check(await page.isHidden("button[name=choice]"), "the choice was taken");
    await inspect(page, `disowned-${choice}`);
  });
}

test("a wrong form comes back with its points named and everything kept", async (browser) => {
  const page = await open(browser, { lang: "fr", width: 390 });
  const somebody = person();
  await page.goto(`${page_url}?lang=fr`);
  await fill(page, { ...somebody, email: "maelle@example" });
  await page.check("#show_name");
  await send(page);
  await page.waitForSelector("#email[aria-invalid=true]");
  check((await page.inputValue("#name")) === somebody.name, "the name is kept");
  check((await page.inputValue("#comment")) === somebody.comment, "the comment is kept");
  check(await page.isChecked("#show_name"), "the choice is kept");
  check(await page.evaluate(() => document.activeElement.hasAttribute("data-focus")), "what is wrong has the focus");
  await inspect(page, "sign-wrong");
  await page.fill("#email", somebody.email);
  await send(page);
  await sent(page);
});

test("signing twice gets the same answer", async (browser) => {
  const page = await open(browser);
  const somebody = person();
  await sign(page, somebody);
  const first = await page.textContent("main");
  await sign(page, somebody);
  check((await page.textContent("main")) === first, "nothing tells that the address has signed");
});

test("pressing twice sends once, with one proof", async (browser) => {
  const page = await open(browser);
  const bodies = [];
  page.on("request", (request) => request.method() === "POST" && bodies.push(request.postData()));
  await page.goto(page_url);
  await fill(page, person());
  await page.dblclick("form.sign button[type=submit]");
  await sent(page);
  check(bodies.length === 1, `sent ${bodies.length} times`);
  const fields = new URLSearchParams(bodies[0]);
  check(fields.has("altcha") && !fields.has("ticket"), "a clearance or a ticket, never both");
});

const broken = {
  "the challenge cannot be reached": (page) => page.route(challenge, (route) => route.abort()),
  "the challenge is refused (429)": (page) =>
    page.route(challenge, (route) => route.fulfill({ status: 429, headers: { "retry-after": "1" }, json: {} })),
  "the challenge is refused for long (503)": (page) =>
    page.route(challenge, (route) => route.fulfill({ status: 503, headers: { "retry-after": "600" }, json: {} })),
  "the challenge is not one": (page) => page.route(challenge, (route) => route.fulfill({ json: { hello: "world" } })),
  "the widget's file is missing": (page) => page.route("**/altcha.min.js", (route) => route.fulfill({ status: 404 })),
  "the worker's file is missing": (page) => page.route("**/pbkdf2.js", (route) => route.fulfill({ status: 404 })),
  "our own script is missing": (page) => page.route("**/sign.js", (route) => route.abort()),
  "the browser has no WebCrypto": (page) =>
    page.addInitScript(() => Object.defineProperty(Crypto.prototype, "subtle", { value: undefined })),
  "nothing but the form works": async (page) => {
    await page.route(challenge, (route) => route.abort());
    await page.route(`${page_url}/sign*`, (route) => (route.request().method() === "GET" ? route.abort() : route.continue()));
  },
};

for (const [what, sabotage] of Object.entries(broken)) {
  test(`one can sign although ${what}`, async (browser) => {
    const page = await open(browser, { lang: "en", width: 390 });
    await sabotage(page);
    const somebody = person();
    await page.goto(`${page_url}?lang=en`);
    await fill(page, somebody);
    await send(page);
    // At worst the form comes back once, with a ticket and everything kept, and is sent again.
    await page.waitForURL((url) => url.pathname !== `/p/${petition}`, { timeout: 60_000 });
    if (!page.url().includes("check-mail")) {
      check((await page.inputValue("#comment")) === somebody.comment, "the comment is kept");
      await inspect(page, "sign-no-clearance");
      const wait = Number(await page.getAttribute("form.sign", "data-ticket-wait"));
      await page.waitForTimeout(wait * 1000 + 300);
      await send(page);
    }
    await sent(page);
    await link(somebody.email, "confirm");
  });
}

test("a challenge refused once is asked for again", async (browser) => {
  const page = await open(browser);
  let asked = 0;
  await page.route(challenge, (route) => {
    asked += 1;
    return asked === 1 ? route.fulfill({ status: 429, headers: { "retry-after": "1" }, json: {} }) : route.continue();
  });
  const bodies = [];
  page.on("request", (request) => request.method() === "POST" && bodies.push(new URLSearchParams(request.postData())));
  await sign(page, person());
  check(asked === 2 && bodies[0].has("altcha"), `asked ${asked} times`);
});

test("a phone whose clock is a year ahead signs with a clearance", async (browser) => {
  const page = await open(browser);
  await page.addInitScript(() => {
    const now = Date.now;
    Date.now = () => now() + 366 * 86_400_000;
  });
  let asked = 0;
  page.on("request", (request) => (asked += request.url().includes("/challenge") ? 1 : 0));
  await sign(page, person());
  check(asked === 1, `asked ${asked} times`);
});

test("back to the form after sending, one can sign again", async (browser) => {
  const page = await open(browser);
  await sign(page, person());
  await page.goBack();
  await fill(page, person());
  await send(page);
  await sent(page);
});

test("the page asks for nothing before the form is touched", async (browser) => {
  const page = await open(browser);
  const paths = [];
  page.on("request", (request) => paths.push(new URL(request.url()).pathname));
  await page.goto(page_url, { waitUntil: "networkidle" });
  check(!paths.some((path) => /challenge|altcha|pbkdf2/.test(path)), `asked for ${paths}`);
});

test("by keyboard alone", async (browser) => {
  const page = await open(browser, { lang: "en" });
  await page.goto(`${page_url}?lang=en`);
  await page.keyboard.press("Tab");
  check(await page.evaluate(() => document.activeElement.className === "skip"), "the first stop skips to the content");
  const stops = [];
  for (let press = 0; press < 60 && stops.at(-1) !== "button"; press += 1) {
    await page.keyboard.press("Tab");
    stops.push(await page.evaluate(() => document.activeElement.id || document.activeElement.localName));
  }
  const expected = ["name", "email", "postcode", "country", "comment", "show_name", "news"];
  check(expected.every((id) => stops.includes(id)), `stops: ${stops}`);
  check(!stops.includes("website") && stops.at(-1) === "button", `stops: ${stops}`);
});

for (const [lang, width] of [["fr", 390], ["en", 1280], ["fr", 1280], ["en", 390]]) {
  test(`texts and dead ends: ${lang} at ${width} px`, async (browser) => {
    const page = await open(browser, { lang, width });
    for (const name of ["method", "privacy", "legal"]) {
      await page.goto(`${base}/${name}?lang=${lang}`);
      await inspect(page, name);
    }
    for (const [name, path] of [["not-found", "/nothing-here"], ["link-unknown", `/confirm/${"A".repeat(24)}`]]) {
      const answer = await page.goto(`${base}${path}?lang=${lang}`);
      check(answer.status() === 404, `${name} is ${answer.status()}`);
      await inspect(page, name);
    }
  });
}

test("in the dark, and on the narrowest phone", async (browser) => {
  for (const [width, scheme] of [[390, "dark"], [1280, "dark"], [320, "light"]]) {
    const page = await open(browser, { width, scheme });
    for (const path of ["/", `/p/${petition}`, `/p/${petition}/sign`, `/p/${petition}/check-mail`, "/method", "/privacy"]) {
      await page.goto(`${base}${path}?lang=fr`);
      await inspect(page, `${scheme}${path.replaceAll("/", "-")}`);
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = ground.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3;
      check(scheme === "dark" ? light < 64 : light > 192, `${path} is ${ground} in ${scheme} colours`);
    }
    await page.context().close();
  }
});

shareTests(test, sign, confirm);
deskTests(test);
if (process.env.NIGHT_STORE) nightTests(test);
phoneTests(test);

mkdirSync(settings.shots, { recursive: true });
const browser = await launch();
let failed = 0;
const chosen = tests.filter(({ name }) => name.includes(process.argv[2] ?? ""));
for (const { name, body } of chosen) {
  const start = performance.now();
  try {
    await body(browser);
    console.log(`ok    ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n      ${error.message.split("\n").slice(0, 4).join("\n      ")}`);
  }
  await Promise.all(browser.contexts().map((context) => context.close()));
}
await browser.close();
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exitCode = failed || !chosen.length ? 1 : 0;
