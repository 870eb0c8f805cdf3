import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate, openssl } from "./certificate.ts";
import type { PostgresServer } from "./postgres.ts";

/** The server's user, whom its files have to belong to. */
function own(...paths: string[]): void {
  Bun.spawnSync(["chown", "postgres:postgres", ...paths]);
}

async function reload(server: PostgresServer): Promise<void> {
  await server.query("SELECT pg_reload_conf()");
  // It tells its processes, and answers before they have heard.
  await Bun.sleep(300);
}

/** Has connections from this machine show a password as a new user. Returns the address for the right one. */
export async function requirePassword(
  server: PostgresServer,
  databaseUrl: string,
  password: string,
): Promise<string> {
  const user = "with_password";
  await server.query(`CREATE ROLE ${user} SUPERUSER LOGIN PASSWORD '${password}'`);
  const file = join(server.folder, "data/pg_hba.conf");
  writeFileSync(file, `host all ${user} 127.0.0.1/32 scram-sha-256\n${readFileSync(file, "utf8")}`);
  await reload(server);
  const url = new URL(databaseUrl);
  url.username = user;
  url.password = password;
  return url.href;
}

/** Has the server speak TLS with a certificate for "localhost" that it has signed itself. Returns its file. */
export async function useCertificate(server: PostgresServer, { isExpired = false } = {}): Promise<string> {
  const { certFile, keyFile, folder } = makeCertificate(
    mkdtempSync(join(tmpdir(), "postgres-tls-")),
    "localhost",
  );
  if (isExpired) signAsExpired(folder, certFile, keyFile);
  const [cert, key] = [join(server.folder, "data/server.crt"), join(server.folder, "data/server.key")];
  copyFileSync(certFile, cert);
  copyFileSync(keyFile, key);
  chmodSync(key, 0o600);
  own(cert, key);
  await server.query("ALTER SYSTEM SET ssl = on");
  await reload(server);
  return certFile;
}

/** Replaces a certificate by one for the same key that was good in January 2020. */
function signAsExpired(folder: string, certFile: string, keyFile: string): void {
  const request = join(folder, "request.pem");
  const config = join(folder, "ca.cnf");
  const sections = [
    "[ca]\ndefault_ca = own\n[own]",
    `database = ${folder}/index\nserial = ${folder}/serial\nnew_certs_dir = ${folder}`,
    "default_md = sha256\npolicy = any\nx509_extensions = names",
    "[any]\ncommonName = supplied\n[names]\nsubjectAltName = DNS:localhost\n",
  ];
  writeFileSync(config, sections.join("\n"));
  writeFileSync(join(folder, "index"), "");
  writeFileSync(join(folder, "serial"), "01\n");
  openssl("req", "-new", "-key", keyFile, "-out", request, "-subj", "/CN=localhost");
  const dates = ["-startdate", "20200101000000Z", "-enddate", "20200131000000Z"];
  const how = ["-batch", "-selfsign", "-notext", "-config", config, "-keyfile", keyFile, ...dates];
  openssl("ca", ...how, "-in", request, "-out", certFile);
}

/** Whether the server takes writes. */
export async function setReadOnly(server: PostgresServer, isReadOnly: boolean): Promise<void> {
  await server.query(`ALTER SYSTEM SET default_transaction_read_only = ${isReadOnly ? "on" : "off"}`);
  await reload(server);
}

/**
 * A database on a disk of its own, which a test can fill. `unmount` has to follow.
 *
 * @returns null without the right to mount, which is said loudly
 */
export async function createDatabaseOnSmallDisk(server: PostgresServer, megabytes: number) {
  const disk = join(server.folder, "small-disk");
  mkdirSync(disk);
  const mount = ["mount", "-t", "tmpfs", "-o", `size=${megabytes}m,mode=0777`, "tmpfs", disk];
  if (!Bun.spawnSync(mount).success) {
    console.warn("SKIPPED: a full disk of Postgres: no right to mount");
    return null;
  }
  const place = join(disk, "space");
  mkdirSync(place);
  own(place);
  await server.query(`CREATE TABLESPACE small LOCATION '${place}'`);
  await server.query("CREATE DATABASE small TABLESPACE small");
  const filling = join(disk, "filling");
  return {
    url: server.url("small"),
    /** Leaves nothing free. */
    fill: () => void Bun.spawnSync(["dd", "if=/dev/zero", `of=${filling}`, "bs=64k"], { stderr: "ignore" }),
    empty: () => void Bun.spawnSync(["rm", "-f", filling]),
    unmount: () => void Bun.spawnSync(["umount", "--lazy", disk]),
  };
}
