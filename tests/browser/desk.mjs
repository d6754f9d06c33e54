// The desk: from the link of the first operator to a petition that is published and closed, and the incident room.

import { createHmac } from "node:crypto";
import { check, inspect, open, settings } from "./harness.mjs";

const { base } = settings;
const desk = `${base}/desk`;
const password = "correct horse battery staple";
const sizes = [["fr", 390], ["en", 1280], ["fr", 1280], ["en", 390]];

/// The code of an authenticator app (RFC 6238): key as shown, steps of 30 seconds from now.
function code(key, later = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...key.replaceAll(" ", "")].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const secret = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

let key;
let cookies;

/// For who goes through a night on a site of its own.
export { code, password };

/// A page of somebody who is logged in.
async function inside(browser, how) {
  const page = await open(browser, how);
  await page.context().addCookies(cookies);
  return page;
}

export function deskTests(test) {
  test("desk: the first link makes the operator", async (browser) => {
    check(settings.link, "DESK_LINK is not set");
    for (const [lang, width] of sizes.slice(1)) {
      const page = await open(browser, { lang, width });
      await page.goto(`${settings.link}?lang=${lang}`);
      await inspect(page, "desk-join");
    }
    const page = await open(browser, { lang: "fr", width: 390, script: true });
    await page.goto(`${settings.link}?lang=fr`);
    await inspect(page, "desk-join");
    key = await page.textContent(".spelled");
    await page.fill("#name", "Maëlle Le Goff");
    await page.fill("#password", password);
    await page.fill("#code", "000000");
    await page.click("main button[type=submit]");
    check((await page.textContent("#code-problem")).length > 0, "a wrong code is said beside its field");
    await inspect(page, "desk-join-wrong");
    await page.fill("#password", password);
    await page.fill("#code", code(key));
    await page.click("main button[type=submit]");
    check((await page.locator(".recovery li").count()) === 10, "ten recovery codes");
    await inspect(page, "desk-codes");
    await page.click("main a.button");
    await inspect(page, "desk-empty");
    cookies = await page.context().cookies();
    const again = await open(browser, { lang: "en" });
    const answer = await again.goto(`${settings.link}?lang=en`);
    check(answer.status() === 404, `the link opens again: ${answer.status()}`);
    await inspect(again, "desk-link-used");
  });

  test("desk: log in without script, log out", async (browser) => {
    for (const [lang, width] of sizes) {
      const page = await open(browser, { lang, width });
      await page.goto(`${desk}/login?lang=${lang}`);
      await inspect(page, "desk-login");
    }
    const page = await open(browser, { lang: "en", width: 390, script: false });
    await page.goto(`${desk}?lang=en`);
    check(page.url().includes("/desk/login"), `sent to ${page.url()}`);
    const log = async (name) => {
      await page.fill("#name", name);
      await page.fill("#password", password);
      await page.fill("#code", code(key, 1));
      await page.click("main button[type=submit]");
    };
    await log("Nobody at all");
    check((await page.textContent("[role=alert]")).includes("not right"), "refused in words");
    await inspect(page, "desk-login-wrong");
    await log("maëlle le goff");
    check(page.url().endsWith("/desk?lang=en"), `in: ${page.url()}`);
    await page.click(".rooms button");
    check((await page.textContent("[role=status]")).includes("logged out"), "logged out");
  });

  test("desk: a passkey is made, opens the desk alone, and is removed", async (browser) => {
    check(new URL(base).hostname === "localhost", "browsers have passkeys for names: site.base_url and BASE_URL are http://localhost:PORT");
    for (const [lang, width, name] of [["fr", 390, "téléphone"], ["en", 1280, "office computer"]]) {
      const page = await inside(browser, { lang, width, script: true });
      const device = await page.context().newCDPSession(page);
      await device.send("WebAuthn.enable");
      const { authenticatorId } = await device.send("WebAuthn.addVirtualAuthenticator", {
        options: {
          protocol: "ctap2",
          transport: "internal",
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      });
      await page.goto(`${desk}/account?lang=${lang}`);
      await inspect(page, "desk-account-passkeys");
      await page.fill("#passkey-name", name);
      await page.fill("#old-for-passkey", password);
      await page.click("[data-passkey=make] button");
      await page.waitForURL("**/account?*done=passkey*");
      check((await page.textContent(".entries:has(form[action*='/passkeys/remove'])")).includes(name), "the passkey is listed by its name");
      await inspect(page, "desk-passkey-added");
      // The same device cannot make a second one.
      await page.fill("#passkey-name", "again");
      await page.fill("#old-for-passkey", password);
      await page.click("[data-passkey=make] button");
      await page.waitForSelector("[data-failed]:not([hidden])");

      await page.context().clearCookies();
      await page.goto(`${desk}/login?lang=${lang}`);
      await inspect(page, "desk-login-passkey");
      await page.click("[data-passkey=use] button");
      await page.waitForSelector("nav.rooms");

      // A device that does not know who holds it opens nothing.
      await device.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
      await page.context().clearCookies();
      await page.goto(`${desk}/login?lang=${lang}`);
      await page.click("[data-passkey=use] button");
      await page.waitForSelector("[data-failed]:not([hidden])");
      await inspect(page, "desk-passkey-failed");
      await device.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
      await page.click("[data-passkey=use] button");
      await page.waitForSelector("nav.rooms");
      await page.goto(`${desk}/account?lang=${lang}`);
      await page.click("form[action*='/passkeys/remove'] button");
      await page.waitForURL("**/account?*done=passkey-removed*");
      check((await page.locator("form[action*='/passkeys/remove']").count()) === 0, "a removed passkey is gone");
      await page.context().clearCookies();
      await page.goto(`${desk}/login?lang=${lang}`);
      await page.click("[data-passkey=use] button");
      await page.waitForSelector(".notice.wrong:not([hidden])");
      check((await page.locator("nav.rooms").count()) === 0, "a removed passkey opens nothing");
      await page.context().close();
    }
    const plain = await open(browser, { lang: "fr", script: false });
    await plain.goto(`${desk}/login`);
    check(!(await plain.isVisible("[data-passkey]")), "without script there are password and code");
  });

  test("desk: a petition from draft to close", async (browser) => {
    const page = await inside(browser, { lang: "fr", width: 390 });
    await page.goto(`${desk}/petitions/new?lang=fr`);
    await page.fill("#title", "Garder l’école du quai");
    await page.fill("#slug", "Pas Une Adresse");
    await page.fill("#owner", "Parents du quai");
    await page.fill("#body", "L’école du quai ferme en juin.\n\n## Pourquoi\n\n- elle est <pleine>\n- elle est belle");
    await page.click("button[value=save]");
    await inspect(page, "desk-edit-wrong");
    await page.fill("#slug", "ecole-du-quai");
    await page.click("button[value=preview]");
    check((await page.textContent(".preview")).includes("elle est <pleine>"), "the preview shows what was typed");
    await inspect(page, "desk-edit-preview");
    await page.click("button[value=save]");
    await page.click("form[action*='/submit'] button");
    for (const [lang, width] of sizes) {
      const other = await inside(browser, { lang, width });
      for (const [name, path] of [["home", ""], ["petition", "/petitions/ecole-du-quai"], ["edit", "/petitions/ecole-du-quai/edit"], ["members", "/members"], ["account", "/account"], ["mail", "/mail"], ["audit", "/audit"]]) {
        await other.goto(`${desk}${path}?lang=${lang}`);
        await inspect(other, `desk-${name}`);
      }
      await other.context().close();
    }
    await page.goto(`${desk}/petitions/ecole-du-quai?lang=fr`);
    await page.click("form[action*='/publish'] button");
    await inspect(page, "desk-published");
    const visitor = await open(browser, { lang: "fr", width: 390 });
    for (let look = 0; look < 50; look += 1) {
      const answer = await visitor.goto(`${base}/p/ecole-du-quai`);
      if (answer.status() === 200) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    check((await visitor.textContent("h1")).includes("Garder l’école"), "published");
    await page.click("a[href*='/update']");
    await page.fill("#title", "Le conseil se réunit");
    await page.fill("#body", "Lundi à dix-huit heures.");
    await page.click("button[value=preview]");
    await inspect(page, "desk-update");
    await page.click("button[value=save]");
    await page.click("a[href*='/close']");
    await inspect(page, "desk-close");
    await page.check("#sure");
    await page.click("main button[type=submit]");
    await inspect(page, "desk-closed");
    for (let look = 0; look < 50; look += 1) {
      await visitor.goto(`${base}/p/ecole-du-quai`);
      if ((await visitor.locator("form.sign").count()) === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    check((await visitor.locator("form.sign").count()) === 0, "nobody can sign any more");
  });

  test("desk: a night in the incident room", async (browser) => {
    for (const [lang, width] of sizes) {
      const page = await inside(browser, { lang, width });
      for (const [name, path] of [["room", "incident"], ["incidents", "incidents"], ["line", "incident/line"], ["statement", "incident/statement"], ["decide", "incident/decide"]]) {
        await page.goto(`${desk}/${path}?lang=${lang}`);
        await inspect(page, `desk-${name}`);
      }
      await page.context().close();
    }
    const page = await inside(browser, { lang: "fr", width: 390 });
    await page.goto(`${desk}/incident?lang=fr`);
    check((await page.locator(".lamp").count()) === 3, "three lamps");
    await page.click("a[href*='/incident/log']");
    await page.fill("#text", "Réveillée à 3 h. Rien d’anormal à l’écran.");
    await page.click("form[action*='/incident/log'] button");
    await page.click("form[action*='/incident/clock'] button");
    check((await page.locator(".axes").count()) === 1, "the clocks run");
    await page.goto(`${desk}/incident/statement?lang=fr`);
    await page.fill("#set_aside", "12000");
    await page.fill("#before", "34000");
    await page.fill("#unknown", "Cela venait de 203.0.113.7.");
    await page.click("main button[type=submit]");
    check((await page.locator("blockquote").count()) === 0, "an address is refused");
    await inspect(page, "desk-statement-refused");
    await page.fill("#unknown", "Orange est la couleur de ce matin.");
    await page.click("main button[type=submit]");
    check((await page.locator("blockquote").count()) === 0, "a word that is a network's name, too, is asked about");
    await inspect(page, "desk-statement-asked");
    await page.check("#no_names");
    await page.click("main button[type=submit]");
    check((await page.locator("blockquote").count()) > 1, "its author says that it names no network");
    await page.fill("#unknown", "Si cela recommencera.");
    await page.check("#complaint");
    await page.click("main button[type=submit]");
    check((await page.locator("blockquote").count()) > 1, "a statement in each language");
    await inspect(page, "desk-statement-made");
    // Without script: the same, and it asks again by itself.
    const plain = await inside(browser, { lang: "en", width: 390, script: false });
    await plain.goto(`${desk}/incident?lang=en`);
    check((await plain.locator("meta[http-equiv=refresh]").count()) === 1, "asks again without script");
    await plain.click("a[href*='/incident/log']");
    await plain.fill("#text", "Written without script.");
    await plain.click("form[action*='/incident/log'] button");
    check((await plain.textContent("main")).includes("Written without script."), "written without script");
  });

  test("desk: an invitation, shown once", async (browser) => {
    const page = await inside(browser, { lang: "en", width: 390 });
    await page.goto(`${desk}/members?lang=en`);
    await page.selectOption("#role", "moderator");
    await page.click("form[action*='/invite'] button");
    check((await page.inputValue("#made")).includes("/desk/join/"), "a link");
    await inspect(page, "desk-invited");
  });
}
