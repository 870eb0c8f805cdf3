import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { hasMeans } from "../helpers/means.ts";
import { canBoot } from "./machine.ts";
import { freshMachine } from "./service.ts";

setDefaultTimeout(120_000);

const NAME = "elevenlabs-webhook";
const WATCHDOG_SECONDS = 2;

describe.skipIf(!canBoot("a reload under systemd"))("systemctl reload", () => {
  let machine: Awaited<ReturnType<typeof freshMachine>>;
  beforeAll(async () => {
    machine = await freshMachine();
    expect(machine.install("--secret-file secret").status).toBe(0);
    machine.dropIn(`[Service]\nWatchdogSec=${WATCHDOG_SECONDS}\n`);
    machine.get(`systemctl restart ${NAME}`);
  });
  afterAll(() => machine.stop());

  const processId = () => Number(machine.property("MainPID"));
  const reload = () => machine.run(`systemctl reload ${NAME}`);
  const untilAlone = () => machine.until(`[ $(pgrep -xc -f '/usr/local/bin/${NAME} serve.*') -eq 1 ]`);
  const setting = (text: string) => writeFileSync(machine.path(`/etc/${NAME}/environment`), text);

  /** Begins a reload, whose status goes to /tmp/reloaded, and waits until the new process receives beside the old one. */
  async function untilBothReceive(): Promise<void> {
    const news = `journalctl -u ${NAME} -o cat --cursor-file /tmp/cursor`;
    machine.get(`${news} > /dev/null`);
    machine.get(
      `setsid sh -c 'systemctl reload ${NAME}; echo $? > /tmp/reloaded' > /dev/null 2>&1 < /dev/null &`,
    );
    await machine.until(`${news} | grep 'is ready and takes over'`);
  }

  test("makes the new process the main one, which is watched and not restarted", async () => {
    const before = processId();
    expect(reload().status).toBe(0);
    expect(processId()).not.toBe(before);
    await untilAlone();
    await Bun.sleep(WATCHDOG_SECONDS * 2_000);
    expect([machine.property("NRestarts"), machine.property("ActiveState")]).toEqual(["0", "active"]);
    expect(machine.send()).toBe(0);
    const journal = machine.get(`journalctl -u ${NAME} -o cat`);
    // What systemd says of a main process that it can't watch, and of messages of others.
    expect(journal).not.toMatch(/not our child|reception only permitted/);
  });

  test("says nothing that is worse than a notice", async () => {
    machine.get("journalctl --sync; date +%s > /tmp/since; sleep 1");
    expect(reload().status).toBe(0);
    await untilAlone();
    const journal = (priority: string) =>
      machine.get(
        `journalctl --sync; journalctl -q -u ${NAME} -o cat -p ${priority} --since @$(cat /tmp/since)`,
      );
    expect(journal("warning")).toBe("");
    expect(journal("info")).toContain("has taken over");
    // Nor is any of it dropped.
    expect(machine.property("LogRateLimitIntervalUSec")).toBe("0");
  });

  test("of a process that ends before the old one has left fails, and the old one goes on as the main one", async () => {
    const before = processId();
    const restarts = machine.property("NRestarts");
    machine.get("rm -f /tmp/reloaded");
    await untilBothReceive();
    const successor = machine.get(`pgrep -x -f '/usr/local/bin/${NAME} serve.*' | grep -vx ${before}`);
    machine.get(`kill -KILL ${successor}`);
    await machine.until("[ -s /tmp/reloaded ]");
    expect(machine.get("cat /tmp/reloaded")).toBe("1");
    expect([processId(), machine.property("NRestarts")]).toEqual([before, restarts]);
    expect(machine.property("ActiveState")).toBe("active");
    expect(machine.send()).toBe(0);
    // The watch goes on, too.
    await Bun.sleep(WATCHDOG_SECONDS * 2_000);
    expect([processId(), machine.property("NRestarts")]).toEqual([before, restarts]);
    expect(reload().status).toBe(0);
    await untilAlone();
  });

  test("leaves a stop during the handover that waits for what both have in flight", async () => {
    const folders = ["/tmp/old", "/tmp/new"];
    machine.get(halfADelivery("/tmp/old"));
    await untilBothReceive();
    machine.get(halfADelivery("/tmp/new"));
    machine.get(`systemctl stop --no-block ${NAME}`);
    await machine.until(`systemctl show -P StatusText ${NAME} | grep -q Stopping`);
    for (const folder of folders) machine.get(`touch ${folder}/go-on`);
    for (const folder of folders) {
      await machine.until(`grep -q . ${folder}/answer`);
      expect(machine.get(`cat ${folder}/answer`)).toStartWith("HTTP/1.1 200 OK");
    }
    await machine.until(`systemctl show -P ActiveState ${NAME} | grep -qx inactive`);
    expect(machine.property("Result")).toBe("success");
    expect(machine.run(`pgrep ${NAME}`).status).toBe(1);
    machine.get(`systemctl start ${NAME}`);
  });

  test("takes up a changed secret and a changed environment file", async () => {
    machine.get("cp -p /root/secret /root/secret.before");
    writeFileSync(machine.path(`/etc/${NAME}/secret`), `wsec_${"e".repeat(64)}\n`);
    setting("ELEVENLABS_WEBHOOK_PORT=3005\n");
    expect(reload().status).toBe(0);
    expect(machine.send(3005)).toBe(1);
    machine.get(`cp /etc/${NAME}/secret /root/secret`);
    expect(machine.send(3005)).toBe(0);
    expect(machine.get(`find /run/${NAME} -type f -perm /077`)).toBe("");
    // The old secret again, by way of fresh credentials that are replaced by fresh ones.
    machine.get(`cp /root/secret.before /etc/${NAME}/secret; cp /root/secret.before /root/secret`);
    setting("");
    expect(reload().status).toBe(0);
    expect(machine.send()).toBe(0);
    await untilAlone();
  });

  test("fails where the new process does not come up, says why, and the old one goes on", () => {
    const before = processId();
    setting("LOG_LEVEL=LOUD\n");
    expect(reload().status).toBe(1);
    expect(processId()).toBe(before);
    expect(machine.send()).toBe(0);
    const journal = machine.get(`journalctl -u ${NAME} -o cat -p err`);
    expect(journal).toContain('this instance goes on: the configuration has faults: LOG_LEVEL: "LOUD"');
    setting("");
  });

  test("starts the executable that is there now", async () => {
    machine.get(`mv /usr/local/bin/${NAME} /root/before && cp -p /root/before /usr/local/bin/${NAME}`);
    expect(reload().status).toBe(0);
    const inode = machine.get(`stat -c %i /usr/local/bin/${NAME}`);
    expect(machine.get(`stat -Lc %i /proc/${processId()}/exe`)).toBe(inode);
    await untilAlone();
  });

  test("loses no request, several times under load", () => {
    const send =
      `env ELEVENLABS_WEBHOOK_SECRET_FILE=/root/secret /usr/local/bin/${NAME} send --sample transcription ` +
      "--count 20000 --concurrency 8 --url http://127.0.0.1:3004/webhook";
    const { status, stdout } = machine.run(
      `${send} > /tmp/sent 2>&1 & sent=$!; for i in 1 2 3; do systemctl reload ${NAME} || exit 9; done; wait $sent; status=$?; cat /tmp/sent; exit $status`,
    );
    expect([status, stdout]).toEqual([0, expect.stringMatching(/200 OK +20,000\n/)]);
  });

  test("leaves a stop that waits for what is in flight in the process before", async () => {
    machine.get(halfADelivery("/tmp/half"));
    expect(reload().status).toBe(0);
    machine.get(`systemctl stop --no-block ${NAME}`);
    await machine.until(`systemctl show -P StatusText ${NAME} | grep -q Stopping`);
    machine.get("touch /tmp/half/go-on");
    await machine.until("grep -q . /tmp/half/answer");
    expect(machine.get("cat /tmp/half/answer")).toStartWith("HTTP/1.1 200 OK");
    await machine.until(`systemctl show -P ActiveState ${NAME} | grep -qx inactive`);
    expect(machine.property("Result")).toBe("success");
    expect(machine.run(`pgrep ${NAME}`).status).toBe(1);
  });
});

const hasMachineWithTls =
  canBoot("a renewed certificate under systemd") && hasMeans("a renewed certificate", "openssl");

test.skipIf(!hasMachineWithTls)("a reload takes up a renewed certificate, on port 443", async () => {
  const machine = await freshMachine();
  const inNetwork = (pid: number, script: string) =>
    Bun.spawnSync(["nsenter", `--target=${pid}`, "--net", "sh", "-c", script]).stdout.toString();
  const issue = (name: string) => {
    const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
    const files = ["-keyout", machine.path("/root/key.pem"), "-out", machine.path("/root/chain.pem")];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    expect(
      Bun.spawnSync(["openssl", "req", "-x509", "-days", "90", ...key, ...names, ...files]).exitCode,
    ).toBe(0);
  };
  const shown = () => {
    const pid = machine.processIdHere(Number(machine.property("MainPID")));
    return inNetwork(pid, "openssl s_client -connect 127.0.0.1:443 < /dev/null 2> /dev/null | grep ^subject");
  };
  issue("one.example");
  const tls = "--public --tls-cert-file /root/chain.pem --tls-key-file /root/key.pem";
  expect(machine.install(`--secret-file secret ${tls}`)).toMatchObject({ status: 0 });
  expect(shown()).toContain("one.example");
  issue("two.example");
  // Twice: the second one finds the credentials where the first has put them.
  for (const _ of [1, 2]) expect(machine.run(`systemctl reload ${NAME}`).status).toBe(0);
  expect(shown()).toContain("two.example");
  await machine.stop();
});

/** Sends all but the end of a delivery, and the rest once `go-on` is in the folder; what is answered goes to `answer`. */
const halfADelivery = (folder: string) => `
mkdir ${folder}
cd ${folder}
printf '{"type":"post_call_transcription","event_timestamp":1,"data":{"conversation_id":"conv_half"}}' > body
header=$(ELEVENLABS_WEBHOOK_SECRET_FILE=/root/secret /root/elevenlabs-webhook sign body)
cat > client <<'END'
exec 3<>/dev/tcp/127.0.0.1/3004
printf 'POST /webhook HTTP/1.1\\r\\nHost: localhost\\r\\nElevenLabs-Signature: %s\\r\\nContent-Length: %s\\r\\n\\r\\n' "$1" "$2" >&3
head -c 20 body >&3
touch begun
until [ -e go-on ]; do sleep 0.05; done
tail -c +21 body >&3
head -n 1 <&3 > answer
END
setsid bash client "$header" "$(stat -c %s body)" > /dev/null 2>&1 < /dev/null &
until [ -e begun ]; do sleep 0.05; done
sleep 0.5
`;
