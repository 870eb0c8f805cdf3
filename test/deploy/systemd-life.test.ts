import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { canTraceFor, inject } from "../helpers/strace.ts";
import { canBoot } from "./machine.ts";
import { DATABASE, freshMachine } from "./service.ts";

setDefaultTimeout(120_000);

const WATCHDOG_SECONDS = 2;

describe.skipIf(!canBoot("the life of the systemd service"))("the service", () => {
  let machine: Awaited<ReturnType<typeof freshMachine>>;
  let isStored = 0;
  beforeAll(async () => {
    machine = await freshMachine();
    expect(machine.install("--secret-file secret").status).toBe(0);
    machine.dropIn(`[Service]\nWatchdogSec=${WATCHDOG_SECONDS}\n`);
  });
  afterAll(() => machine.stop());
  beforeEach(() => {
    expect(machine.restartWith("")).toBe(0);
    machine.get("systemctl reset-failed elevenlabs-webhook");
  });

  const processId = () => Number(machine.property("MainPID"));
  const untilStatus = (text: string) =>
    machine.until(`systemctl show -P StatusText elevenlabs-webhook | grep -qF '${text}'`);
  const untilRestarted = (id: number) =>
    machine.until(
      `id=$(systemctl show -P MainPID elevenlabs-webhook); [ $id -ne ${id} ] && [ $id -ne 0 ] && systemctl is-active -q elevenlabs-webhook`,
    );
  const send = () => {
    expect(machine.send()).toBe(0);
    isStored += 1;
  };
  const expectAllStored = () =>
    expect(machine.query("SELECT count(*) FROM events").stdout).toBe(`${isStored}\n`);

  test("tells how it is", async () => {
    expect(machine.property("StatusText")).toBe(
      "Receiving on http://127.0.0.1:3004; 0 events stored since the start",
    );
    send();
    await untilStatus("; 1 events stored since the start");
  });

  test.each(["KILL", "SEGV"])(
    "is back after SIG%s, with everything that it had acknowledged",
    async (signal) => {
      send();
      const id = processId();
      machine.get(`kill -${signal} ${id}`);
      await untilRestarted(id);
      expectAllStored();
    },
  );

  test("is back after a hang", async () => {
    const id = processId();
    machine.get(`kill -STOP ${id}`);
    await untilRestarted(id);
    expect(machine.get("journalctl -u elevenlabs-webhook -o cat")).toContain("Watchdog timeout");
    send();
    expectAllStored();
  });

  test("on a low disk says so, and is not restarted for it", async () => {
    expect(machine.restartWith("MIN_FREE_DISK_BYTES=1024GiB\n")).toBe(0);
    const id = processId();
    await untilStatus("NOT RECEIVING on http://127.0.0.1:3004: disk_low");
    expect(machine.send()).toBe(1);
    await Bun.sleep(WATCHDOG_SECONDS * 2_000);
    expect([processId(), machine.property("NRestarts")]).toEqual([id, "0"]);
  });

  const isTraced = canTraceFor("a failing disk under systemd");
  test.skipIf(!isTraced)(
    "on a disk that fails says so, is not restarted for it, and receives again by itself",
    async () => {
      const id = processId();
      const release = await inject(machine.processIdHere(id), "fsync,fdatasync", "error=EIO");
      expect(machine.send()).toBe(1);
      await untilStatus("NOT RECEIVING on http://127.0.0.1:3004: storage_failed");
      await Bun.sleep(WATCHDOG_SECONDS * 2_000);
      expect([processId(), machine.property("NRestarts")]).toEqual([id, "0"]);
      await release();
      await untilStatus("Receiving on");
      send();
      expectAllStored();
    },
  );

  test.each([
    ["a faulty configuration", "LOG_LEVEL=LOUD\n", "true", "78"],
    ["no secret", "", "mv /etc/elevenlabs-webhook/secret /root/moved", "243"],
  ])("with %s does not start, and does not try again and again", async (_, environment, prepare, status) => {
    machine.get(prepare);
    expect(machine.restartWith(environment)).toBe(1);
    await Bun.sleep(2_500);
    machine.run("mv /root/moved /etc/elevenlabs-webhook/secret");
    expect(machine.property("ActiveState")).toBe("failed");
    expect([machine.property("ExecMainStatus"), machine.property("NRestarts")]).toEqual([status, "0"]);
  });

  test("says in the journal how bad each line is", async () => {
    machine.run(
      "/root/elevenlabs-webhook send --sample failure --invalid --url http://127.0.0.1:3004/webhook --secret x",
    );
    const untilLine = (priority: number, text: string) =>
      machine.until(
        `journalctl -u elevenlabs-webhook -o cat -p ${priority}..${priority} | grep -q '${text}'`,
      );
    await untilLine(6, "^INFO    elevenlabs-webhook [0-9]");
    await untilLine(4, "^WARNING .*signature_mismatch");
    expect(machine.restartWith("LOG_LEVEL=LOUD\n")).toBe(1);
    await untilLine(3, 'LOG_LEVEL: "LOUD" is not one of');
  });

  test("does not obey what would make the runtime run other code", () => {
    expect(machine.restartWith("BUN_BE_BUN=1\nBUN_OPTIONS=--preload=/tmp/x.js\n")).toBe(0);
    send();
  });

  test("finishes at a stop what is in flight", async () => {
    const id = processId();
    machine.get(halfADelivery);
    machine.get("systemctl stop --no-block elevenlabs-webhook");
    await untilStatus("Stopping: finishing what is in flight");
    machine.get("touch /tmp/go-on");
    await machine.until("grep -q . /tmp/answer");
    expect(machine.get("cat /tmp/answer")).toStartWith("HTTP/1.1 200 OK");
    isStored += 1;
    await machine.until("systemctl show -P ActiveState elevenlabs-webhook | grep -qx inactive");
    expect([machine.property("Result"), machine.run(`kill -0 ${id}`).status]).toEqual(["success", 1]);
    expectAllStored();
  });

  test("lets root read its database while it runs and while it does not, and starts again afterwards", () => {
    send();
    expectAllStored();
    machine.get("systemctl stop elevenlabs-webhook");
    expectAllStored();
    const owners = machine.get("stat -c %u /var/lib/private/elevenlabs-webhook/* | sort -u");
    expect(Number(owners)).toBeGreaterThan(60_000);
    machine.get("systemctl start elevenlabs-webhook");
    send();
    expectAllStored();
  });

  test("lets root make a copy for others while it runs", () => {
    machine.get(
      `sqlite3 'file:${DATABASE}?mode=ro' "VACUUM INTO '/tmp/copy.sqlite'" && chmod 644 /tmp/copy.sqlite`,
    );
    const asOther = "setpriv --reuid=nobody --clear-groups sqlite3";
    expect(machine.get(`${asOther} /tmp/copy.sqlite 'SELECT count(*) FROM events'`)).toBe(String(isStored));
    expect(machine.run(`${asOther} '${DATABASE}' 'SELECT 1 FROM events'`).status).not.toBe(0);
  });
});

/** Sends all but the end of a delivery, and the rest once /tmp/go-on is there; what is answered goes to /tmp/answer. */
const halfADelivery = `
cd /tmp
printf '{"type":"post_call_transcription","event_timestamp":%s,"data":{"conversation_id":"conv_%s"}}' $(date +%s) $$ > body
header=$(ELEVENLABS_WEBHOOK_SECRET_FILE=/root/secret /root/elevenlabs-webhook sign body)
size=$(stat -c %s body)
cat > client <<'END'
exec 3<>/dev/tcp/127.0.0.1/3004
printf 'POST /webhook HTTP/1.1\\r\\nHost: localhost\\r\\nElevenLabs-Signature: %s\\r\\nContent-Length: %s\\r\\n\\r\\n' "$1" "$2" >&3
head -c 20 body >&3
touch begun
until [ -e go-on ]; do sleep 0.05; done
tail -c +21 body >&3
head -n 1 <&3 > answer
END
setsid bash client "$header" "$size" > /dev/null 2>&1 < /dev/null &
until [ -e begun ]; do sleep 0.05; done
sleep 0.5
`;
