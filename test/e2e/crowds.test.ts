import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { startAttack } from "../helpers/attack.ts";
import { isOpensslMissing } from "../helpers/certificate.ts";
import { deliverCrowd } from "../helpers/crowd.ts";
import { startCaddy, startNginx } from "../helpers/proxy.ts";
import { startReceiver } from "../helpers/receiver.ts";

setDefaultTimeout(60_000);

/** 100 MB each were all stored too; these take less time. */
const megabytes = 20;
/** In place of the vendor's first address. */
const SENDER = "127.0.0.100";
const ATTACK_STANDS_MS = 1_500;

const proxies = [
  { name: "nginx", start: startNginx },
  { name: "caddy", start: startCaddy },
];

describe("100 transcripts and eight recordings at once from one address are all stored", () => {
  test("beside 3,000 bodies that stand still, from other addresses", async () => {
    const receiver = await startReceiver();
    const attack = { kind: "slow-body", connectionCount: 3_000, addressCount: 8, seconds: 10 };
    const ended = startAttack(receiver.port, attack);
    await Bun.sleep(ATTACK_STANDS_MS);
    expect(await deliverCrowd(receiver.port, { megabytes, localAddress: SENDER })).toEqual([200]);
    await ended;
    await receiver.stop();
  });

  for (const { name, start } of proxies) {
    const isMissing = Bun.which(name) === null || isOpensslMissing;
    if (isMissing) console.warn(`SKIPPED: many deliveries behind ${name}: no ${name} or no openssl`);

    test.skipIf(isMissing).each([
      ["that TRUSTED_PROXIES names", { TRUSTED_PROXIES: "127.0.0.1" }],
      ["that nobody named", {}],
    ])(`behind ${name} %s`, async (_, environment) => {
      const receiver = await startReceiver({ environment });
      const proxy = await start({ receiverPort: receiver.port, senders: [SENDER] });
      const options = { megabytes, isTls: true, localAddress: SENDER };
      expect(await deliverCrowd(proxy.port, options)).toEqual([200]);
      await proxy.stop();
      await receiver.stop();
    });
  }
});

test("an attack that can't be told from good deliveries leaves the process alive, and the log names the remedy", async () => {
  const receiver = await startReceiver();
  await startAttack(receiver.port, {
    kind: "slow-body",
    connectionCount: 3_000,
    addressCount: 1,
    seconds: 5,
  });
  expect(await deliverCrowd(receiver.port, { megabytes: 1, localAddress: "127.0.0.2" })).toEqual([200]);
  expect(receiver.output()).toMatch(/code=overloaded .*ALLOWED_SOURCES=elevenlabs, and TRUSTED_PROXIES/);
  await receiver.stop();
});
