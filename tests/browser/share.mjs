// Sharing and the polish of pages: cards, links, poster, languages, weight, keyboard, zoom, colours, paper.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, inspect, link, open, person, picture, settings, until } from "./harness.mjs";

const { base, petition } = settings;
const page_url = `${base}/p/${petition}`;
// Kilobytes of the first load of a petition page, compressed, without the widget and its worker.
const FIRST_LOAD_KB = 60;

const meta = (page, property) => page.getAttribute(`meta[property="${property}"]`, "content");

export function shareTests(test, sign, confirm) {
  for (const lang of ["fr", "en"]) {
    test(`a shared link has a card: ${lang}`, async (browser) => {
      const page = await open(browser, { lang });
      await page.goto(`${page_url}?lang=${lang}`);
      const address = await meta(page, "og:image");
      const card = await picture(address);
      check(card.width === 1200 && card.height === 630, `the card is ${card.width} x ${card.height}`);
      check((await meta(page, "og:image:width")) === "1200", "the page says how wide it is");
      const again = await fetch(address, { headers: { "if-none-match": card.etag } });
      check(again.status === 304, `the same card again is ${again.status}`);
      check((await meta(page, "og:url")).endsWith(`/p/${petition}?lang=${lang}`), "og:url is this very page");
      check((await fetch(`${page_url}/card.xx.png`)).status === 404, "no card in a language that is not offered");
      writeFileSync(join(settings.shots, `card-${lang}.png`), card.bytes);
    });
  }

  for (const [lang, width] of [["fr", 390], ["en", 1280]]) {
    test(`sharing asks nobody anything before the click: ${lang} at ${width} px`, async (browser) => {
      const page = await open(browser, { lang, width });
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.goto(`${page_url}?lang=${lang}`);
      const ways = await page.locator(".share a.way").evaluateAll((all) => all.map(({ href, rel }) => ({ href, rel })));
      check(ways.length === 8, `${ways.length} ways to share`);
      for (const { href, rel } of ways) {
        check(decodeURIComponent(href).includes(`${page_url}?lang=${lang}`), `the petition is not in ${href}`);
        check(!href.startsWith("http") || rel === "noopener noreferrer", `${href} tells where the click came from`);
      }
      await page.click("[data-copy]");
      await until("the address is copied", 5, async () => (await page.textContent(".share-status")) !== "");
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      check(copied === `${page_url}?lang=${lang}`, `copied ${copied}`);
      // The instance is asked of the person; its page is opened and not reached here.
      await page.context().route("https://social.example/**", (route) => route.fulfill({ body: "" }));
      await page.fill("#share-instance", "@someone@social.example");
      const [popup] = await Promise.all([page.waitForEvent("popup"), page.press("#share-instance", "Enter")]);
      check(popup.url().startsWith("https://social.example/share?text="), popup.url());
      await popup.close();
      await inspect(page, "shared");
    });
  }

  test("the confirmed page shares the petition and nothing of who signed", async (browser) => {
    const page = await open(browser, { lang: "fr", width: 390 });
    const somebody = person();
    await sign(page, somebody);
    await confirm(page, somebody);
    const ways = (await page.locator(".share").innerHTML()).toLowerCase();
    check(ways.includes("wa.me"), "the confirmed page has ways to share");
    const token = new URL(page.url()).pathname.split("/").pop().toLowerCase();
    for (const secret of [token, somebody.email, "maëlle", encodeURIComponent("Maëlle").toLowerCase(), "receipt", "withdraw"]) {
      check(!ways.includes(secret), `a link to share holds ${secret}`);
    }
  });

  for (const lang of ["fr", "en"]) {
    test(`the poster is one sheet of A4: ${lang}`, async (browser) => {
      const page = await open(browser, { lang, width: 1280 });
      for (const slug of [petition, settings.long].filter(Boolean)) {
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.goto(`${base}/p/${slug}/poster?lang=${lang}`);
        await inspect(page, `poster-${slug}`);
        const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
        const text = pdf.toString("latin1");
        const sheets = text.match(/\/Type\s*\/Page\b/g).length;
        check(sheets === 1, `the poster of ${slug} has ${sheets} sheets`);
        const [, width, height] = text.match(/\/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]/).map(Number);
        check(Math.abs(width - 595) < 2 && Math.abs(height - 842) < 2, `a sheet is ${width} x ${height} points`);
        writeFileSync(join(settings.shots, `poster-${slug}-${lang}.pdf`), pdf);
        const inside = await page.evaluate(() => {
          const sheet = document.querySelector(".a4").getBoundingClientRect();
          return [...document.querySelectorAll(".a4 > *")].every((one) => one.getBoundingClientRect().bottom <= sheet.bottom);
        });
        check(inside, `something of ${slug} hangs over the edge of the sheet`);
        await page.setViewportSize({ width: 390, height: 844 });
        await inspect(page, `poster-${slug}`);
      }
    });
  }

  test("the first load of a petition stays light", async (browser) => {
    const page = await open(browser, { lang: "fr", width: 390 });
    const loaded = [];
    page.on("requestfinished", (request) => loaded.push(request));
    await page.goto(`${page_url}?lang=fr`);
    await page.focus("#name");
    await page.waitForResponse(/altcha/, { timeout: 15_000 }).catch(() => {});
    let bytes = 0;
    const table = [];
    for (const request of loaded) {
      const path = new URL(request.url()).pathname;
      if (/altcha|pbkdf2|\/challenge|\/events/.test(path)) continue;
      const { responseHeadersSize, responseBodySize } = await request.sizes();
      bytes += responseHeadersSize + responseBodySize;
      table.push(`${path.split("/").pop()} ${responseHeadersSize + responseBodySize}`);
    }
    console.log(`      first load: ${(bytes / 1000).toFixed(1)} kB (${table.join(", ")})`);
    check(table.length >= 4, "the page with its style and scripts was measured");
    check(bytes < FIRST_LOAD_KB * 1000, `the first load is ${bytes} bytes`);
  });

  test("with the keyboard alone: first to the content, in order, always to be seen", async (browser) => {
    const page = await open(browser, { lang: "fr", width: 1280 });
    await page.goto(`${page_url}?lang=fr`);
    const order = [];
    for (let press = 0; press < 60; press += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const one = document.activeElement;
        if (one === document.body) return null;
        const { outlineStyle, outlineWidth } = getComputedStyle(one);
        const box = one.getBoundingClientRect();
        const all = [...document.querySelectorAll("*")];
        return {
          what: one.id || one.textContent.trim().slice(0, 30),
          place: all.indexOf(one),
          outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
          seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
        };
      });
      if (!at || order.some((before) => before.place === at.place)) break;
      order.push(at);
    }
    check(order.length > 20, `only ${order.length} stops`);
    check(order[0].what === "Aller au contenu", `the first stop is ${order[0].what}`);
    for (const [index, at] of order.entries()) {
      check(at.outlined, `no outline around ${at.what}`);
      check(at.seen, `${at.what} is out of sight`);
      check(index === 0 || at.place > order[index - 1].place, `${at.what} comes out of order`);
    }
  });

  test("at 200 % zoom, in few colours, without motion", async (browser) => {
    const paths = ["/", `/p/${petition}`, `/p/${petition}/sign`, "/method", `/p/${petition}/poster`];
    // A window of 1280 px at 200 % lays out 640 CSS px.
    const zoomed = await open(browser, { width: 640, scale: 2 });
    const few = await open(browser, { width: 390, colours: "active" });
    const narrow = await open(browser, { width: 320 });
    for (const path of paths) {
      for (const [page, name] of [[zoomed, "zoomed"], [few, "forced-colours"], [narrow, "narrow"]]) {
        await page.goto(`${base}${path}?lang=fr`);
        await inspect(page, `${name}${path.replaceAll("/", "-")}`);
        const moving = await page.evaluate(() => [...document.querySelectorAll("*")].filter((one) => {
          const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(one);
          return animationName !== "none" || parseFloat(transitionDuration) > 0 || scrollBehavior === "smooth";
        }).map((one) => one.className || one.localName));
        check(moving.length === 0, `${moving} moves on ${path} although motion is not wanted`);
      }
    }
  });

  test("letters of twice the size hang over nowhere, and a site's name gives way to them", async (browser) => {
    const paths = ["/", `/p/${petition}`, `/p/${petition}/sign`, `/p/${petition}/check-mail`, "/method", "/privacy", "/desk/login"];
    for (const width of [320, 390]) {
      const page = await open(browser, { lang: "fr", width });
      for (const path of paths) {
        await page.goto(`${base}${path}?lang=fr`);
        // As a phone does that is told to write larger: the letters grow and the window does not.
        const over = await page.evaluate(() => {
          document.documentElement.style.fontSize = "200%";
          document.querySelector(".brand span").textContent = "Pétitions de la vallée d’Exemple et des environs";
          return document.documentElement.scrollWidth - innerWidth;
        });
        check(over <= 0, `${path}: ${over} px too wide at ${width}`);
      }
    }
  });

  test("on paper nothing is light on white, whatever the screen was", async (browser) => {
    const page = await open(browser, { lang: "fr", scheme: "dark" });
    await page.goto(`${page_url}?lang=fr`);
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const pale = await page.evaluate(() => [...document.querySelectorAll("main :is(h1, b, p, span, a, li)")].filter((one) => {
      if (!one.checkVisibility() || !one.textContent.trim()) return false;
      const [red, green, blue] = getComputedStyle(one).color.match(/[\d.]+/g).map(Number);
      return 0.299 * red + 0.587 * green + 0.114 * blue > 128;
    }).map((one) => one.textContent.trim().slice(0, 30)));
    check(pale.length === 0, `light on white: ${pale.join("; ")}`);
  });

  test("on paper a petition is its text, its count and its address", async (browser) => {
    const page = await open(browser, { lang: "fr" });
    await page.goto(`${page_url}?lang=fr`);
    await page.emulateMedia({ media: "print" });
    for (const hidden of ["form.sign", ".share", ".bottom"]) check(await page.isHidden(hidden), `${hidden} is printed`);
    check(await page.isVisible(".print-address"), "the address is not printed");
    writeFileSync(join(settings.shots, "petition-print.pdf"), await page.pdf({ format: "A4" }));
  });

  for (const width of settings.right ? [320, 390, 1280] : []) {
    test(`from right to left nothing hangs over: ${width} px`, async (browser) => {
      const lang = settings.right;
      const page = await open(browser, { lang, width });
      const paths = ["/", `/p/${petition}`, `/p/${petition}/sign`, `/p/${petition}/check-mail`, `/p/${petition}/poster`, "/method", "/legal", "/nothing"];
      for (const path of paths) {
        await page.goto(`${base}${path}?lang=${lang}`);
        check((await page.getAttribute("html", "dir")) === "rtl", `${path} does not run from right to left`);
        await inspect(page, `rtl${path.replaceAll("/", "-")}`);
      }
    });
  }

  if (settings.added) {
    test("a language added by a file: from the page to the mail", async (browser) => {
      const lang = settings.added;
      const page = await open(browser, { lang, width: 390 });
      const somebody = person();
      await sign(page, somebody);
      await inspect(page, "check-mail");
      check((await link(somebody.email, "confirm")).endsWith(`?lang=${lang}`), "the mail is in another language");
      await confirm(page, somebody);
      check((await page.textContent("h1")) === "Has firmado", "the page is in another language");
      await inspect(page, "confirmed");
      const card = await picture(`${page_url}/card.${lang}.png`);
      check(card.width === 1200, "there is a card in this language");
    });
  }
}
