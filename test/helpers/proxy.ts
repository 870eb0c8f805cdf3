import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vendorAddresses } from "../../src/vendor/addresses.ts";
import { makeCertificate } from "./certificate.ts";
import { programPath } from "./means.ts";
import { freePort } from "./ports.ts";

const START_MS_MAX = 10_000;
const STOP_MS_MAX = 5_000;
const UPSTREAM = "127.0.0.1:3004";
const HOST = "webhooks.example.com";

/** A file of scripts/deploy as it is shipped. */
function shippedFile(name: string): string {
  return readFileSync(join(import.meta.dir, "../../scripts/deploy", name), "utf8");
}

/** What is put into a shipped file in place of what an operator would. */
export type ProxyOptions = {
  receiverPort: number;
  /** Addresses in place of the vendor's, in their order. */
  senders?: readonly string[];
  /** Below /elevenlabs/ instead of at the root. */
  isBelowPath?: boolean;
};

/** A proxy that runs from a shipped file, in a folder of its own. */
export type Proxy = Awaited<ReturnType<typeof startNginx>>;

/** Starts nginx with scripts/deploy/nginx.conf. */
export async function startNginx(options: ProxyOptions) {
  const { folder, port, certificate } = await prepare();
  const site = withSenders(shippedFile("nginx.conf"), options)
    .replace(UPSTREAM, `127.0.0.1:${options.receiverPort}`)
    .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
    .replace(/ +listen \[::\]:443 ssl;\n/, "")
    .replace(/(ssl_certificate) [^;]+/, `$1 ${certificate.certFile}`)
    .replace(/(ssl_certificate_key) [^;]+/, `$1 ${certificate.keyFile}`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  writeFileSync(join(folder, "site.conf"), options.isBelowPath === true ? belowPath(site) : site);
  writeFileSync(
    join(folder, "nginx.conf"),
    [
      // As root it would change to another user, whom our folders are closed to.
      ...(process.getuid?.() === 0 ? ["user root;"] : []),
      `daemon off; pid ${folder}/pid; worker_processes 1; events {}`,
      `http { access_log off; ${temporary.map((name) => `${name}_temp_path ${folder}/spool/${name};`).join(" ")}`,
      `include ${folder}/site.conf; }\n`,
    ].join("\n"),
  );
  const args = [
    programPath("nginx") ?? "nginx",
    "-p",
    folder,
    "-c",
    join(folder, "nginx.conf"),
    "-e",
    "stderr",
  ];
  return startProxy(args, { folder, port });
}

/** Starts Caddy with scripts/deploy/Caddyfile, and a certificate that is there instead of one that it would fetch. */
export async function startCaddy(options: ProxyOptions): Promise<Proxy> {
  const { folder, port, certificate } = await prepare();
  const file = withSenders(shippedFile("Caddyfile"), options)
    .replace(UPSTREAM, `127.0.0.1:${options.receiverPort}`)
    .replace(
      `\n${HOST} {\n`,
      `\nhttps://:${port} {\n\tbind 127.0.0.1\n\ttls ${certificate.certFile} ${certificate.keyFile}\n`,
    );
  const site =
    options.isBelowPath === true ? belowPath(file.replace(/\n\timport elevenlabs_webhook\n/, "\n")) : file;
  const global = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n";
  writeFileSync(join(folder, "Caddyfile"), `${global}${site}`);
  const args = ["caddy", "run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"];
  return startProxy(args, { folder, port });
}

async function prepare() {
  const folder = mkdtempSync(join(tmpdir(), "proxy-"));
  mkdirSync(join(folder, "spool"));
  return { folder, port: await freePort(), certificate: makeCertificate(folder) };
}

function withSenders(file: string, { senders = [] }: ProxyOptions): string {
  return senders.reduce(
    (text, sender, index) => text.replaceAll(vendorAddresses.at(index) ?? "?", sender),
    file,
  );
}

/** Takes away the marks before the part for a path, and nginx's part for the root. */
function belowPath(file: string): string {
  const [before = "", after = ""] = file.split(/^.*# Below a path.*$/m);
  return before.replace(/ {2}location [^]*$/, "") + after.replace(/^(\s+)# /gm, "$1");
}

async function startProxy(args: string[], { folder, port }: { folder: string; port: number }) {
  const child = Bun.spawn(args, {
    env: { PATH: process.env.PATH ?? "", HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdout: "ignore",
    stderr: Bun.file(join(folder, "log")),
  });
  const log = () => readFileSync(join(folder, "log"), "utf8");
  const deadlineMs = performance.now() + START_MS_MAX;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      child.kill("SIGKILL");
      throw new Error(`${args.join(" ")} does not answer: ${log()}`);
    }
    await Bun.sleep(20);
  }
  return {
    port,
    url: `https://127.0.0.1:${port}`,
    log,
    /** The files in which it keeps bodies that it does not stream. */
    spooled: () =>
      readdirSync(join(folder, "spool"), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name),
    /** The most memory that its processes have used so far, in bytes. */
    peakMemoryBytes: () => processes(child.pid).reduce((sum, pid) => sum + peakBytes(pid), 0),
    async stop(): Promise<void> {
      child.kill("SIGTERM");
      // Caddy waits without end for a request that is not finished.
      await Promise.race([child.exited, Bun.sleep(STOP_MS_MAX)]);
      child.kill("SIGKILL");
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(port: number): Promise<boolean> {
  try {
    await fetch(`https://127.0.0.1:${port}/health`, { tls: { rejectUnauthorized: false } });
    return true;
  } catch {
    return false;
  }
}

/** A process and its children. */
function processes(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return [
    pid,
    ...children
      .split(" ")
      .filter((text) => text !== "")
      .map(Number),
  ];
}

function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}
