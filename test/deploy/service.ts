import { copyFileSync, writeFileSync } from "node:fs";
import { SECRET } from "../helpers/deliveries.ts";
import { EXECUTABLE } from "../helpers/receiver.ts";
import { bootMachine } from "./machine.ts";
import type { Machine } from "./machine.ts";

const NAME = "elevenlabs-webhook";
export const DATABASE = `/var/lib/${NAME}/transcripts.sqlite`;

/** A fresh machine with the executable and the secret in /root, as if just copied there; nothing is installed. */
export async function freshMachine() {
  const machine = await bootMachine();
  copyFileSync(EXECUTABLE, machine.path(`/root/${NAME}`));
  writeFileSync(machine.path("/root/secret"), `${SECRET}\n`);
  return { ...machine, ...serviceOn(machine) };
}

function serviceOn(machine: Machine) {
  return {
    install: (...args: string[]) => machine.run(`cd /root && ./${NAME} service install ${args.join(" ")}`),

    /** A property of the unit. */
    property: (name: string) => machine.get(`systemctl show --property=${name} --value ${NAME}`),

    /** Delivers a sample event and returns the exit status. */
    send: (port = 3004) =>
      machine.run(
        `env ELEVENLABS_WEBHOOK_SECRET_FILE=/root/secret /usr/local/bin/${NAME} send --sample transcription ` +
          `--url http://127.0.0.1:${port}/webhook`,
      ).status,

    /** What the query answers, asked as the documents say. */
    query: (sql: string) => machine.run(`sqlite3 'file:${DATABASE}?mode=ro' "${sql}"`),

    /** Has the unit differ from the shipped one. */
    dropIn(text: string): void {
      machine.get(`mkdir -p /etc/systemd/system/${NAME}.service.d`);
      writeFileSync(machine.path(`/etc/systemd/system/${NAME}.service.d/test.conf`), text);
      machine.get("systemctl daemon-reload");
    },

    /** Writes the environment file and starts the service anew, whether it then runs or not. */
    restartWith(environment: string) {
      writeFileSync(machine.path(`/etc/${NAME}/environment`), environment);
      return machine.run(`systemctl restart ${NAME}`).status;
    },
  };
}
