// What the browser tests stand on: a browser, a mailbox, and a page that reports what people would trip over.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

function need(name) {
  if (process.env[name]) return process.env[name];
  console.error(`${name} is not set\nhint: BASE_URL=http://localhost:8080 MAILDIR=data/mail PETITION=slug VIDEO_URL=http://127.0.0.1:8090/w/abc node run.mjs`);
  process.exit(2);
}

export const settings = {
  base: need("BASE_URL").replace(/\/$/, ""),
  maildir: need("MAILDIR"),
  petition: need("PETITION"),
  // Seconds within which a confirmation is in the displayed count; without it, counts are not waited for.
  settle: Number(process.env.SETTLE_SECONDS ?? 0),
  // A petition with a long title; a language added by a file; one that runs from right to left. Without them, not tested.
  long: process.env.PETITION_LONG,
  added: process.env.LANGUAGE_ADDED,
  right: process.env.LANGUAGE_RIGHT,
  // The link of the first operator, as `paraph serve` prints it.
  link: process.env.DESK_LINK,
  // Address of the petition's video on this machine, as a PeerTube host has it.
  video: need("VIDEO_URL"),
  chromium: process.env.CHROMIUM ?? "/usr/bin/chromium",
  shots: new URL("shots/", import.meta.url).pathname,
};

export const launching = {
  executablePath: settings.chromium,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export const launch = () => chromium.launch(launching);

export function check(condition, what) {
  if (!condition) throw new Error(what);
}

/// Waits until `probe` gives something, asking again every 100 ms.
export async function until(what, seconds, probe) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const run = Date.now().toString(36);
let people = 0;

/// Somebody who has not signed yet.
export function person() {
  people += 1;
  return {
    name: "Maëlle Le Goff-d’Aure",
    email: `maelle.${run}.${people}@example.org`,
    postcode: "99120",
    comment: "J’y achète mes <pommes> & mes œufs.",
  };
}

function decode(message) {
  const [head, ...rest] = message.split(/\r?\n\r?\n/);
  const body = rest.join("\n\n");
  // A header may go on in the next line.
  const boundary = head.replace(/\r?\n[ \t]+/g, " ").match(/^content-type:\s*multipart\/.*boundary="?([^";]+)/im)?.[1];
  if (boundary) {
    const parts = body.split(`--${boundary}`).slice(1, -1);
    return parts.map((part) => decode(part.replace(/^\r?\n/, ""))).join("\n");
  }
  if (/^content-transfer-encoding:\s*base64/im.test(head)) return Buffer.from(body, "base64").toString("utf8");
  if (!/^content-transfer-encoding:\s*quoted-printable/im.test(head)) return body;
  const bytes = body.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/gi, (_, hex) => `%${hex}`);
  return bytes.replace(/(?:%[0-9A-F]{2})+/gi, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString("utf8"));
}

/// Texts of the messages that have come for an address, oldest first.
function messages(email) {
  const folder = join(settings.maildir, "new");
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .filter((text) => text.split(/\r?\n\r?\n/)[0].toLowerCase().includes(email.toLowerCase()))
    .map(decode);
}

/// Path of the newest link of one kind (`confirm`, `not-me`, `withdraw`) mailed to an address.
export function link(email, kind, seconds = 20) {
  const pattern = new RegExp(`/${kind}/[A-Za-z0-9_-]{24}[^\\s>"]*`, "g");
  return until(`a mail with /${kind}/ for ${email}`, seconds, () => messages(email).join("\n").match(pattern)?.at(-1));
}

export async function fill(page, somebody) {
  await page.fill("#name", somebody.name);
  await page.fill("#email", somebody.email);
  await page.fill("#postcode", somebody.postcode);
  await page.selectOption("#country", "FR");
  await page.fill("#comment", somebody.comment);
}

/// A PNG as whoever shows it fetches it: bytes, tag, size.
export async function picture(address) {
  const answer = await fetch(address);
  check(answer.status === 200 && answer.headers.get("content-type") === "image/png", `${address} is ${answer.status}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  check(bytes.subarray(1, 4).toString() === "PNG", `${address} is not a PNG`);
  return { bytes, etag: answer.headers.get("etag"), width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

export async function count() {
  const answer = await fetch(`${settings.base}/p/${settings.petition}/count.json`);
  return (await answer.json()).counted;
}

/// A page in a context of its own, which remembers every complaint of the browser and every foreign request.
export async function open(browser, { lang = "fr", width = 1280, script = true, scheme = "light", scale = 1, colours = "none" } = {}) {
  const context = await browser.newContext({
    locale: { fr: "fr-FR", en: "en-GB" }[lang] ?? lang,
    deviceScaleFactor: scale,
    forcedColors: colours,
    viewport: { width, height: width < 600 ? 844 : 800 },
    colorScheme: scheme,
    javaScriptEnabled: script,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.lang = lang;
  page.scripted = script;
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/i.test(message.text())) page.complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(settings.base).origin) page.complaints.push(request.url());
  });
  return page;
}

/// The same document where scripts run, ours left out: axe is one.
async function withoutOurs(page) {
  const html = (await page.content()).replace(/<\/?noscript>/g, "");
  const context = await page.context().browser().newContext({ viewport: page.viewportSize() });
  const copy = await context.newPage();
  await copy.route("**", (route) => {
    const request = route.request();
    if (request.isNavigationRequest()) return route.fulfill({ contentType: "text/html; charset=utf-8", body: html });
    return request.resourceType() === "script" ? route.abort() : route.continue();
  });
  await copy.goto(page.url());
  return copy;
}

/// Language, overflow, accessibility and a picture of what is on the screen.
export async function inspect(page, name) {
  const width = page.viewportSize().width;
  const looked = page.scripted ? page : await withoutOurs(page);
  check((await looked.getAttribute("html", "lang")) === page.lang, `${name}: not in ${page.lang}`);
  const over = await looked.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(over <= 0, `${name}: ${over} px too wide at ${width}`);
  // The driver's own evaluation is not bound by the page's policy, so no policy is lifted for the test.
  await looked.evaluate(axeSource);
  // What loads itself again has a link that stops it (WCAG 2.2.1), which axe cannot see.
  const renews = (await looked.locator("meta[http-equiv=refresh]").count()) > 0;
  const stops = (await looked.locator("a[href*='open=all']").count()) === 1;
  check(!renews || stops, `${name}: nothing keeps it from loading itself again`);
  const options = { resultTypes: ["violations"], rules: { "meta-refresh": { enabled: !renews } } };
  const { violations } = await looked.evaluate((options) => window.axe.run(document, options), options);
  const found = violations.map((one) => `${one.id} ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`);
  check(found.length === 0, `${name}: axe: ${found.join("; ")}`);
  if (looked !== page) await looked.context().close();
  check(page.complaints.length === 0, `${name}: ${page.complaints.join("; ")}`);
  await page.screenshot({ path: join(settings.shots, `${name}-${page.lang}-${width}.png`), fullPage: true });
}
