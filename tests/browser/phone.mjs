// A phone that is six times slower: the renderers of one browser are stopped and continued, page and workers alike.
// (What the driver calls CPU throttling does not reach workers, where the puzzle is solved.)

import { readFileSync, readdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { check, count, fill, launching, link, person, picture, settings, until } from "./harness.mjs";

const SLOWER = 6;
const CYCLE_MS = 60;

/// Parent of a process, and the milliseconds of processor time that it has had (proc(5): fields 4, 14 and 15, 10 ms each).
function process_of(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ").map(Number);
    return { parent: fields[1], ms: (fields[11] + fields[12]) * 10 };
  } catch {
    return { parent: 0, ms: 0 };
  }
}

/// Renderers among the descendants of a process: of a browser of ours, and of nobody else.
function renderers(root) {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map(pids.map((pid) => [pid, process_of(pid).parent]));
  const isOurs = (pid) => {
    for (let at = pid; at > 1; at = parents.get(at) ?? 0) if (at === root) return true;
    return false;
  };
  const isRenderer = (pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer");
    } catch {
      return false;
    }
  };
  return pids.filter((pid) => isOurs(pid) && isRenderer(pid));
}

/// Lets the renderers of a browser have a sixth of one core, by what they really had and not by a timer that may come late; call
/// what it gives to let them go.
function slow(root) {
  let known = [];
  let rounds = 0;
  // Milliseconds of processor time that they may have now; saved up for one cycle at the most.
  let credit = 0;
  let last = performance.now();
  let spent = null;
  const signal = (name) => {
    for (const pid of known) {
      try {
        process.kill(pid, name);
      } catch {
        // It has ended.
      }
    }
  };
  const look = () => {
    if (rounds++ % 50 === 0) known = renderers(root);
    const [now, had] = [performance.now(), known.reduce((sum, pid) => sum + process_of(pid).ms, 0)];
    credit = Math.min(credit + (now - last) / SLOWER - Math.max(0, had - (spent ?? had)), CYCLE_MS / SLOWER);
    [last, spent] = [now, had];
    signal(credit > 0 ? "SIGCONT" : "SIGSTOP");
  };
  const timer = setInterval(look, CYCLE_MS / SLOWER);
  return () => {
    clearInterval(timer);
    known = renderers(root);
    signal("SIGCONT");
  };
}

/// The part of one core that the renderers had while the page calculated, so that the slowness is measured and not hoped.
async function share(page, root) {
  const spent = () => renderers(root).reduce((sum, pid) => sum + process_of(pid).ms, 0);
  const [began, before] = [performance.now(), spent()];
  await page.evaluate(async () => {
    const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "PBKDF2", false, ["deriveBits"]);
    for (let round = 0; round < 120; round += 1) {
      await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(16), iterations: 20_000 }, key, 256);
    }
  });
  return (spent() - before) / (performance.now() - began);
}

export function phoneTests(test) {
  test("from a shared card to a counted signature, on a phone six times slower", async () => {
    // What the network that shows the link does: reads the page, fetches the card.
    const html = await (await fetch(`${settings.base}/p/${settings.petition}?lang=fr`)).text();
    const said = (property) => html.match(new RegExp(`<meta property="${property}" content="([^"]+)"`))[1].replaceAll("&#38;", "&");
    const card = await picture(said("og:image"));
    check(card.width === 1200 && card.height === 630, `the card is ${card.width} x ${card.height}`);

    const server = await chromium.launchServer(launching);
    const browser = await chromium.connect(server.wsEndpoint());
    let release = () => {};
    try {
      const context = await browser.newContext({
        locale: "fr-FR",
        viewport: { width: 390, height: 844 },
        deviceScaleFactor: 3,
        isMobile: true,
        hasTouch: true,
        userAgent: "Mozilla/5.0 (Linux; Android 12; SM-A135F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
      });
      const page = await context.newPage();
      page.setDefaultTimeout(120_000);
      const bodies = [];
      page.on("request", (request) => request.method() === "POST" && bodies.push(new URLSearchParams(request.postData())));
      await page.goto(settings.base);
      const root = server.process().pid;
      const usual = await share(page, root);
      release = slow(root);
      // On a busy machine the brake itself comes late at times: what counts is that it holds before the visit begins.
      let slowed = await share(page, root);
      for (let again = 0; again < 2 && slowed >= 1.5 / SLOWER; again += 1) slowed = await share(page, root);
      check(slowed < 1.5 / SLOWER, `the page has ${slowed.toFixed(2)} of a core: not slow enough to mean anything`);

      const times = [["core before", usual], ["core slowed", slowed]];
      const timed = async (what, act) => {
        const began = performance.now();
        const given = await act();
        times.push([what, (performance.now() - began) / 1000]);
        return given;
      };
      const somebody = person();
      await timed("page", () => page.goto(said("og:url")));
      const before = Number((await page.textContent(".total strong")).replace(/\D/g, ""));
      // Reads.
      await page.waitForTimeout(2500);
      await timed("form", async () => {
        await page.tap("#name");
        await fill(page, somebody);
      });
      await timed("sent", async () => {
        await page.tap("form.sign button[type=submit]");
        await page.waitForURL("**/check-mail*", { timeout: 120_000 });
      });
      check(bodies[0].has("altcha") && !bodies[0].has("ticket"), "the phone solved the puzzle itself");
      const mailed = await link(somebody.email, "confirm", 30);
      await timed("confirmed", async () => {
        await page.goto(settings.base + mailed);
        await page.tap("form[action*='/confirm/'] >> nth=0 >> button");
        await page.waitForSelector("#receipt", { state: "attached" });
      });
      check(await page.isVisible(".share"), "the moment to share is there");
      if (settings.settle) {
        await until("the count goes up", settings.settle + 10, async () => (await count()) > before);
        await page.goto(said("og:url"));
        const after = Number((await page.textContent(".total strong")).replace(/\D/g, ""));
        check(after > before, `the page still shows ${after}`);
      }
      console.log(`      ${times.map(([what, value]) => `${what} ${value.toFixed(1)}`).join(", ")} (parts of a core; then seconds)`);
    } finally {
      release();
      await browser.close();
      await server.close();
    }
  });
}
