import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";

/** Screenshots of the last run, for people to look at: see docs/development.md. */
const SHOTS = join(import.meta.dir, "../../dist/screenshots");
const AXE = join(import.meta.dir, "../../node_modules/axe-core/axe.min.js");
const WAIT_MS_MAX = 20_000;
/** WCAG 2.2, levels A and AA. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

export const sizes = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
  narrow: { width: 320, height: 640 },
  /** A desktop's window at 200 %. */
  zoomed: { width: 720, height: 450 },
} as const;

/** Shows the token, as a person does. */
export async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("navigation").first().waitFor();
}

/** Goes to an address of the page as a link would, and waits until all that it asked for is there. */
export async function goTo(page: Page, address: string): Promise<void> {
  await page.evaluate(`(async () => {
    if (location.hash === ${JSON.stringify(address)}) return;
    const isChanged = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
    location.hash = ${JSON.stringify(address)};
    await isChanged;
  })()`);
  await drawn(page);
  await settled(page);
}

/** Waits until something is so. Asked from outside: the page's policy lets nothing be evaluated inside. */
export async function until(page: Page, what: string): Promise<void> {
  for (
    const startedMs = performance.now();
    performance.now() - startedMs < WAIT_MS_MAX;
    await Bun.sleep(15)
  ) {
    if (await page.evaluate<boolean>(what)) return;
  }
  throw new Error(`this did not come true: ${what}`);
}

const FRAMES = 3;

/**
 * Waits until the page has drawn what it knows, and listens. After a frame the view's effects run, among them those that listen
 * to keys and measure widths; what they change is drawn in the next.
 */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    for (let frame = 0; frame < ${FRAMES}; frame += 1) {
      await new Promise(requestAnimationFrame);
      await new Promise((resolve) => setTimeout(resolve));
    }
  })()`);
}

/** Waits until nothing on the page is a placeholder, what is there listens, and nothing moves. */
export async function settled(page: Page): Promise<void> {
  await until(
    page,
    `document.querySelector("main") !== null && document.querySelector(".skeleton, [aria-busy=true]") === null`,
  );
  await drawn(page);
  await page.evaluate(
    "Promise.all(document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity).map((one) => one.finished.catch(() => null)))",
  );
}

type AxeResult = { violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[] };

/** What WCAG 2.2 AA says against what is shown, as far as a program can tell. */
export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(readFileSync(AXE, "utf8"));
  const options = JSON.stringify({ runOnly: RULES, resultTypes: ["violations"] });
  const { violations: found } = await page.evaluate<AxeResult>(`axe.run(document, ${options})`);
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
  );
}

/** By how many pixels the page is wider than its window. */
export async function tooWide(page: Page): Promise<number> {
  return await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
}

export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
