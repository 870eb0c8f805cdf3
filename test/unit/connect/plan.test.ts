import { describe, expect, test } from "bun:test";
import { markOf, nameFor, noConnection } from "../../../src/connect/connection.ts";
import type { ConnectionRecord, OwnWebhook } from "../../../src/connect/connection.ts";
import { planEnable } from "../../../src/connect/plan-enable.ts";
import { planFinish } from "../../../src/connect/plan-finish.ts";
import { planConnection } from "../../../src/connect/plan.ts";
import { requestsOf } from "../../../src/connect/steps.ts";
import type { Known, ConnectPlan } from "../../../src/connect/steps.ts";
import type { RestSettings, RestWebhook } from "../../../src/vendor/rest/port.ts";

const URL = "https://hooks.example.com/webhook";
const ALL = ["transcript", "audio", "call_initiation_failure"];
const wishes = { url: URL, isRotation: false, mayReplace: false };
const NONCES = ["1".repeat(16), "2".repeat(16), "3".repeat(16)] as const;

const settingsNaming = (postCallWebhookId: string | null, events: string[] = ALL): RestSettings => ({
  value: {},
  postCallWebhookId,
  events,
  transcriptFormat: "json",
  excludeTranscript: false,
});

const webhook = (webhookId: string, more: Partial<RestWebhook> = {}): RestWebhook => ({
  webhookId,
  name: "receiver",
  url: URL,
  isDisabled: false,
  isAutoDisabled: false,
  createdAt: 1793620800,
  authType: "hmac",
  usages: [],
  lastFailureStatus: null,
  lastFailureAt: null,
  ...more,
});

const own = (webhookId: string, nonce: string = NONCES[0], more: Partial<OwnWebhook> = {}): OwnWebhook => ({
  webhook_id: webhookId,
  nonce,
  mark: markOf(webhookId, `secret of ${webhookId}`),
  url: URL,
  created_at: 1793620800,
  has_retries: true,
  is_handed_over: false,
  ...more,
});

function known(more: Partial<Known> = {}): Known {
  return {
    settings: settingsNaming(null, []),
    webhooks: [],
    connection: noConnection,
    secrets: [],
    secretFile: "/etc/secret",
    reload: "service",
    nowSeconds: 1793620800 + 86_400,
    ...more,
  };
}

const remembering = (...webhooks: OwnWebhook[]): ConnectionRecord => ({ ...noConnection, webhooks });

/** `subject verb` of each line. */
function linesOf(plan: ConnectPlan): string[] {
  if (plan.kind === "refused") return [`refused: ${plan.problem}`];
  return plan.steps.map(({ line }) => `${line.subject} ${line.verb}`);
}

const actionsOf = (plan: ConnectPlan) =>
  plan.kind === "refused" ? [] : plan.steps.flatMap(({ action }) => action?.kind ?? []);

const textsOf = (plan: ConnectPlan) =>
  plan.kind === "refused" ? plan.problem : plan.steps.map(({ line }) => line.text).join("\n");

describe("connect", () => {
  test("plans webhook, secret, reload and retries before the settings", () => {
    const plan = planConnection(known(), wishes);
    expect(actionsOf(plan)).toEqual(["create", "store secret", "reload", "retries", "settings"]);
    expect(linesOf(plan)).toEqual([
      "webhook create",
      "secret write",
      "receiver reload",
      "retries on",
      "settings change",
    ]);
    expect(textsOf(plan)).toContain("none -> this one; events + transcript, audio, call_initiation_failure");
    const requests = plan.kind === "plan" ? plan.steps.flatMap(({ action }) => requestsOf(action)) : [];
    expect(requests.map((request) => request.split(" ").slice(0, 2).join(" "))).toEqual([
      "POST /v1/workspace/webhooks",
      "PATCH /v1/workspace/webhooks/ID",
      "GET /v1/convai/settings",
      "PATCH /v1/convai/settings",
      "GET /v1/convai/settings",
    ]);
  });

  test("plans nothing if it is connected", () => {
    const plan = planConnection(
      known({
        settings: settingsNaming("wh_1", [...ALL, "unredacted_audio"]),
        webhooks: [webhook("wh_1", { usages: ["ConvAI Settings"] })],
        connection: remembering(own("wh_1")),
        secrets: ["secret of wh_1"],
      }),
      wishes,
    );
    expect([actionsOf(plan), linesOf(plan)]).toEqual([
      [],
      ["webhook ok", "secret ok", "retries ok", "settings ok"],
    ]);
  });

  test("goes on from a stored secret with a reload, since nobody knows whether there was one", () => {
    const plan = planConnection(
      known({
        webhooks: [webhook("wh_1")],
        connection: remembering(own("wh_1", NONCES[0], { has_retries: false })),
        secrets: ["other", "secret of wh_1"],
      }),
      wishes,
    );
    expect(actionsOf(plan)).toEqual(["reload", "retries", "settings"]);
  });

  test("switches on events that are missing, and keeps others", () => {
    const plan = planConnection(
      known({
        settings: settingsNaming("wh_1", ["transcript", "unredacted_audio"]),
        webhooks: [webhook("wh_1")],
        connection: remembering(own("wh_1")),
        secrets: ["secret of wh_1"],
      }),
      wishes,
    );
    expect(actionsOf(plan)).toEqual(["settings"]);
    expect(textsOf(plan)).toContain("this one; events + audio, call_initiation_failure");
  });

  test("refuses to replace somebody else's post-call webhook, unless it may", () => {
    const foreign = known({
      settings: settingsNaming("wh_9"),
      webhooks: [webhook("wh_9", { name: "CRM\u001b[31m" })],
    });
    const plan = planConnection(foreign, wishes);
    expect(linesOf(plan)).toEqual([
      `refused: The workspace's post-call webhook is "CRM?[31m" (wh_9), which connect has not made: give --replace to put another in its place`,
    ]);
    expect(planConnection(known({ settings: settingsNaming("wh_gone") }), wishes).kind).toBe("refused");
    const replacing = planConnection(foreign, { ...wishes, mayReplace: true });
    expect(replacing.kind === "plan" && replacing.steps.at(-2)?.action).toEqual({
      kind: "settings",
      before: "wh_9",
      replaced: "wh_9",
    });
  });

  test.each([
    ["is not used", webhook("wh_1", { name: nameFor(URL, NONCES[0]) }), null, "webhook delete"],
    [
      "is used",
      webhook("wh_1", { name: nameFor(URL, NONCES[0]), usages: ["ConvAI Agent Settings"] }),
      null,
      "webhook keep",
    ],
    [
      "may be used: the key does not see that",
      webhook("wh_1", { name: nameFor(URL, NONCES[0]), usages: null }),
      null,
      "webhook keep",
    ],
    ["is the post-call webhook", webhook("wh_1", { name: nameFor(URL, NONCES[0]) }), "wh_1", "webhook keep"],
  ])("of a webhook of ours whose secret nobody has and which %s", (_, lost, current, expected) => {
    const plan = planConnection(
      known({
        settings: settingsNaming(current),
        webhooks: [lost],
        connection: { ...noConnection, pending_nonces: [NONCES[0]] },
      }),
      wishes,
    );
    expect(linesOf(plan).slice(0, 2)).toEqual([expected, "webhook create"]);
  });

  test("never deletes a webhook whose nonce is not in our own state", () => {
    const stranger = webhook("wh_1", { name: nameFor(URL, NONCES[1]) });
    const state = { ...noConnection, pending_nonces: [NONCES[0]] };
    const plan = planConnection(known({ webhooks: [stranger], connection: state }), wishes);
    expect(actionsOf(plan)).not.toContain("delete");
  });

  test("deletes a webhook that a late answer has made beside the one in use", () => {
    const plan = planConnection(
      known({
        settings: settingsNaming("wh_1"),
        webhooks: [webhook("wh_1"), webhook("wh_2", { name: nameFor(URL, NONCES[0]) })],
        connection: remembering(own("wh_1")),
        secrets: ["secret of wh_1"],
      }),
      wishes,
    );
    expect(plan.kind === "plan" && plan.steps[0]?.action).toEqual({
      kind: "delete",
      webhookId: "wh_2",
      isHeld: false,
    });
    expect(actionsOf(plan)).toEqual(["delete"]);
  });

  test("makes another webhook for another address, and refuses a ninth secret", () => {
    const there = known({
      settings: settingsNaming("wh_1"),
      webhooks: [webhook("wh_1")],
      connection: remembering(own("wh_1")),
      secrets: ["secret of wh_1"],
    });
    const moved = { ...wishes, url: "https://other.example.com/webhook" };
    expect(actionsOf(planConnection(there, moved))).toContain("create");
    const full = { ...there, secrets: [...there.secrets, ..."abcdefg"] };
    expect(textsOf(planConnection(full, moved))).toContain("holds 8 secrets");
  });

  test("asks nothing of a webhook that is disabled, and does not enable it", () => {
    const plan = planConnection(
      known({
        settings: settingsNaming("wh_1", []),
        webhooks: [webhook("wh_1", { isAutoDisabled: true })],
        connection: remembering(own("wh_1", NONCES[0], { has_retries: false })),
        secrets: ["secret of wh_1"],
      }),
      wishes,
    );
    expect([actionsOf(plan), linesOf(plan)]).toEqual([[], ["webhook error", "secret ok"]]);
  });
});

describe("a receiver that is reloaded by hand", () => {
  const stored = known({
    reload: "by hand",
    webhooks: [webhook("wh_1")],
    connection: remembering(own("wh_1", NONCES[0], { has_retries: false })),
    secrets: ["secret of wh_1"],
  });

  test("gets the secret before the settings name the webhook", () => {
    expect(actionsOf(planConnection(known({ reload: "by hand" }), wishes))).toEqual([
      "create",
      "store secret",
      "hand over",
    ]);
    expect(actionsOf(planConnection(stored, wishes))).toEqual(["hand over"]);
  });

  test("is connected by the next run", () => {
    const told = remembering(own("wh_1", NONCES[0], { has_retries: false, is_handed_over: true }));
    expect(actionsOf(planConnection({ ...stored, connection: told }, wishes))).toEqual([
      "retries",
      "settings",
    ]);
  });
});

describe("a rotation", () => {
  const before = known({
    settings: settingsNaming("wh_1"),
    webhooks: [webhook("wh_1")],
    connection: remembering(own("wh_1")),
    secrets: ["secret of wh_1"],
  });
  const during = known({
    settings: settingsNaming("wh_1"),
    webhooks: [webhook("wh_1"), webhook("wh_2")],
    connection: remembering(own("wh_1"), own("wh_2", NONCES[1])),
    secrets: ["secret of wh_1", "secret of wh_2"],
  });
  const after = { ...during, settings: settingsNaming("wh_2") };
  const rotate = { ...wishes, isRotation: true };

  test("makes a second webhook; run again, it goes on with that one", () => {
    expect(actionsOf(planConnection(before, rotate))).toContain("create");
    for (const wish of [rotate, wishes]) {
      const plan = planConnection(during, wish);
      expect(plan.kind === "plan" && plan.webhookId).toBe("wh_2");
      expect(actionsOf(plan)).toEqual(["reload", "settings"]);
    }
  });

  test("has to be finished before the next", () => {
    expect(textsOf(planConnection(after, rotate))).toContain("run connect --finish, then --rotate");
    expect(actionsOf(planConnection(after, wishes))).toEqual([]);
    expect(textsOf(planConnection(after, wishes))).toContain("run connect --finish");
    expect(textsOf(planConnection(before, wishes))).not.toContain("run connect --finish");
  });

  test("is finished: the old webhook is deleted, then its secret", () => {
    const plan = planFinish(after);
    expect(actionsOf(plan)).toEqual(["delete", "keep secrets", "reload", "forget"]);
    const kept = plan.kind === "plan" && plan.steps.find(({ action }) => action?.kind === "keep secrets");
    expect(kept && kept.action).toEqual({ kind: "keep secrets", secrets: ["secret of wh_2"] });
  });

  test.each([
    ["an agent uses", webhook("wh_1", { usages: ["ConvAI Agent Settings"] })],
    ["may be used, as far as the key sees", webhook("wh_1", { usages: null })],
  ])("keeps an old webhook that %s, and its secret", (_, old) => {
    const plan = planFinish({ ...after, webhooks: [old, webhook("wh_2")] });
    expect([actionsOf(plan), linesOf(plan)]).toEqual([[], ["webhook keep"]]);
  });

  test("is not finished while the settings name the old webhook", () => {
    expect(planFinish(during).kind).toBe("refused");
    expect(planFinish(known()).kind).toBe("refused");
  });

  test("is finished with a warning while ElevenLabs may retry with the old signature", () => {
    const early = planFinish({ ...after, nowSeconds: 1793620800 + 60 });
    expect(linesOf(early)[0]).toBe("rotation note");
    expect(actionsOf(early)).toEqual(actionsOf(planFinish(after)));
    expect(textsOf(planFinish(after))).not.toContain("45 minutes");
  });

  test("keeps a stranger's secret that is in use, and remembers whose it is", () => {
    const foreign = webhook("wh_9", { usages: ["ConvAI Agent Settings"] });
    const connection = { ...after.connection, replaced: ["wh_9"] };
    const secrets = ["of wh_9", ...after.secrets];
    const plan = planFinish({ ...after, webhooks: [...after.webhooks, foreign], connection, secrets });
    const actions = plan.kind === "plan" ? plan.steps.flatMap(({ action }) => action ?? []) : [];
    expect(actions.find(({ kind }) => kind === "keep secrets")).toMatchObject({
      secrets: ["of wh_9", "secret of wh_2"],
    });
    expect(actions.at(-1)).toEqual({ kind: "forget", webhookIds: ["wh_1"], replaced: ["wh_9"] });
  });

  test("forgets the secret of an old webhook that somebody has deleted", () => {
    const plan = planFinish({ ...after, webhooks: [webhook("wh_2")] });
    expect(actionsOf(plan)).toEqual(["keep secrets", "reload", "forget"]);
  });
});

describe("finishing a replacement", () => {
  const replaced = known({
    settings: settingsNaming("wh_1"),
    webhooks: [webhook("wh_1"), webhook("wh_9", { name: "by hand" })],
    connection: { ...remembering(own("wh_1")), replaced: ["wh_9"] },
    secrets: ["of wh_9", "secret of wh_1"],
  });
  const secretsAfter = (plan: ConnectPlan) => {
    const step = plan.kind === "plan" && plan.steps.find(({ action }) => action?.kind === "keep secrets");
    return step && step.action;
  };

  test("removes the only other secret, and leaves the webhook to its owner", () => {
    const plan = planFinish(replaced);
    expect(actionsOf(plan)).toEqual(["keep secrets", "reload", "forget"]);
    expect(secretsAfter(plan)).toEqual({ kind: "keep secrets", secrets: ["secret of wh_1"] });
    expect(textsOf(plan)).toContain('"by hand", which connect has not made');
  });

  test("keeps the secret while an agent uses the old webhook, or the key does not see it", () => {
    for (const usages of [["ConvAI Agent Settings"], null]) {
      const webhooks = [webhook("wh_1"), webhook("wh_9", { usages })];
      expect(actionsOf(planFinish({ ...replaced, webhooks }))).toEqual([]);
    }
  });

  test("keeps secrets that it can't tell apart, and those that nothing was replaced for", () => {
    expect(actionsOf(planFinish({ ...replaced, secrets: ["a", "b", "secret of wh_1"] }))).toEqual([]);
    const connection = remembering(own("wh_1"));
    expect(actionsOf(planFinish({ ...replaced, connection }))).toEqual([]);
  });
});

describe("enabling", () => {
  test("is for the post-call webhook of this receiver only", () => {
    const disabled = webhook("wh_1", { isAutoDisabled: true });
    const there = known({ settings: settingsNaming("wh_1"), webhooks: [disabled] });
    expect(actionsOf(planEnable(there, URL))).toEqual(["enable"]);
    expect(textsOf(planEnable(there, URL))).toContain("static request headers");
    expect(planEnable(there, "https://other.example.com/webhook").kind).toBe("refused");
    expect(planEnable(known(), URL).kind).toBe("refused");
    expect(actionsOf(planEnable({ ...there, webhooks: [webhook("wh_1")] }, URL))).toEqual([]);
  });
});
