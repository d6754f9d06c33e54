// A night under attack, on a site of its own that is inside an incident: signatures held and let go, the limit raised, held
// people asked by mail, what they answer decided. NIGHT_STORE is its store; scripts/test starts it.

import { execFileSync } from "node:child_process";
import { code, password } from "./desk.mjs";
import { check, fill, inspect, link, open, person, settings, until } from "./harness.mjs";

const { base } = settings;
const desk = `${base}/desk`;
const sizes = [["fr", 390], ["en", 1280], ["fr", 1280], ["en", 390]];

/// A day passes for the budgets of mail: nobody gets two about one petition in one.
function tomorrow() {
  const statement = "import sqlite3, sys; s = sqlite3.connect(sys.argv[1], timeout=20); s.execute('DELETE FROM mail_sent'); s.commit()";
  execFileSync("python3", ["-c", statement, process.env.NIGHT_STORE]);
}

/// Run in a page: how far the last of the numbers ends from the edge of them all, in pixels.
function unfilled() {
  const right = (element) => element.getBoundingClientRect().right;
  return right(document.querySelector(".numbers")) - right(document.querySelector(".numbers > div:last-child"));
}

async function signed(browser) {
  const page = await open(browser, { lang: "fr", width: 390 });
  const somebody = person();
  await page.goto(`${base}/p/${settings.petition}?lang=fr`);
  await fill(page, somebody);
  await page.click("form.sign button[type=submit]");
  await page.waitForURL("**/check-mail*", { timeout: 40_000 });
  await page.goto(base + (await link(somebody.email, "confirm")));
  await page.click("form[action*='/confirm/'] >> nth=0 >> button");
  await page.waitForSelector("#receipt", { state: "attached" });
  await page.context().close();
  return somebody;
}

async function operator(browser) {
  const page = await open(browser, { lang: "fr", width: 390 });
  await page.goto(`${settings.link}?lang=fr`);
  const key = await page.textContent(".spelled");
  await page.fill("#name", "Maëlle Le Goff");
  await page.fill("#password", password);
  await page.fill("#code", code(key));
  await page.click("main button[type=submit]");
  check((await page.locator(".recovery li").count()) === 10, "in");
  return page.context().cookies();
}

export function nightTests(test) {
  test("night: held, let go, asked, answered, decided", async (browser) => {
    const people = [await signed(browser), await signed(browser)];
    const cookies = await operator(browser);
    const inside = async (how) => {
      const page = await open(browser, how);
      await page.context().addCookies(cookies);
      return page;
    };
    const page = await inside({ lang: "fr", width: 390, script: false });
    await page.goto(`${desk}/incident?lang=fr`);
    check((await page.textContent("main")).includes("ne attaque est en cours"), "the alarm is on");
    await inspect(page, "night-room");
    await page.click("form[action*='/acknowledge'] button");
    check((await page.locator("main textarea, main input[type=text]").count()) === 0, "what loads itself again has no field");
    await page.click("a[href*='/incident/log']");
    await inspect(page, "night-log");
    await page.fill("#text", "   ");
    await page.click("form[action*='/incident/log'] button");
    check((await page.getAttribute("#text", "aria-invalid")) === "true", "a blank line is said beside its field");
    await inspect(page, "night-log-wrong");
    await page.fill("#text", "Réveillée à 3 h.");
    await page.click("form[action*='/incident/log'] button");
    check((await page.textContent("#live-shift")).includes("Réveillée"), "written down");
    check((await page.locator(".axes").count()) === 1, "writing a line in an incident starts its clocks");
    const hold = async () => {
      await page.goto(`${desk}/incident/decide?lang=fr`);
      await page.fill("#from", "2020-01-01T00:00");
      await page.click("button[value=preview]");
      check((await page.locator("#would").count()) === 1, "people are meant");
      await inspect(page, "night-preview");
      check((await page.evaluate(unfilled)) < 2, "the numbers leave no empty cell");
      await page.fill("#note", "Se ressemblent");
      await page.click("button[value=judge]");
    };
    await hold();
    await inspect(page, "night-held");
    await page.click("form[action*='/undo'] button");
    check((await page.textContent("[role=status]")).includes("défaite"), "taken back");
    await hold();
    // With script the room follows, and leaves what somebody is at as it is.
    const watched = await inside({ lang: "fr", width: 390 });
    await watched.goto(`${desk}/incident?lang=fr`);
    const lines = async () => (await watched.textContent("#live-shift")).split("Vu du bureau").length - 1;
    await watched.focus("#live-findings form[action*='/undo'] button");
    const undone = () => watched.evaluate(() => document.activeElement.form?.elements.verdict?.value);
    const verdict = await undone();
    for (let line = 1; line <= 4; line++) {
      await page.goto(`${desk}/incident/log?lang=fr`);
      await page.fill("#text", `Vu du bureau, ${line}`);
      await page.click("form[action*='/incident/log'] button");
      await until("the other's line", 20, async () => (await lines()) === line);
      if (line === 3) await watched.evaluate(() => document.getElementById("earlier-lines").setAttribute("open", ""));
    }
    check(await watched.evaluate(() => document.getElementById("earlier-lines").open), "what was opened stays open");
    check((await undone()) === verdict && verdict, "the focus stays on the same verdict");
    const depth = await watched.evaluate(() => document.querySelector("#shift").getBoundingClientRect().top + scrollY);
    check(depth < 4000, `the shift log is ${Math.round(depth)} px down`);
    await inspect(watched, "night-watched");
    await watched.context().close();
    // The limit: raised for a while, and back.
    const secret = await page.inputValue("form[action*='/incident/clock'] input[name=secret]");
    const form = { secret, incident: "1", to: "20000", do: "raise" };
    const raised = await page.request.post(`${desk}/incident/cap?lang=fr`, { form, headers: { origin: base }, maxRedirects: 0 });
    check(raised.status() === 303, `raised: ${raised.status()}`);
    await page.goto(`${desk}/incident?lang=fr`);
    await inspect(page, "night-limit");
    await page.click(".limit button[value=lower]");
    check((await page.textContent("[role=status]")).includes("de nouveau en vigueur"), "set back");
    // What does not fit is said beside its field, and kept.
    for (const [lang, width] of sizes) {
      const wrong = await inside({ lang, width });
      await wrong.goto(`${desk}/incident/statement?lang=${lang}`);
      await wrong.fill("#set_aside", "n° 362");
      await wrong.fill("#before", "?");
      await wrong.fill("#after", "34 000");
      await wrong.click("main form button[type=submit]");
      check((await wrong.locator("[aria-invalid=true]").count()) === 2, "two numbers are none");
      check((await wrong.inputValue("#set_aside")) === "n° 362", "what was typed is kept");
      await inspect(wrong, "night-statement-wrong");
      await wrong.goto(`${desk}/incident/decide?lang=${lang}`);
      await wrong.fill("#verdict", "n° 9999");
      await wrong.click("button[value=preview]");
      check((await wrong.getAttribute("#verdict", "aria-invalid")) === "true", "there is no such verdict");
      await inspect(wrong, "night-decide-wrong");
      await wrong.goto(`${desk}/incident/line?lang=${lang}`);
      check((await wrong.getAttribute("a[href^='tel:']", "href")) === "tel:+33199001234", "one press calls the host");
      await inspect(wrong, "night-line");
      await wrong.goto(`${desk}/audit?lang=${lang}`);
      await inspect(wrong, "night-register");
      await wrong.context().close();
    }
    // The second way.
    tomorrow();
    await until("the hold is in the incident's story", 20, async () => {
      await page.goto(`${desk}/incidents/1?lang=fr`);
      return (await page.textContent("#live-story ol")).split("retenues").length > 2;
    });
    await page.click("form[action*='/second-way'] button[value=preview]");
    await inspect(page, "night-ask");
    await page.click("button[value=ask]");
    check((await page.textContent("[role=status]")).includes("partent"), "they leave");
    const path = await link(people[0].email, "second-way");
    await link(people[1].email, "second-way");
    for (const [lang, width] of sizes) {
      const held = await open(browser, { lang, width });
      await held.goto(`${base}${path.split("?")[0]}?lang=${lang}`);
      check((await held.textContent("main")).includes(people[0].name), "shows what was entered");
      await inspect(held, "second-way");
      await held.context().close();
    }
    const held = await open(browser, { lang: "fr", width: 390, script: false });
    await held.goto(base + path);
    await held.click("main form button");
    await inspect(held, "second-way-answered");
    await page.goto(`${desk}/incidents/1?lang=fr`);
    check((await page.textContent("main")).includes("Une réponse, dont"), "it waits for a person");
    await inspect(page, "night-answers");
    await page.click("form[action*='/decide'] button[name=apart][value='']");
    await inspect(page, "night-answers-preview");
    await page.fill("#note", "Vérifié");
    await page.click("button[value=judge]");
    await page.goto(`${desk}/incidents/1?lang=fr`);
    check((await page.locator("form[action*='/decide'] button[name=apart]").count()) === 0, "decided");
    for (const [lang, width] of sizes) {
      const other = await inside({ lang, width });
      for (const [name, where] of [["incident", "incidents/1"], ["incidents", "incidents"], ["room", "incident"], ["line", "incident/line"]]) {
        await other.goto(`${desk}/${where}?lang=${lang}`);
        await inspect(other, `night-after-${name}`);
      }
      await other.context().close();
    }
    await page.goto(`${desk}/incident/statement?lang=fr`);
    await page.fill("#set_aside", "12000");
    await page.fill("#before", "34000");
    await page.fill("#unknown", "Si cela recommencera.");
    await page.click("main button[type=submit]");
    check((await page.locator("blockquote").count()) > 1, "a statement in each language");
    await inspect(page, "night-statement");
  });
}
