// What authors add to a petition: versions, first signatories, a video that loads nothing before a click, updates, names.

import { createServer } from "node:http";
import { check, inspect, open, settings, until } from "./harness.mjs";

const { base, petition, video } = settings;

/// The host of the video: remembers every request.
async function host() {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url, referer: request.headers.referer });
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>player</title><p>player");
  });
  await new Promise((resolve) => server.listen(Number(new URL(video).port), "127.0.0.1", resolve));
  const close = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
  return { asked, close };
}

async function look(page, path, name) {
  await page.goto(`${base}${path}?lang=${page.lang}`);
  await inspect(page, name);
}

export function contentTests(test, signedBy) {
  for (const [lang, width] of [["fr", 390], ["en", 1280], ["fr", 1280], ["en", 390]]) {
    test(`what authors add: ${lang} at ${width} px`, async (browser) => {
      const page = await open(browser, { lang, width });
      await look(page, `/p/${petition}`, "content-petition");
      check(await page.isVisible(".first li"), "first signatories are shown");
      await look(page, `/p/${petition}/versions`, "content-versions");
      await look(page, `/p/${petition}/versions/2`, "content-version");
      check((await page.locator(".changed ins").count()) > 0, "what changed is marked");
      await look(page, `/p/${petition}/updates`, "content-updates");
      await page.click(".updates h3 a >> nth=0");
      await inspect(page, "content-update");
      await page.goto(`${base}/p/${petition}/sign?lang=${lang}&text_version=1`);
      check(await page.isVisible(".earlier"), "the form says that it signs an earlier version");
      await inspect(page, "content-sign-earlier");
    });
  }

  test("no word, link or name is wider than a phone", async (browser) => {
    for (const width of [320, 390]) {
      const page = await open(browser, { lang: "fr", width });
      for (const path of ["/", `/p/${petition}`, `/p/${petition}/versions`, `/p/${petition}/updates`, `/p/${petition}/sign`]) {
        await page.goto(`${base}${path}?lang=fr`);
        const over = await page.evaluate(() => {
          const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
          while (texts.nextNode()) {
            const shown = texts.currentNode.textContent.trim() && !texts.currentNode.parentElement.closest("select, script, textarea, button");
            if (shown) texts.currentNode.textContent += "x".repeat(90);
          }
          return document.documentElement.scrollWidth - innerWidth;
        });
        check(over <= 0, `${path}: ${over} px too wide at ${width}`);
      }
    }
  });

  test("nothing of the video is asked for before a click, with script and without", async (browser) => {
    const elsewhere = await host();
    try {
      for (const script of [false, true]) {
        const page = await open(browser, { lang: "fr", width: 390, script });
        await page.goto(`${base}/p/${petition}?lang=fr`);
        await page.hover(".video a");
        await page.locator(".colophon").scrollIntoViewIfNeeded();
        await page.waitForLoadState("networkidle");
        check(page.complaints.length === 0, `asked before the click: ${page.complaints}`);
        check((await page.textContent(".video")).includes(new URL(video).hostname), "the page says where it leads");
        check((await page.getAttribute(".video a", "href")) === video, "without script it is a plain link");
        check((await page.getAttribute(".video a", "rel")).includes("noreferrer"), "which says nothing of us");
        check(elsewhere.asked.length === 0, "nothing reached the host of the video");
        if (!script) continue;
        await page.click(".video a");
        await until("the player", 10, () => elsewhere.asked.find(({ url }) => url.startsWith("/videos/embed/")));
        check(elsewhere.asked.every(({ referer }) => !referer), "the host learns no address of ours");
        const refused = page.complaints.filter((complaint) => !complaint.startsWith(new URL(video).origin));
        check(refused.length === 0, `complaints: ${refused}`);
        await page.screenshot({ path: `${settings.shots}content-video-playing.png` });
        const other = await open(browser, { lang: "fr", width: 390 });
        await other.goto(`${base}/?lang=fr`);
        const framed = await other.evaluate((src) => new Promise((resolve) => {
          document.addEventListener("securitypolicyviolation", () => resolve(false));
          const frame = Object.assign(document.createElement("iframe"), { src });
          document.body.append(frame);
          setTimeout(() => resolve(true), 2000);
        }), video);
        check(framed === false, "no other page may load it");
      }
    } finally {
      await elsewhere.close();
    }
  });

  if (settings.settle) {
    test("names appear in company, for those who wished it", async (browser) => {
      const page = await open(browser, { lang: "fr", width: 390 });
      await signedBy(page, "#show_name");
      await signedBy(page, "#show_name");
      // A browser keeps a page for its 15 seconds; a reader who comes anew has no old one.
      await until("the names", settings.settle + 10, async () => {
        const answer = await fetch(`${base}/p/${petition}?lang=fr`);
        return (await answer.text()).includes('class="names"');
      });
      const reader = await open(browser, { lang: "fr", width: 390 });
      await reader.goto(`${base}/p/${petition}?lang=fr`);
      check(await reader.isVisible(".names li"), "names are shown");
      await inspect(reader, "content-names");
      const wide = await open(browser, { lang: "en", width: 1280 });
      await wide.goto(`${base}/p/${petition}?lang=en`);
      await inspect(wide, "content-names");
    });
  }
}
